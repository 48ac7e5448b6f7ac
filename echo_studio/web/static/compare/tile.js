// The picture of one cell, seen through the lens that all cells share.

import { greyOf } from "./difference.js";

export class Tile {
  constructor(lens) {
    this.lens = lens;
    this.bitmap = null;
    this.grey = null;
    this.shown = null; // bitmap or canvas
    this.aspect = 1; // how much taller than wide its pixels are
    this.canvas = document.createElement("canvas");
    this.canvas.tabIndex = 0;
    this.canvas.setAttribute("role", "img");
    this.pending = false;
    this.listen();
  }

  take(bitmap) {
    this.bitmap = bitmap;
    this.grey = greyOf(bitmap);
  }

  /** Draw in the next animation frame. `picture` is a bitmap, a canvas, or null for none; `aspect` is that of its pixels. */
  show(picture, aspect) {
    Object.assign(this, { shown: picture, aspect });
    if (this.pending) return;
    this.pending = true;
    requestAnimationFrame(() => {
      this.pending = false;
      this.draw();
    });
  }

  draw() {
    const { canvas, shown } = this;
    const side = canvas.clientWidth;
    const ratio = window.devicePixelRatio || 1;
    const pixels = Math.max(1, Math.round(side * ratio));
    if (canvas.width !== pixels) canvas.width = canvas.height = pixels;
    const context = canvas.getContext("2d");
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, side, side);
    if (!shown) return;
    const { scale, left, top, wide, high } = this.lens.place(shown, this.aspect, side);
    context.imageSmoothingEnabled = scale < 6;
    context.imageSmoothingQuality = "high";
    context.drawImage(shown, left, top, wide, high);
  }

  listen() {
    const { canvas, lens } = this;
    canvas.addEventListener("wheel", (event) => {
      event.preventDefault();
      const { left, top, width } = canvas.getBoundingClientRect();
      const away = (place, start) => (place - start) / width - 0.5;
      lens.zoomAt(away(event.clientX, left), away(event.clientY, top), Math.exp(-event.deltaY / 400));
    }, { passive: false });
    canvas.addEventListener("dblclick", () => lens.fit());
    canvas.addEventListener("pointerdown", (event) => {
      if (event.button === 0) canvas.setPointerCapture(event.pointerId);
    });
    canvas.addEventListener("pointermove", (event) => {
      if (!canvas.hasPointerCapture(event.pointerId)) return;
      lens.pan(event.movementX / canvas.clientWidth, event.movementY / canvas.clientWidth);
    });
  }
}
