// What both panes share: one viewport, and drawing at most once in an animation frame.

export class Pane {
  constructor(surface, viewport) {
    this.surface = surface;
    this.viewport = viewport;
    this.context = surface.getContext("2d");
    this.pending = false;
    viewport.listeners.add(() => this.redraw());
  }

  /** @param {CanvasRenderingContext2D} _context in CSS pixels of the pane */
  draw(_context) {
    throw new Error("A pane draws itself.");
  }

  /** Draw in the next animation frame; many calls cost one drawing. */
  redraw() {
    if (this.pending) return;
    this.pending = true;
    requestAnimationFrame(() => {
      this.pending = false;
      this.matchScreen();
      this.draw(this.context);
    });
  }

  // One canvas pixel for each device pixel, also after the window moves to another screen.
  matchScreen() {
    const ratio = window.devicePixelRatio || 1;
    const width = Math.max(1, Math.round(this.surface.clientWidth * ratio));
    const height = Math.max(1, Math.round(this.surface.clientHeight * ratio));
    if (this.surface.width !== width || this.surface.height !== height) Object.assign(this.surface, { width, height });
    this.context.setTransform(ratio, 0, 0, ratio, 0, 0);
    this.context.clearRect(0, 0, this.surface.clientWidth, this.surface.clientHeight);
  }

  drawRaster(raster, width, height, { alpha = 1, smooth = false } = {}) {
    const { x, y, scale, aspect } = this.viewport;
    this.context.globalAlpha = alpha;
    this.context.imageSmoothingEnabled = smooth;
    this.context.imageSmoothingQuality = "high";
    this.context.drawImage(raster, x, y, width * scale, height * scale * aspect);
    this.context.globalAlpha = 1;
  }

  strokeInMap(path, colour, width) {
    const placed = new Path2D();
    placed.addPath(path, new DOMMatrix(this.viewport.matrix));
    this.context.strokeStyle = colour;
    this.context.lineWidth = width;
    this.context.stroke(placed);
  }
}

