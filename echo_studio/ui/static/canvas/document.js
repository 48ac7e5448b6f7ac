// The label document: a Uint8Array of label ids is the only truth; everything on the screen is drawn from it.

const LABEL = { OUTSIDE: 0, SECTOR: 4 };
const HISTORY_DEPTH = 100;
// A 4096 x 4096 map is 16 MB: a hundred whole copies of it would not fit in a browser.
const HISTORY_BYTES = 256 * 1024 * 1024;

class LabelDocument {
  constructor() {
    this.number = 0; // given by the server: which template or file the strokes belong to
    this.revision = 0; // counts every change of the ids since the document was opened
    this.locked = new Set([LABEL.OUTSIDE]);
    this.listeners = new Set();
    this.undoStack = [];
    this.redoStack = [];
    this.stroke = null;
    this.install({ width: 8, height: 8, ids: new Uint8Array(64), fan: new Uint8Array(64), spacing: "" });
  }

  install(page) {
    this.page = page;
    Object.assign(this, page);
  }

  /** Open another map. It can be undone like any other change, so that a wrong click loses nothing. */
  open({ width, height, ids, spacing, number }) {
    this.abandonStroke();
    const before = this.page;
    const fan = new Uint8Array(ids.length);
    for (let i = 0; i < ids.length; i++) fan[i] = ids[i] === LABEL.OUTSIDE ? 0 : 1;
    const after = { width, height, ids: ids.slice(), fan, spacing };
    const first = this.number === 0;
    this.number = number;
    this.revision = 0;
    this.install(after);
    // The stacks hold whole pages here: strokes keep changing `ids` in place, but undoing walks back through them.
    if (!first) this.remember({ before, after, bytes: 2 * (before.ids.length + after.ids.length) });
    this.changed(null, true);
  }

  beginStroke() {
    // `box` bounds the whole stroke, `fresh` what the panes have not drawn yet.
    if (!this.stroke) this.stroke = { original: this.ids.slice(), box: null, fresh: null };
  }

  /** Set the pixels x0..x1 (inclusive) of row y: `label` is an id, or null to give the pixels back to the fan. */
  writeSpan(y, x0, x1, label) {
    if (y < 0 || y >= this.height) return;
    const from = Math.max(0, x0);
    const to = Math.min(this.width - 1, x1);
    if (from > to) return;
    for (let i = y * this.width + from, end = y * this.width + to; i <= end; i++) {
      if (this.locked.has(this.ids[i])) continue;
      this.ids[i] = label === null ? (this.fan[i] ? LABEL.SECTOR : LABEL.OUTSIDE) : label;
    }
    this.stroke.fresh = joined(this.stroke.fresh, [from, y, to, y]);
  }

  /** Tell the panes that pixels of the running stroke changed. */
  touched() {
    const { fresh } = this.stroke || {};
    if (!fresh) return;
    this.stroke.box = joined(this.stroke.box, fresh);
    this.stroke.fresh = null;
    this.changed(fresh, false);
  }

  /** End the stroke: one step of the history, or none where no pixel changed. */
  endStroke() {
    this.touched();
    const stroke = this.stroke;
    this.stroke = null;
    if (!stroke || !stroke.box) return;
    const before = cut(stroke.original, this.width, stroke.box);
    const after = cut(this.ids, this.width, stroke.box);
    if (before.every((id, i) => id === after[i])) return;
    this.remember({ box: stroke.box, before, after, bytes: 2 * before.length });
    this.revision += 1;
    this.changed(stroke.box, true);
  }

  abandonStroke() {
    if (!this.stroke) return;
    this.ids.set(this.stroke.original);
    this.stroke = null;
    this.changed(null, false);
  }

  remember(step) {
    this.undoStack.push(step);
    this.redoStack.length = 0;
    let bytes = this.undoStack.reduce((sum, kept) => sum + kept.bytes, 0);
    while (this.undoStack.length > HISTORY_DEPTH || (bytes > HISTORY_BYTES && this.undoStack.length > 1)) {
      bytes -= this.undoStack.shift().bytes;
    }
  }

  undo() {
    this.step(this.undoStack, this.redoStack, "before");
  }

  redo() {
    this.step(this.redoStack, this.undoStack, "after");
  }

  step(from, to, side) {
    if (this.stroke || !from.length) return;
    const step = from.pop();
    to.push(step);
    if (step.box) paste(this.ids, this.width, step.box, step[side]);
    else this.install(step[side]);
    this.revision += 1;
    this.changed(step.box || null, true);
  }

  /** `box` is the part that changed (null: all of it); `settled` is false in the middle of a stroke. */
  changed(box, settled) {
    for (const listener of this.listeners) listener(box, settled);
  }
}

/** The smallest box [x0, y0, x1, y1] around two; the first may be null. */
function joined(a, b) {
  if (!a) return b;
  return [Math.min(a[0], b[0]), Math.min(a[1], b[1]), Math.max(a[2], b[2]), Math.max(a[3], b[3])];
}

function cut(ids, width, [x0, y0, x1, y1]) {
  const wide = x1 - x0 + 1;
  const patch = new Uint8Array(wide * (y1 - y0 + 1));
  for (let y = y0; y <= y1; y++) patch.set(ids.subarray(y * width + x0, y * width + x1 + 1), (y - y0) * wide);
  return patch;
}

function paste(ids, width, [x0, y0, x1, y1], patch) {
  const wide = x1 - x0 + 1;
  for (let y = y0; y <= y1; y++) ids.set(patch.subarray((y - y0) * wide, (y - y0 + 1) * wide), y * width + x0);
}
