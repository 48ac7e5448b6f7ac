// One heartbeat in the browser: grey levels and labels of every frame, as bytes. A label cycle has labels alone.

import { structureContours } from "../common/contours.js";
import { unpacked } from "../common/packed.js";
import { spacingOf } from "../common/pixel_shape.js";

export class Clip {
  /** `grey` is null for a label cycle; `ids` are the labels that guide it. */
  constructor({ frames, width, height, spacing, es, heart_rate: rate, volumes, unit, ef, notice = "" }, grey, ids) {
    this.frames = frames;
    this.width = width;
    this.height = height;
    this.spacing = spacing;
    this.es = es;
    this.rate = rate;
    this.volumes = volumes;
    this.unit = unit;
    this.ef = ef;
    this.edited = notice.startsWith("edited"); // a real frame that beats
    this.grey = grey;
    this.ids = ids;
    this.seconds = 60 / rate;
    this.outlines = new Map();
    this.known = null; // the frames that are there, of a clip on its way
    this.parts = 0;
  }

  static async ofCycle(reply) {
    const { header, bytes } = await unpacked(reply);
    return new Clip(header, null, bytes);
  }

  static async ofVideo(reply) {
    const { header, bytes } = await unpacked(reply);
    const size = header.frames * header.width * header.height;
    return new Clip(header, bytes.subarray(0, size), bytes.subarray(size));
  }

  /** A clip on its way: the first reply that has frames of it. */
  static async ofParts(reply) {
    const { header, bytes } = await unpacked(reply);
    const size = header.frames * header.width * header.height;
    const clip = new Clip({ ...header, volumes: [], unit: "", ef: null }, new Uint8Array(size), new Uint8Array(size));
    clip.known = new Set();
    clip.add(header, bytes);
    return clip;
  }

  /** More frames of a clip on its way; `parts` says how many parts there are so far. */
  add({ places, parts }, bytes) {
    const size = this.width * this.height;
    this.parts = parts;
    places.forEach((place, k) => {
      this.known.add(place);
      this.grey.set(bytes.subarray(k * size, (k + 1) * size), place * size);
    });
  }

  /** The frame to show for frame k: of a clip on its way the nearest one before it that is there; a beat is a circle. */
  present(k) {
    if (!this.known?.size) return k;
    for (let back = 0; back < this.frames; back++) {
      const place = (k - back + this.frames) % this.frames;
      if (this.known.has(place)) return place;
    }
    return k;
  }

  /** The frame at a phase of the beat, 0 to 1. */
  at(phase) {
    return Math.min(this.frames - 1, Math.floor(phase * this.frames));
  }

  labelsOf(k) {
    const size = this.width * this.height;
    return this.ids.subarray(k * size, (k + 1) * size);
  }

  greyOf(k) {
    const size = this.width * this.height;
    const place = this.present(k);
    return this.grey.subarray(place * size, (place + 1) * size);
  }

  /** [{label, path}] of the structures in a frame. */
  outline(k) {
    if (!this.outlines.has(k)) this.outlines.set(k, structureContours(this.labelsOf(k), this.width, this.height));
    return this.outlines.get(k);
  }

  /** Pixels of the left ventricle on the labels that guide the clip, in every frame. */
  get areas() {
    return Array.from({ length: this.frames }, (_, k) => {
      let pixels = 0;
      for (const id of this.labelsOf(k)) pixels += Number(id === 1);
      return pixels;
    });
  }

  /** [y, x] in mm, or null. */
  get spacingMm() {
    return spacingOf(this.spacing);
  }

  paintGrey(k, canvas) {
    paint(canvas, this, (data) => {
      const grey = this.greyOf(k);
      for (let i = 0, at = 0; i < grey.length; i++, at += 4) {
        data[at] = data[at + 1] = data[at + 2] = grey[i];
        data[at + 3] = 255;
      }
    });
  }

  /** The labels in the colours of the Edit tab; label 0 is clear, the sector faint where `faint` says so. */
  paintLabels(k, canvas, colours, faint) {
    paint(canvas, this, (data) => {
      const ids = this.labelsOf(k);
      for (let i = 0, at = 0; i < ids.length; i++, at += 4) {
        const id = ids[i];
        const [red, green, blue] = colours[id];
        data[at] = red;
        data[at + 1] = green;
        data[at + 2] = blue;
        data[at + 3] = id === 0 ? 0 : id === 4 ? faint : 255;
      }
    });
  }
}

export function paint(canvas, { width, height }, fill) {
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  const context = canvas.getContext("2d");
  const image = context.createImageData(width, height);
  fill(image.data);
  context.putImageData(image, 0, 0);
}
