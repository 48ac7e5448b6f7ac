// Two panes on one viewport: the label map that is edited, and the synthetic frame beside it.

class Pane {
  constructor(surface, viewport) {
    this.surface = surface;
    this.viewport = viewport;
    this.context = surface.getContext("2d");
    this.pending = false;
    viewport.listeners.add(() => this.redraw());
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
    const { x, y, scale } = this.viewport;
    this.context.globalAlpha = alpha;
    this.context.imageSmoothingEnabled = smooth;
    this.context.imageSmoothingQuality = "high";
    this.context.drawImage(raster, x, y, width * scale, height * scale);
    this.context.globalAlpha = 1;
  }

  strokeInMap(path, colour, width) {
    const { x, y, scale } = this.viewport;
    const placed = new Path2D();
    placed.addPath(path, new DOMMatrix([scale, 0, 0, scale, x, y]));
    this.context.strokeStyle = colour;
    this.context.lineWidth = width;
    this.context.stroke(placed);
  }
}

/** Label ids as colours on an off-screen canvas of the map's own size. */
class LabelRaster {
  constructor(palette) {
    this.words = new Uint32Array(palette.map(([r, g, b, a]) => ((a << 24) | (b << 16) | (g << 8) | r) >>> 0));
    this.canvas = document.createElement("canvas");
    this.context = this.canvas.getContext("2d");
  }

  update(ids, width, height, box) {
    if (this.canvas.width !== width || this.canvas.height !== height || !this.image) {
      Object.assign(this.canvas, { width, height });
      this.image = this.context.createImageData(width, height);
      this.pixels = new Uint32Array(this.image.data.buffer);
      box = null;
    }
    const [x0, y0, x1, y1] = box || [0, 0, width - 1, height - 1];
    for (let y = y0; y <= y1; y++) {
      for (let i = y * width + x0, end = y * width + x1; i <= end; i++) this.pixels[i] = this.words[ids[i]];
    }
    this.context.putImageData(this.image, 0, 0, x0, y0, x1 - x0 + 1, y1 - y0 + 1);
  }
}

class EditPane extends Pane {
  constructor(surface, viewport, editor, labels) {
    super(surface, viewport);
    this.editor = editor;
    this.labels = labels;
    this.opacity = 1;
    this.raster = new LabelRaster(labels.map(({ colour }) => [...colour, 255]));
    editor.document.listeners.add((box) => {
      this.raster.update(editor.document.ids, editor.document.width, editor.document.height, box);
      this.redraw();
    });
  }

  draw(context) {
    const { document: map, frame } = this.editor;
    if (frame && this.opacity < 1) this.drawRaster(frame, map.width, map.height, { smooth: true });
    this.drawRaster(this.raster.canvas, map.width, map.height, { alpha: this.opacity });
    context.strokeStyle = "#3a4048";
    context.lineWidth = 1;
    const { x, y, scale } = this.viewport;
    context.strokeRect(x - 0.5, y - 0.5, map.width * scale + 1, map.height * scale + 1);
    this.drawPolygon(context);
    this.drawRing(context);
  }

  drawPolygon(context) {
    const points = this.editor.tool.points;
    if (!points || !points.length) return;
    const path = new Path2D();
    const cursor = this.editor.cursor;
    const corners = cursor ? [...points, cursor] : points;
    corners.forEach((point, i) => (i ? path.lineTo(...point) : path.moveTo(...point)));
    this.strokeInMap(path, "#000", 3);
    this.strokeInMap(path, "#fff", 1.25);
    context.fillStyle = "#fff";
    for (const point of points) {
      const [x, y] = this.viewport.toPane(...point);
      context.fillRect(x - 2.5, y - 2.5, 5, 5);
    }
  }

  // The ring lies on the pixels that a click would paint, so it snaps as the brush does.
  drawRing(context) {
    const { cursor, size, tool } = this.editor;
    if (!cursor || !tool.usesBrush) return;
    const offset = size % 2 ? 0.5 : 0;
    const [x, y] = this.viewport.toPane(brushCell(cursor[0], size) + offset, brushCell(cursor[1], size) + offset);
    const radius = Math.max(1.5, (size / 2) * this.viewport.scale);
    for (const [colour, width] of [["rgba(0, 0, 0, 0.8)", 3], ["#fff", 1.25]]) {
      context.beginPath();
      context.arc(x, y, radius, 0, 2 * Math.PI);
      context.strokeStyle = colour;
      context.lineWidth = width;
      context.stroke();
    }
  }
}

class ResultPane extends Pane {
  constructor(surface, viewport, editor, labels) {
    super(surface, viewport);
    const { result } = editor;
    this.editor = editor;
    this.labels = labels;
    this.overlay = 0;
    this.contours = true;
    // Only the structures tint the frame: a veil over the whole sector would hide the speckle.
    this.raster = new LabelRaster(labels.map(({ id, colour }) => [...colour, id >= 1 && id <= 3 ? 255 : 0]));
    result.listeners.add(() => {
      if (result.ids) this.raster.update(result.ids, result.width, result.height, null);
      this.redraw();
    });
    editor.document.listeners.add((box, settled) => settled && this.redraw());
  }

  draw() {
    const { width, height, paths } = this.editor.result;
    if (!this.editor.frame) return;
    this.drawRaster(this.editor.frame, width, height, { smooth: this.viewport.scale < 6 });
    if (this.overlay > 0) this.drawRaster(this.raster.canvas, width, height, { alpha: this.overlay });
    if (!this.contours) return;
    for (const { label, path } of paths) {
      this.strokeInMap(path, "rgba(0, 0, 0, 0.55)", 3);
      this.strokeInMap(path, `rgb(${this.labels[label].colour.join(" ")})`, 1.5);
    }
  }
}
