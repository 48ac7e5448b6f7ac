// The tools. Each one answers to down, move and up with positions in pixels of the map, and writes through
// `document.writeSpan`, which alone knows locks and the fan. `editor` carries the label and the brush size.

class StrokeTool {
  constructor(editor) {
    this.editor = editor;
    this.cell = null;
  }

  get usesBrush() {
    return true;
  }

  label() {
    return this.editor.label;
  }

  down(x, y) {
    this.editor.document.beginStroke();
    this.cell = this.cellAt(x, y);
    this.dab(this.cell);
    this.editor.document.touched();
  }

  move(points) {
    if (!this.cell) return;
    for (const [x, y] of points) {
      const next = this.cellAt(x, y);
      for (const cell of cellsBetween(this.cell, next)) this.dab(cell);
      this.cell = next;
    }
    this.editor.document.touched();
  }

  up() {
    this.cell = null;
    this.editor.document.endStroke();
  }

  cancel() {
    this.cell = null;
    this.editor.document.abandonStroke();
  }

  cellAt(x, y) {
    const { size } = this.editor;
    return [brushCell(x, size), brushCell(y, size)];
  }

  dab([column, row]) {
    const label = this.label();
    discSpans(column, row, this.editor.size, (y, x0, x1) => this.editor.document.writeSpan(y, x0, x1, label));
  }
}

class Brush extends StrokeTool {}

class Eraser extends StrokeTool {
  label() {
    return null; // the document knows whether the fan or the outside lies beneath
  }
}

class Fill {
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
    document.endStroke();
  }

  move() {}

  up() {}

  cancel() {}
}

/** A click adds a corner; a double click, Enter or a click on the first corner closes the outline; Escape drops it. */
class Polygon {
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
    const { document, label } = this.editor;
    if (this.points.length > 2) {
      document.beginStroke();
      polygonSpans(this.points, (y, x0, x1) => document.writeSpan(y, x0, x1, label));
      document.endStroke();
    }
    this.cancel();
  }

  cancel() {
    this.points = [];
    this.editor.redraw();
  }
}
