// The label document: a Uint8Array of label ids is the only truth; everything on the screen is drawn from it.
// History is a line of states. Each step keeps the pixels that it changed and its `op`: what was done, as the
// edit log keeps it, enough to do it again.

import { spacingOf } from "../../common/pixel_shape.js";
import { cut, differenceBox, joined, paste } from "./box.js";

export const LABEL = { OUTSIDE: 0, SECTOR: 4 };
const HISTORY_DEPTH = 100;
// A 4096 x 4096 map is 16 MB: a hundred whole copies of it would not fit in a browser.
const HISTORY_BYTES = 256 * 1024 * 1024;

export class LabelDocument {
  constructor() {
    this.revision = -1; // counts every change; -1 until the first map is there
    this.base = 0; // place in the history of the oldest state that can be gone back to
    this.locked = new Set([LABEL.OUTSIDE]);
    this.listeners = new Set(); // (box, settled): what to draw again
    this.journals = new Set(); // (op): a settled change; op is null for a move along the history
    this.undoStack = [];
    this.redoStack = [];
    this.stroke = null;
    this.width = 0;
    this.height = 0;
    this.ids = new Uint8Array(0); // label ids, row by row
    this.sector = new Uint8Array(0); // where there is sector, whatever is painted on it: 0 or 1
    this.spacing = ""; // "dy,dx" in mm, "" where it is not known
    this.install({ width: 8, height: 8, ids: new Uint8Array(64), sector: new Uint8Array(64), spacing: "" });
  }

  install({ width, height, ids, sector, spacing }) {
    this.page = { width, height, ids, sector, spacing };
    Object.assign(this, this.page);
  }

  get position() {
    return this.base + this.undoStack.length;
  }

  /** [y, x] in mm, or null where the size of a pixel is not known. */
  get spacingMm() {
    return spacingOf(this.spacing);
  }

  /** The first map of a session, with the history that it had when it was left. */
  begin(page, { revision, base = 0, undo = [], redo = [] }) {
    this.abandonStroke();
    Object.assign(this, { revision, base, undoStack: undo, redoStack: redo });
    this.install(page);
    this.changed(null, true);
  }

  /** Put another map on the canvas: one step, so that a wrong click loses nothing. */
  open({ width, height, ids, sector, spacing }, op) {
    this.abandonStroke();
    const before = this.page;
    const after = { width, height, ids: ids.slice(), sector: sector.slice(), spacing };
    this.install(after);
    // The step holds whole pages: strokes keep changing `ids` in place, but undoing walks back through them.
    this.remember({ op, page: { before, after }, bytes: 2 * (before.ids.length + after.ids.length) });
    this.settle(null, op);
  }

  beginStroke() {
    // `box` bounds the whole stroke, `fresh` what the panes have not drawn yet.
    if (!this.stroke) this.stroke = { original: this.ids.slice(), box: null, fresh: null };
  }

  /** Set the pixels x0..x1 (inclusive) of row y: `label` is an id, or null to give the pixels back to the sector. */
  writeSpan(y, x0, x1, label) {
    if (y < 0 || y >= this.height) return;
    const from = Math.max(0, x0);
    const to = Math.min(this.width - 1, x1);
    if (from > to) return;
    for (let i = y * this.width + from, end = y * this.width + to; i <= end; i++) {
      if (this.locked.has(this.ids[i])) continue;
      this.ids[i] = label === null ? (this.sector[i] ? LABEL.SECTOR : LABEL.OUTSIDE) : label;
    }
    this.stroke.fresh = joined(this.stroke.fresh, [from, y, to, y]);
  }

  /** Replace what the running stroke shows by a whole map. */
  show(ids) {
    const box = differenceBox(this.ids, ids, this.width, this.height);
    if (!box) return;
    this.ids.set(ids);
    this.stroke.fresh = joined(this.stroke.fresh, box);
  }

  /** Let the panes know that pixels of the running stroke changed. */
  touched() {
    const { fresh } = this.stroke || {};
    if (!fresh) return;
    this.stroke.box = joined(this.stroke.box, fresh);
    this.stroke.fresh = null;
    this.changed(fresh, false);
  }

  /** End the stroke: one step of the history, or none where no pixel changed. */
  endStroke(op) {
    this.touched();
    const stroke = this.stroke;
    this.stroke = null;
    if (!stroke || !stroke.box) return;
    const before = cut(stroke.original, this.width, stroke.box);
    const after = cut(this.ids, this.width, stroke.box);
    if (before.every((id, i) => id === after[i])) {
      this.changed(null, false); // no step, but the stroke is over
      return;
    }
    this.remember({ op, box: stroke.box, before, after, bytes: 2 * before.length });
    this.settle(stroke.box, op);
  }

  abandonStroke() {
    if (!this.stroke) return;
    this.ids.set(this.stroke.original);
    this.stroke = null;
    this.changed(null, false);
  }

  /** One step from a whole map of the same size. A new sector comes along where the edit changed it. */
  replace(ids, op, sector = null) {
    if (sector && differenceBox(this.sector, sector, this.width, this.height)) {
      this.open({ width: this.width, height: this.height, spacing: this.spacing, ids, sector }, op);
      return;
    }
    this.abandonStroke();
    this.beginStroke();
    this.show(ids);
    this.endStroke(op);
  }

  remember(step) {
    this.undoStack.push(step);
    this.redoStack.length = 0;
    let bytes = this.undoStack.reduce((sum, kept) => sum + kept.bytes, 0);
    while (this.undoStack.length > HISTORY_DEPTH || (bytes > HISTORY_BYTES && this.undoStack.length > 1)) {
      bytes -= this.undoStack.shift().bytes;
      this.base += 1;
    }
  }

  undo() {
    this.travel(this.position - 1);
  }

  redo() {
    this.travel(this.position + 1);
  }

  /** Go to another state of the history, as far as it is kept. */
  travel(position) {
    if (this.stroke) return;
    const last = this.position + this.redoStack.length;
    const target = Math.min(last, Math.max(this.base, position));
    if (target === this.position) return;
    const whole = Math.abs(target - this.position) > 1;
    let step;
    while (this.position > target) step = this.swap(this.undoStack, this.redoStack, "before");
    while (this.position < target) step = this.swap(this.redoStack, this.undoStack, "after");
    this.settle(whole || !step.box ? null : step.box, null);
  }

  swap(from, to, side) {
    const step = from.pop();
    to.push(step);
    if (step.box) paste(this.ids, this.width, step.box, step[side]);
    else this.install(step.page[side]);
    return step;
  }

  settle(box, op) {
    this.revision += 1;
    for (const journal of this.journals) journal(op);
    this.changed(box, true);
  }

  /** `box` is the part that changed (null: all of it); `settled` is false in the middle of a stroke. */
  changed(box, settled) {
    for (const listener of this.listeners) listener(box, settled);
  }
}

