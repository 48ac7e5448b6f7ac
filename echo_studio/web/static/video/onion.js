// Both keyframes as outlines over each other, and between them the labels of the frame that is shown.

import { labelColours } from "../common/label_colours.js";
import { placed } from "../common/pixel_shape.js";

const NOTHING = { width: 1, height: 1 };

export class Onion {
  /** `display` is the Edit tab's: how labels and pixels are shown. */
  constructor(canvas, display) {
    this.canvas = canvas;
    this.display = display;
    this.cycle = null;
    this.frame = 0;
    this.layer = document.createElement("canvas");
    new ResizeObserver(() => this.draw()).observe(canvas);
  }

  show(cycle) {
    this.cycle = cycle;
    this.draw();
  }

  move(phase) {
    const frame = this.cycle ? this.cycle.at(phase) : 0;
    if (frame === this.frame) return;
    this.frame = frame;
    this.draw();
  }

  draw() {
    const { canvas, cycle } = this;
    const place = fitted(canvas, cycle || NOTHING, this.display.aspectOf(cycle?.spacing));
    if (!cycle || !place) return;
    const { context, left, top, wide, high } = place;
    this.frame = Math.min(this.frame, cycle.frames - 1);
    cycle.paintLabels(this.frame, this.layer, labelColours(), 60);
    context.globalAlpha = 0.45;
    context.imageSmoothingEnabled = true;
    context.drawImage(this.layer, left, top, wide, high);
    context.globalAlpha = 1;
    const toPlace = new DOMMatrix([wide / cycle.width, 0, 0, high / cycle.height, left, top]);
    const style = getComputedStyle(canvas);
    for (const [frame, colour, dash] of [[cycle.es, style.getPropertyValue("--es"), [4, 3]], [0, style.getPropertyValue("--ed"), []]]) {
      context.lineWidth = 1.4;
      context.setLineDash(dash);
      context.strokeStyle = colour;
      for (const { path } of cycle.outline(frame)) {
        const outline = new Path2D();
        outline.addPath(path, toPlace);
        context.stroke(outline);
      }
    }
  }
}

/**
 * Size a canvas for its place and clear it: its context, and where a picture lies in its middle (see `placed`); null where it
 * is not seen. `aspect` is how much taller than wide the picture's pixels are.
 */
export function fitted(canvas, size, aspect) {
  const { clientWidth, clientHeight } = canvas;
  if (!clientWidth || !clientHeight) return null;
  const ratio = window.devicePixelRatio || 1;
  const [wide, high] = [Math.round(clientWidth * ratio), Math.round(clientHeight * ratio)];
  if (canvas.width !== wide || canvas.height !== high) Object.assign(canvas, { width: wide, height: high });
  const context = canvas.getContext("2d");
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, clientWidth, clientHeight);
  return { context, ...placed(size, aspect, clientWidth, clientHeight) };
}
