// How sure a frame is: several seeds of its label map, and where they differ. What the map decides is dark, what the generator
// makes up is bright.

import { requestDraft } from "./draft_request.js";
import { Newest } from "../../common/newest.js";

export const SEEDS = 8;
export const TIMES = 4; // how much brighter than the deviation in grey levels

export class SeedSpread {
  constructor(link, editor, settings, generation) {
    this.link = link;
    this.editor = editor;
    this.settings = settings;
    this.generation = generation;
    this.of = null; // the page that was asked for last
    this.newest = new Newest((page) => this.measure(page), (spread) => this.show(spread), (problem) => editor.say(problem.message));
  }

  /** Measure a page, once. */
  want(page) {
    if (!page || page === this.of) return;
    this.of = page;
    this.newest.request(page);
  }

  async measure(page) {
    const { width, height } = page;
    const { spacing } = this.editor.document;
    const seed = BigInt(this.settings.values.seed || 0);
    const total = new Deviation(width * height);
    for (let k = 0; k < SEEDS && page === this.of; k++) {
      const values = { ...this.settings.values, seed: String(seed + BigInt(k)) };
      const bitmap = await requestDraft(this.link, { ids: page.ids, width, height, spacing }, values, this.generation.source());
      if (bitmap) total.add(greys(bitmap, width, height));
    }
    return { page, bitmap: painted(total.values(), width, height), width, height };
  }

  show({ page, bitmap, width, height }) {
    if (page !== this.of) return;
    this.editor.result.spread = { of: page, bitmap, width, height, paths: page.paths };
    this.editor.result.changed();
  }
}

/** The standard deviation of each pixel over pictures that are added one by one. */
export class Deviation {
  constructor(size) {
    this.count = 0;
    this.sum = new Float64Array(size);
    this.squares = new Float64Array(size);
  }

  add(picture) {
    this.count += 1;
    for (let i = 0; i < picture.length; i++) {
      this.sum[i] += picture[i];
      this.squares[i] += picture[i] ** 2;
    }
  }

  /** Grey levels. */
  values() {
    const { count, squares } = this;
    return this.sum.map((sum, i) => Math.sqrt(Math.max(0, squares[i] / count - (sum / count) ** 2)));
  }
}

function greys(bitmap, width, height) {
  const context = new OffscreenCanvas(width, height).getContext("2d");
  context.drawImage(bitmap, 0, 0, width, height);
  const { data } = context.getImageData(0, 0, width, height);
  return Uint8ClampedArray.from({ length: width * height }, (_, i) => data[4 * i]);
}

/** From black over orange to white. */
function painted(values, width, height) {
  const canvas = Object.assign(document.createElement("canvas"), { width, height });
  const context = canvas.getContext("2d");
  const image = context.createImageData(width, height);
  values.forEach((value, i) => image.data.set([TIMES * value * 1.6, TIMES * value * 0.9, TIMES * value * 0.45, 255], 4 * i));
  context.putImageData(image, 0, 0);
  return canvas;
}
