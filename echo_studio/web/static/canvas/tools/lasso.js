// A freehand outline: what lies inside is filled when the pointer is lifted. Escape drops it.

import { drawOutline, fillOutline } from "./outline.js";

const LASSO_MOST = 50000; // points; the edit log takes twice as many

export class Lasso {
  constructor(editor) {
    this.editor = editor;
    this.points = [];
  }

  down(x, y) {
    this.points = [rounded([x, y])];
    this.editor.redraw();
  }

  move(points) {
    if (!this.busy) return;
    for (const point of points.map(rounded)) {
      const [x, y] = this.points.at(-1);
      if (point[0] !== x || point[1] !== y) this.points.push(point);
    }
    while (this.points.length > LASSO_MOST) this.points = this.points.filter((_, i) => i % 2 === 0);
    this.editor.redraw();
  }

  up() {
    const { points } = this;
    this.points = [];
    if (points.length > 2) fillOutline(this.editor, "lasso", points);
    this.editor.redraw();
  }

  cancel() {
    this.points = [];
    this.editor.redraw();
  }

  get busy() {
    return this.points.length > 0;
  }

  draw(context, viewport) {
    if (this.busy) drawOutline(context, viewport, this.points, [], true);
  }
}

/** Hundredths of a pixel are finer than any hand, and keep the edit log short. */
function rounded(point) {
  return point.map((coordinate) => Math.round(coordinate * 100) / 100);
}
