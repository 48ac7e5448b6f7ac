// The tool that fills an outline of straight sides.

import { drawOutline, fillOutline } from "./outline.js";

/** A click adds a corner; a double click, Enter or a click on the first corner closes the outline; Escape drops it. */
export class Polygon {
  constructor(editor) {
    this.editor = editor;
    this.points = [];
  }

  down(x, y, { near, double }) {
    const closing = this.points.length > 2 && (double || near(this.points[0]));
    if (closing) this.finish();
    else if (!double) this.points.push([x, y]);
    this.editor.redraw();
  }

  move() {}

  up() {}

  finish() {
    if (this.points.length > 2) fillOutline(this.editor, "polygon", this.points);
    this.cancel();
  }

  cancel() {
    this.points = [];
    this.editor.redraw();
  }

  /** Undo first takes back the last corner. */
  takeBack() {
    return this.points.pop() !== undefined;
  }

  get busy() {
    return this.points.length > 0;
  }

  /** The outline so far, in the edit pane. */
  draw(context, viewport) {
    if (!this.points.length) return;
    const { cursor } = this.editor;
    drawOutline(context, viewport, cursor ? [...this.points, cursor] : this.points, this.points);
  }
}
