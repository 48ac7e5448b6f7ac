// The tools that paint. Each one answers to down, move and up with positions in pixels of the map, and writes through
// `document.writeSpan`, which alone knows locks and the sector. `editor` carries the label and the brush size.
// A tool may also have: finish() (Enter), busy (Escape cancels it first), takeBack() (undo inside the tool),
// draw(context, viewport), keydown(event), activate(), leave() (another tool is chosen), deactivate(), options() and
// setOption(key, value).

import { brushCell, cellsBetween, discSpans, polygonSpans, regionSpans } from "../document/raster.js";

class StrokeTool {
  constructor(editor) {
    this.editor = editor;
    this.cell = null;
  }

  get usesBrush() {
    return true;
  }

  /** What was done, as the history keeps it. */
  op() {
    throw new Error("A tool that paints says what it did.");
  }

  /** What a stroke paints. */
  paint() {
    return this.editor.label;
  }

  down(x, y) {
    this.editor.document.beginStroke();
    // Keys may choose another size or label on the way; one stroke has one of each.
    this.size = this.editor.size;
    this.label = this.paint();
    this.cell = this.cellAt(x, y);
    this.cells = [this.cell];
    this.dab(this.cell);
    this.editor.document.touched();
  }

  move(points) {
    if (!this.cell) return;
    for (const [x, y] of points) {
      const next = this.cellAt(x, y);
      if (next[0] === this.cell[0] && next[1] === this.cell[1]) continue;
      for (const cell of cellsBetween(this.cell, next)) this.dab(cell);
      this.cells.push(next);
      this.cell = next;
    }
    this.editor.document.touched();
  }

  up() {
    if (!this.cell) return;
    this.cell = null;
    this.editor.document.endStroke(this.op());
  }

  cancel() {
    this.cell = null;
    this.editor.document.abandonStroke();
  }

  get busy() {
    return Boolean(this.cell);
  }

  cellAt(x, y) {
    return [brushCell(x, this.size), brushCell(y, this.size)];
  }

  /** @param {number[]} cell */
  dab(cell) {
    const [column, row] = cell;
    discSpans(column, row, this.size, (y, x0, x1) => this.editor.document.writeSpan(y, x0, x1, this.label));
  }
}

export class Brush extends StrokeTool {
  op() {
    const { size, label, cells } = this;
    return { tool: "brush", label, size, cells, locked: this.editor.locks };
  }
}

export class Eraser extends StrokeTool {
  paint() {
    return null; // the document knows whether the sector or the outside lies beneath
  }

  op() {
    return { tool: "eraser", size: this.size, cells: this.cells, locked: this.editor.locks };
  }
}

export class Fill {
  constructor(editor) {
    this.editor = editor;
  }

  down(x, y) {
    const { document, label } = this.editor;
    const [column, row] = [Math.floor(x), Math.floor(y)];
    if (column < 0 || row < 0 || column >= document.width || row >= document.height) return;
    document.beginStroke();
    regionSpans(document.ids, document.width, document.height, column, row, (line, x0, x1) =>
      document.writeSpan(line, x0, x1, label));
    document.endStroke({ tool: "fill", label, at: [column, row], locked: this.editor.locks });
  }

  move() {}

  up() {}

  cancel() {}
}

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

/** Paint what lies inside a closed outline: one step of the history. */
export function fillOutline({ document: map, label, locks }, tool, points) {
  map.beginStroke();
  polygonSpans(points, map.height, (y, x0, x1) => map.writeSpan(y, x0, x1, label));
  map.endStroke({ tool, label, points, locked: locks });
}

/** A line through points of the map that is seen on any colour, with knots on some of them. */
export function drawOutline(context, viewport, points, knots = [], closed = false) {
  const placed = points.map((point) => viewport.toPane(...point));
  for (const [colour, width] of [["#000", 3], ["#fff", 1.25]]) {
    context.beginPath();
    placed.forEach(([x, y], i) => (i ? context.lineTo(x, y) : context.moveTo(x, y)));
    if (closed) context.closePath();
    context.strokeStyle = colour;
    context.lineWidth = width;
    context.stroke();
  }
  context.fillStyle = "#fff";
  for (const [x, y] of knots.map((point) => viewport.toPane(...point))) context.fillRect(x - 2.5, y - 2.5, 5, 5);
}
