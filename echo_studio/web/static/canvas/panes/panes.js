// What both panes share, one viewport above all, and the pane of the label map that is edited. The frame beside it is in
// result_pane.js.

import { addLoop, outlines } from "../../common/contours.js";
import { brushCell } from "../document/raster.js";

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

/** Label ids as colours on an off-screen canvas of the map's own size. */
export class LabelRaster {
  constructor(palette) {
    this.recolour(palette);
    this.canvas = document.createElement("canvas");
    this.context = this.canvas.getContext("2d");
  }

  recolour(palette) {
    this.words = new Uint32Array(palette.map(([r, g, b, a]) => ((a << 24) | (b << 16) | (g << 8) | r) >>> 0));
  }

  /** Make every pixel transparent where the mask is 0. */
  keepOnly(mask) {
    for (let i = 0; i < mask.length; i++) if (!mask[i]) this.pixels[i] = 0;
    this.context.putImageData(this.image, 0, 0);
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

export class EditPane extends Pane {
  constructor(surface, viewport, editor, labels) {
    super(surface, viewport);
    this.editor = editor;
    this.labels = labels;
    this.opacity = 1;
    this.backdrop = null; // a real frame under the labels
    this.borders = null; // LabelBorders, where they are shown
    this.mark = surface.parentElement.querySelector(".mark"); // where a synthetic frame shows through
    this.raster = new LabelRaster(this.palette());
    this.proposal = new LabelRaster(this.palette());
    editor.document.listeners.add((box) => {
      this.raster.update(editor.document.ids, editor.document.width, editor.document.height, box);
      this.redraw();
    });
  }

  palette() {
    return this.labels.map(({ id, colour }) => [...colour, this.editor.hidden.has(id) ? 0 : 255]);
  }

  /** After labels were hidden or shown, or the colours changed. */
  repaint() {
    const { ids, width, height } = this.editor.document;
    for (const raster of [this.raster, this.proposal]) raster.recolour(this.palette());
    this.raster.update(ids, width, height, null);
    this.ghostShown = null;
    this.redraw();
  }

  draw(context) {
    const { document: map, frame, ghost, tool } = this.editor;
    const beneath = this.backdrop || frame;
    const veiled = this.opacity < 1 || this.editor.hidden.size > 0;
    this.mark.hidden = !veiled || !frame || beneath !== frame;
    if (beneath && veiled) this.drawRaster(beneath, map.width, map.height, { smooth: true });
    this.drawRaster(this.raster.canvas, map.width, map.height, { alpha: this.opacity });
    if (this.borders) this.borders.draw(this);
    if (ghost) this.drawGhost(context, ghost);
    context.strokeStyle = getComputedStyle(this.surface).getPropertyValue("--edge");
    context.lineWidth = 1;
    const { x, y, scale, aspect } = this.viewport;
    context.strokeRect(x - 0.5, y - 0.5, map.width * scale + 1, map.height * scale * aspect + 1);
    for (const mark of this.editor.marks) this.drawMark(context, mark);
    if (tool.draw) tool.draw(context, this.viewport);
    this.drawRing(context);
  }

  // What would change is drawn in its new colour and outlined, so that the old shape stays readable beneath.
  drawGhost(context, ghost) {
    const { width, height, ids } = this.editor.document;
    if (this.ghostShown !== ghost) {
      this.ghostShown = ghost;
      this.ghostPath = new Path2D();
      const changed = ghost.map((id, i) => (id === ids[i] ? 0 : 1));
      for (const loop of outlines(changed, width, height, [1])) addLoop(this.ghostPath, loop);
      this.proposal.update(ghost, width, height, null);
      this.proposal.keepOnly(changed);
    }
    this.drawRaster(this.proposal.canvas, width, height, { alpha: 0.8 });
    context.setLineDash([5, 4]);
    this.strokeInMap(this.ghostPath, "#000", 2.5);
    this.strokeInMap(this.ghostPath, "#fff", 1.25);
    context.setLineDash([]);
  }

  drawMark(context, { place, chosen }) {
    const [x, y] = this.viewport.toPane(...place);
    const radius = chosen ? 13 : 9;
    for (const [colour, width] of [["#000", 4.5], [chosen ? "#fff" : "#ffb020", 2]]) {
      context.beginPath();
      context.arc(x, y, radius, 0, 2 * Math.PI);
      context.strokeStyle = colour;
      context.lineWidth = width;
      context.stroke();
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
      context.ellipse(x, y, radius, radius * this.viewport.aspect, 0, 0, 2 * Math.PI);
      context.strokeStyle = colour;
      context.lineWidth = width;
      context.stroke();
    }
  }
}
