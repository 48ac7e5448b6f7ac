// One viewport for both panes: what the canvas zooms to, the result zooms to. Lengths are CSS pixels.

const ZOOM_LIMITS = [0.05, 64];

export class Viewport {
  constructor() {
    this.scale = 1;
    this.x = 0; // where the map's left edge lies in a pane
    this.y = 0;
    this.fitted = true; // follows the pane's size until the person zooms or pans
    this.listeners = new Set();
  }

  /** From pane coordinates to pixels of the map. */
  toMap(x, y) {
    return [(x - this.x) / this.scale, (y - this.y) / this.scale];
  }

  toPane(x, y) {
    return [x * this.scale + this.x, y * this.scale + this.y];
  }

  fit(paneWidth, paneHeight, width, height) {
    const margin = 12;
    this.scale = Math.max(ZOOM_LIMITS[0], Math.min((paneWidth - margin) / width, (paneHeight - margin) / height));
    this.x = (paneWidth - width * this.scale) / 2;
    this.y = (paneHeight - height * this.scale) / 2;
    this.fitted = true;
    this.changed();
  }

  /** Zoom by a factor and keep the pixel under (x, y) where it is. */
  zoomAt(x, y, factor) {
    const scale = Math.min(ZOOM_LIMITS[1], Math.max(ZOOM_LIMITS[0], this.scale * factor));
    this.x = x - ((x - this.x) * scale) / this.scale;
    this.y = y - ((y - this.y) * scale) / this.scale;
    this.scale = scale;
    this.fitted = false;
    this.changed();
  }

  pan(dx, dy) {
    this.x += dx;
    this.y += dy;
    this.fitted = false;
    this.changed();
  }

  changed() {
    for (const listener of this.listeners) listener();
  }
}
