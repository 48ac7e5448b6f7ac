// One viewport for both panes: what the canvas zooms to, the result zooms to. Lengths are CSS pixels.

const ZOOM_LIMITS = [0.05, 64];

export class Viewport {
  constructor() {
    this.scale = 1; // CSS pixels for the width of a pixel of the map
    this.aspect = 1; // how much taller than wide a pixel of the map is
    this.x = 0; // where the map's left edge lies in a pane
    this.y = 0;
    this.fitted = true; // follows the pane's size until the person zooms or pans
    this.listeners = new Set();
  }

  /** From pane coordinates to pixels of the map. */
  toMap(x, y) {
    return [(x - this.x) / this.scale, (y - this.y) / (this.scale * this.aspect)];
  }

  toPane(x, y) {
    return [x * this.scale + this.x, y * this.scale * this.aspect + this.y];
  }

  /** CSS pixels between two points of the map. */
  distance([ax, ay], [bx, by]) {
    return Math.hypot(bx - ax, (by - ay) * this.aspect) * this.scale;
  }

  /** From map to pane, as a DOMMatrix takes it. */
  get matrix() {
    return [this.scale, 0, 0, this.scale * this.aspect, this.x, this.y];
  }

  setAspect(aspect) {
    if (aspect === this.aspect) return;
    this.aspect = aspect;
    this.changed();
  }

  fit(paneWidth, paneHeight, width, height) {
    const margin = 12;
    const tall = height * this.aspect;
    this.scale = Math.max(ZOOM_LIMITS[0], Math.min((paneWidth - margin) / width, (paneHeight - margin) / tall));
    this.x = (paneWidth - width * this.scale) / 2;
    this.y = (paneHeight - tall * this.scale) / 2;
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
