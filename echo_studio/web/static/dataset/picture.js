// A sample in full size on a canvas, with the borders of its labels if they are outlined. Clips beat, all of them in step.

import { LABEL } from "../canvas/document/document.js";
import { make } from "../common/dom.js";
import { labelColours } from "../common/label_colours.js";
import { bitmapOf, readMap } from "../common/link.js";
import { unpacked } from "../common/packed.js";
import { isClip } from "./words.js";

export class Picture {
  /** `display` says whether pixels are shown as their spacing says. */
  constructor(label, display) {
    this.display = display;
    this.canvas = make("canvas", { className: "ds-full", label });
    this.canvas.setAttribute("role", "img");
    this.turn = 0;
    this.spacing = "";
  }

  /** Show a sample; an older one that is still on its way is dropped. */
  async show(samples, number, outlined) {
    const turn = ++this.turn;
    const fetched = (what) => samples.link.request(`${samples.path}/samples/${number}/${what}`);
    const shown = isClip(samples.details.get(number)) ? clipOf(await unpacked(await fetched("clip"))) : await stillOf(fetched);
    if (turn !== this.turn) return;
    this.outlined = outlined;
    this.spacing = shown.spacing;
    if (shown.frames.length === 1 || matchMedia("(prefers-reduced-motion: reduce)").matches) this.draw(shown.frames[0]);
    else this.play(shown, turn);
  }

  /** By the clock alone, so that two clips keep step. */
  play({ frames, seconds = 1 }, turn) {
    const { canvas } = this;
    let last = -1;
    const step = (now) => {
      if (turn !== this.turn || (last >= 0 && !canvas.isConnected)) return;
      const k = Math.floor((now / 1000 / seconds) * frames.length) % frames.length;
      if (k !== last && (last < 0 || canvas.offsetParent)) {
        last = k;
        canvas.dataset.frame = k;
        this.draw(frames[k]);
      }
      requestAnimationFrame(step);
    };
    requestAnimationFrame(step);
  }

  /** The canvas keeps its pixels; the page shows them taller where their spacing says so. */
  shapePixels() {
    const { width, height, style } = this.canvas;
    style.aspectRatio = `${width} / ${height * this.display.aspectOf(this.spacing)}`;
  }

  draw({ image, map }) {
    const { canvas } = this;
    const { width, height } = image;
    if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
    const context = canvas.getContext("2d", { willReadFrequently: true });
    if (image instanceof ImageData) context.putImageData(image, 0, 0);
    else context.drawImage(image, 0, 0);
    this.shapePixels();
    if (this.outlined) outline(context, map);
  }
}

async function stillOf(fetched) {
  const [image, map] = await Promise.all([fetched("frame").then(bitmapOf), fetched("label-map").then(readMap)]);
  return { frames: [{ image, map }], spacing: map.spacing };
}

function clipOf({ header: { frames: count, width, height, seconds, spacing }, bytes }) {
  const size = width * height;
  const frames = Array.from({ length: count }, (_, k) => {
    const image = new ImageData(width, height);
    const grey = bytes.subarray(k * size, (k + 1) * size);
    for (let i = 0; i < size; i += 1) image.data.fill(grey[i], 4 * i, 4 * i + 3);
    for (let i = 0; i < size; i += 1) image.data[4 * i + 3] = 255;
    return { image, map: { ids: bytes.subarray((count + k) * size, (count + k + 1) * size), width, height } };
  });
  return { frames, seconds, spacing };
}

/** Show the borders of the structures on a picture. */
function outline(context, { ids, width, height }) {
  const image = context.getImageData(0, 0, width, height);
  fillBorders(image.data, ids, width, height, labelColours());
  context.putImageData(image, 0, 0);
}

/** Write the colours of the structures' outermost pixels into RGBA `data`. */
export function fillBorders(data, ids, width, height, colours) {
  for (let y = 1; y < height - 1; y += 1) {
    for (let x = 1; x < width - 1; x += 1) {
      const at = y * width + x;
      const id = ids[at];
      if (id === LABEL.OUTSIDE || id === LABEL.SECTOR) continue;
      if (ids[at - 1] !== id || ids[at + 1] !== id || ids[at - width] !== id || ids[at + width] !== id) data.set(colours[id], 4 * at);
    }
  }
}
