// The label maps of a comparison: for headings, and to know where the sector is.

import { labelColours } from "../common/label_colours.js";
import { readMap } from "../common/link.js";
import { placed } from "../common/pixel_shape.js";

const THUMB = 56; // CSS pixels

export class Guides {
  constructor(link) {
    this.link = link;
    this.maps = new Map(); // name: promise of {ids, sector, width, height, spacing}
    this.ready = new Map(); // name: what has arrived
  }

  clear() {
    this.maps.clear();
    this.ready.clear();
  }

  /** The label map of a cell, fetched once for all cells that share it. */
  of(comparison, number, name) {
    if (!this.maps.has(name)) {
      const reply = this.link.request(`/comparisons/${comparison}/cells/${number}/label-map`);
      const map = reply.then(readMap);
      this.maps.set(name, map);
      map.then((found) => this.maps.get(name) === map && this.ready.set(name, found), () => this.maps.delete(name));
    }
    return this.maps.get(name);
  }
}

/** A small picture of a label map in the colours of the Edit tab; `aspect` is how much taller than wide its pixels are. */
export function mapThumb({ ids, width, height }, aspect) {
  const whole = new OffscreenCanvas(width, height);
  const image = whole.getContext("2d").createImageData(width, height);
  const colours = labelColours();
  ids.forEach((id, i) => {
    image.data.set(colours[id], 4 * i);
    image.data[4 * i + 3] = id ? 255 : 0;
  });
  whole.getContext("2d").putImageData(image, 0, 0);
  const thumb = Object.assign(document.createElement("canvas"), { className: "cmp-thumb", width: 2 * THUMB, height: 2 * THUMB });
  const { left, top, wide, high } = placed({ width, height }, aspect, thumb.width, thumb.height);
  thumb.getContext("2d").drawImage(whole, left, top, wide, high);
  thumb.setAttribute("aria-hidden", "true");
  return thumb;
}
