// The frame, alone or with something to compare it with: its label map, an earlier frame, a pinned one, the real frame that
// was edited.

import { LabelRaster } from "./label_raster.js";
import { Pane } from "./pane.js";

const CAPTION_FONT = "600 11px system-ui, sans-serif";

export class ResultPane extends Pane {
  constructor(surface, viewport, editor, labels) {
    super(surface, viewport);
    const { result } = editor;
    this.editor = editor;
    this.labels = labels;
    this.view = "side"; // "side", "split", "overlay" or "flicker"
    this.other = "labels"; // "labels", "previous", "pinned", "original", "difference" or "spread"
    this.divider = 0.5; // of the pane's width: the comparison is at its left
    this.overlay = 0; // opacity of the comparison over the frame
    this.apart = { of: null, canvas: null }; // the difference from the real frame, and the page of which it is
    this.swapped = false; // the comparison in place of the frame
    this.contours = true;
    this.moving = null; // {raster, width, height} of a heart that beats, in place of the frame
    // Over the frame only the structures are tinted: a veil over the whole sector would hide the speckle.
    this.solid = { raster: new LabelRaster([]), keeps: () => true, painted: null };
    this.tint = { raster: new LabelRaster([]), keeps: (id) => id >= 1 && id <= 3, painted: null };
    result.listeners.add(() => this.redraw());
    editor.document.listeners.add((box, settled) => settled && this.redraw());
  }

  /** After the colours changed. */
  repaint() {
    this.solid.painted = this.tint.painted = null;
    this.redraw();
  }

  /** A page's labels in colour, painted when they are first looked at. */
  coloured(kind, { ids, width, height }) {
    if (kind.painted !== ids) {
      kind.raster.recolour(this.labels.map(({ id, colour }) => [...colour, kind.keeps(id) ? 255 : 0]));
      kind.raster.update(ids, width, height, null);
      kind.painted = ids;
    }
    return kind.raster.canvas;
  }

  /** The page to compare with, where there is one of the frame's size. */
  otherPage() {
    const { result } = this.editor;
    const page = { labels: result.page, previous: result.previous, pinned: result.pinned, original: result.original, difference: result.original, spread: result.spread?.of === result.page ? result.spread : null }[this.other];
    return page && page.width === result.width && page.height === result.height ? page : null;
  }

  draw(context) {
    if (this.moving) {
      const { raster, width, height } = this.moving;
      this.drawRaster(raster, width, height, { smooth: this.viewport.scale < 6 });
      this.caption(context, "The drawn heart beats: usual motion, synthetic", 10);
      return;
    }
    if (!this.editor.frame) return;
    const other = this.otherPage();
    const { clientWidth, clientHeight } = this.surface;
    if (this.swapped) {
      this.drawOther(other);
      this.caption(context, this.otherName(other), 10);
    } else if (this.view === "split" && other) {
      const middle = Math.round(this.divider * clientWidth);
      this.within(0, middle, () => {
        this.drawOther(other);
        this.caption(context, this.otherName(other), middle - 8, "right");
      });
      this.within(middle, clientWidth, () => {
        this.drawFrame();
        this.caption(context, "Frame", middle + 8);
      });
      context.fillStyle = "#fff";
      context.fillRect(middle - 0.5, 0, 1, clientHeight);
    } else {
      this.drawFrame();
      if (this.view === "overlay") this.drawOver(other);
      if (this.view !== "side") this.caption(context, this.view === "flicker" ? "Frame" : this.otherName(other), 10);
    }
  }

  within(x0, x1, draw) {
    const { context } = this;
    context.save();
    context.beginPath();
    context.rect(x0, 0, x1 - x0, this.surface.clientHeight);
    context.clip();
    draw();
    context.restore();
  }

  drawFrame() {
    this.drawPicture(this.editor.result.page);
  }

  drawPicture({ bitmap, width, height, paths }, alpha = 1) {
    this.drawRaster(bitmap, width, height, { alpha, smooth: this.viewport.scale < 6 });
    if (this.contours) this.drawContours(paths);
  }

  drawContours(paths) {
    for (const { label, path } of paths) {
      this.strokeInMap(path, "rgba(0, 0, 0, 0.55)", 3);
      this.strokeInMap(path, `rgb(${this.labels[label].colour.join(" ")})`, 1.5);
    }
  }

  drawOther(page) {
    if (page && this.other === "difference") this.drawRaster(this.difference(page), page.width, page.height, { smooth: this.viewport.scale < 6 });
    else if (page && this.other === "labels") this.drawRaster(this.coloured(this.solid, page), page.width, page.height);
    else if (page) this.drawPicture(page);
  }

  /** Twice the difference between the frame and the real one: black where a pixel is the frame's own. */
  difference({ bitmap, width, height }) {
    const { page } = this.editor.result;
    if (this.apart.of !== page) {
      const canvas = Object.assign(document.createElement("canvas"), { width, height });
      const context = canvas.getContext("2d");
      context.drawImage(page.bitmap, 0, 0, width, height);
      context.globalCompositeOperation = "difference";
      context.drawImage(bitmap, 0, 0, width, height);
      context.globalCompositeOperation = "lighter";
      context.drawImage(canvas, 0, 0);
      this.apart = { of: page, canvas };
    }
    return this.apart.canvas;
  }

  drawOver(page) {
    if (!page) return;
    if (this.other === "labels") this.drawRaster(this.coloured(this.tint, page), page.width, page.height, { alpha: this.overlay });
    else this.drawRaster(page.bitmap, page.width, page.height, { alpha: this.overlay, smooth: this.viewport.scale < 6 });
    if (this.contours) this.drawContours(this.editor.result.paths);
  }

  otherName(page) {
    if (!page) return { spread: "Drawing 8 seeds …", previous: "No earlier frame of this size", pinned: "No pinned frame of this size" }[this.other] || "No real frame of this size";
    return { labels: "Label map", previous: "Previous frame", pinned: page.title || "Pinned frame", original: "Real frame", difference: "Difference × 2", spread: "Spread of 8 seeds × 4" }[this.other];
  }

  // Just above the bottom edge of the pane, where no part of the comparison bar lies.
  caption(context, words, x, align = "left") {
    context.font = CAPTION_FONT;
    const wide = context.measureText(words).width;
    const left = align === "right" ? x - wide : x;
    const y = 54;
    context.fillStyle = "rgba(0, 0, 0, 0.66)";
    context.fillRect(left - 5, y - 13, wide + 10, 18);
    context.fillStyle = "#e3e6e9";
    context.fillText(words, left, y);
  }
}
