// One look at all cells: how far they are zoomed, and which point of a frame lies in the middle of a tile. Places count
// from a frame's middle in lengths of its longer side, so that frames of several sizes show the same part of the heart.

const MOST_ZOOM = 24;

export class Lens {
  constructor() {
    this.listeners = new Set();
    this.zoom = 1;
    this.x = this.y = 0;
  }

  /** Where a frame of `width` x `height` lies in a square tile of `side` CSS pixels: {scale, left, top}. */
  place(width, height, side) {
    const long = Math.max(width, height);
    const scale = (side / long) * this.zoom;
    return { scale, left: side / 2 - (width / 2 + this.x * long) * scale, top: side / 2 - (height / 2 + this.y * long) * scale };
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
