// The state of the editor that is not the document: tool, label, brush size, cursor, what is proposed but not done.

import { Brush, Eraser } from "./brush.js";
import { DeformTool } from "./deform_tool.js";
import { Fill } from "./fill.js";
import { Lasso } from "./lasso.js";
import { MoveTool } from "./move_tool.js";
import { Polygon } from "./polygon.js";

export class Editor {
  constructor(labels, result) {
    this.document = labels;
    this.result = result;
    this.label = 1;
    this.size = 12;
    this.cursor = null;
    this.panning = false;
    this.ghost = null; // ids of a proposed map, drawn over the canvas
    this.marks = []; // [{place: [x, y], words}] findings to show on the canvas
    this.hidden = new Set(); // labels that are not drawn
    this.placing = null; // what can be dragged on the canvas whatever the tool: grabs(x, y), move(point)
    this.clipboard = null; // {label, selection} that was copied
    this.listeners = new Set();
    this.link = null; // the way to the server
    this.say = (_words) => {};
    this.complain = (_title, _words) => {};
    this.tools = {
      brush: new Brush(this),
      eraser: new Eraser(this),
      fill: new Fill(this),
      polygon: new Polygon(this),
      lasso: new Lasso(this),
      move: new MoveTool(this),
      deform: new DeformTool(this),
    };
    this.toolName = "brush";
    this.borrowed = null;
    // A proposal belongs to the map that it was made from.
    labels.listeners.add((box, settled) => settled && this.setGhost(null));
  }

  get tool() {
    return this.tools[this.toolName];
  }

  /** Locked ids, in order, as an op keeps them. */
  get locks() {
    return [...this.document.locked].sort();
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
    const { tool } = this;
    if (tool.leave) tool.leave();
    tool.cancel();
    if (tool.deactivate) tool.deactivate();
    this.toolName = name;
    if (this.tool.activate) this.tool.activate();
    this.redraw();
  }

  /** A pen turned round erases until it is lifted. */
  borrowTool(name) {
    if (this.tool.leave) this.tool.leave();
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

  /** Cavity and wall together or each alone, where the tool knows the difference. */
  toggleLinked() {
    if ("linked" in this.tool) this.tool.setOption("linked", !this.tool.linked);
    this.redraw();
  }

  /** Not in the middle of a stroke, which has one set of locks; a floating selection is painted anew. */
  toggleLock(id) {
    const { locked, stroke } = this.document;
    if (stroke && !this.tool.floating) return;
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

  /** Show a map that is not done yet, or null to stop showing it. */
  setGhost(ids) {
    if (this.ghost === ids) return;
    this.ghost = ids;
    this.redraw();
  }

  /** A tool may take back a part of what is under way; else the document steps back. */
  undo() {
    if (!(this.tool.takeBack && this.tool.takeBack())) this.document.undo();
    this.redraw();
  }

  /** Go to a state of the history; what is under way is dropped. */
  travel(position) {
    this.tool.cancel();
    this.document.travel(position);
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
