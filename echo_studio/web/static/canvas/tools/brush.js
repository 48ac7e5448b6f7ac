// The tools that paint. Each one answers to down, move and up with positions in pixels of the map, and writes through
// `document.writeSpan`, which alone knows locks and the sector. `editor` carries the label and the brush size.
// A tool may also have: finish() (Enter), busy (Escape cancels it first), takeBack() (undo inside the tool),
// draw(context, viewport), keydown(event), activate(), leave() (another tool is chosen), deactivate(), options() and
// setOption(key, value).

import { brushCell, cellsBetween, discSpans } from "../document/raster.js";

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

