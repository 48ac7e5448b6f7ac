// The state of the editor that is not the document: tool, label, brush size, cursor. Changes are announced once.

class Editor {
  constructor(labels, result) {
    this.document = labels;
    this.result = result;
    this.label = 1;
    this.size = 12;
    this.cursor = null;
    this.panning = false;
    this.listeners = new Set();
    this.tools = { brush: new Brush(this), eraser: new Eraser(this), fill: new Fill(this), polygon: new Polygon(this) };
    this.toolName = "brush";
    this.borrowed = null;
  }

  get tool() {
    return this.tools[this.toolName];
  }

  /** A brush may be as wide as a quarter of a large map. */
  get largestBrush() {
    return Math.max(100, Math.round(Math.min(this.document.width, this.document.height) / 4));
  }

  /** The frame, where it has the size of the map on the canvas: else the two could not share a viewport. */
  get frame() {
    const { result, document: map } = this;
    return result.width === map.width && result.height === map.height ? result.shown : null;
  }

  choose(name) {
    if (name === this.toolName) return;
    this.tool.cancel();
    this.toolName = name;
    this.redraw();
  }

  /** A pen turned round erases until it is lifted. */
  borrowTool(name) {
    this.borrowed = this.toolName;
    this.toolName = name;
  }

  returnTool() {
    if (this.borrowed) this.toolName = this.borrowed;
    this.borrowed = null;
  }

  /** Choosing a label means wanting to paint it. */
  chooseLabel(id) {
    this.label = id;
    if (this.toolName === "eraser") this.choose("brush");
    this.redraw();
  }

  toggleLock(id) {
    const { locked } = this.document;
    if (!locked.delete(id)) locked.add(id);
    this.redraw();
  }

  resize(size) {
    this.size = Math.min(this.largestBrush, Math.max(1, Math.round(size)));
    this.redraw();
  }

  /** One key press: single pixels while small, a tenth when large. */
  nudgeSize(direction) {
    this.resize(this.size + direction * Math.max(1, Math.round(this.size / 10)));
  }

  /** An outline that is being drawn loses its last corner; else the document steps back. */
  undo() {
    if (this.tool.points && this.tool.points.length) this.tool.points.pop();
    else this.document.undo();
    this.redraw();
  }

  hover(position) {
    this.cursor = position;
    this.redraw();
  }

  redraw() {
    for (const listener of this.listeners) listener();
  }
}
