// One look at all cells: how far they are zoomed, and which point of a frame lies in the middle of a tile. Places count
// from a frame's middle in lengths of its longer side on the screen, so that frames of several sizes show the same part of the heart.

import { placed } from "../common/pixel_shape.js";

const MOST_ZOOM = 24;

export class Lens {
  constructor() {
    this.listeners = new Set();
    this.zoom = 1;
    this.x = this.y = 0;
  }

  /** Where a frame with pixels `aspect` times as tall as wide lies in a square tile of `side` CSS pixels; see `placed`. */
  place(size, aspect, side) {
    const { scale, wide, high } = placed(size, aspect, side * this.zoom, side * this.zoom);
    const start = (length, away) => (side - length) / 2 - away * side * this.zoom;
    return { scale, wide, high, left: start(wide, this.x), top: start(high, this.y) };
  }

  fit() {
    this.set(1, 0, 0);
  }

  /** Zoom by a factor and keep what is at (dx, dy), in tiles from the tile's middle, where it is. */
  zoomAt(dx, dy, factor) {
    const zoom = Math.min(MOST_ZOOM, Math.max(1, this.zoom * factor));
    const kept = 1 / this.zoom - 1 / zoom;
    this.set(zoom, this.x + dx * kept, this.y + dy * kept);
  }

  pan(dx, dy) {
    this.set(this.zoom, this.x - dx / this.zoom, this.y - dy / this.zoom);
  }

  // The frame never leaves the tile, so that nobody gets lost beside it.
  set(zoom, x, y) {
    const reach = 0.5 - 0.5 / zoom;
    const within = (value) => Math.min(reach, Math.max(-reach, value));
    Object.assign(this, { zoom, x: within(x), y: within(y) });
    for (const listener of this.listeners) listener();
  }
}
