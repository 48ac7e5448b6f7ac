import assert from "node:assert/strict";
import { test } from "node:test";

import { LabelDocument } from "../../echo_studio/web/static/canvas/document/document.js";
import { cut, differenceBox, joined, paste } from "../../echo_studio/web/static/canvas/document/box.js";
import { opened, pageOf, plain, rowsOf } from "./stand_ins.js";

function paint(labels, y, x0, x1, label) {
  labels.beginStroke();
  labels.writeSpan(y, x0, x1, label);
  labels.endStroke({ tool: "brush", label });
}

test("undo and redo bring every state back, byte for byte", () => {
  const labels = opened(plain(4, 4));
  const states = [labels.ids.slice()];
  for (const [y, x0, x1, label] of [[0, 0, 2, 1], [1, 1, 3, 2], [0, 1, 1, 3], [3, 0, 3, 1]]) {
    paint(labels, y, x0, x1, label);
    states.push(labels.ids.slice());
  }
  for (let k = states.length - 2; k >= 0; k--) {
    labels.undo();
    assert.deepEqual(labels.ids, states[k]);
  }
  for (let k = 1; k < states.length; k++) {
    labels.redo();
    assert.deepEqual(labels.ids, states[k]);
  }
});

test("a span ends at the edges of the map, and rows beyond it are left out", () => {
  const labels = opened(plain(4, 3));
  labels.beginStroke();
  labels.writeSpan(1, -5, 1, 1);
  labels.writeSpan(2, 3, 90, 2);
  labels.writeSpan(-1, 0, 3, 3);
  labels.writeSpan(3, 0, 3, 3);
  labels.writeSpan(0, 4, 9, 3);
  labels.writeSpan(0, 3, 2, 3);
  labels.endStroke({});
  assert.deepEqual(rowsOf(labels), ["4444", "1144", "4442"]);
});

test("locked labels are never overwritten, and the outside is locked from the start", () => {
  const labels = opened(pageOf(["0124", "0124"]));
  labels.locked.add(2);
  paint(labels, 0, 0, 3, 3);
  assert.deepEqual(rowsOf(labels), ["0323", "0124"]);
  labels.locked.clear();
  paint(labels, 0, 0, 3, 1);
  assert.deepEqual(rowsOf(labels), ["1111", "0124"]);
});

test("erased pixels become sector inside the sector and outside beyond it", () => {
  const labels = opened({ ...pageOf(["1122"]), sector: Uint8Array.from([1, 0, 1, 0]) });
  paint(labels, 0, 0, 3, null);
  assert.deepEqual(rowsOf(labels), ["4040"]);
});

test("a stroke that changes nothing is no step", () => {
  const labels = opened(plain(4, 2));
  paint(labels, 0, 0, 3, 4);
  labels.beginStroke();
  labels.writeSpan(0, 0, 3, 1);
  labels.touched();
  labels.writeSpan(0, 0, 3, 4);
  labels.endStroke({});
  labels.endStroke({});
  assert.deepEqual([labels.position, labels.revision, labels.undoStack.length], [0, 0, 0]);
});

test("a step keeps the pixels of the smallest box around its stroke, before and after, and its op", () => {
  const labels = opened(plain(6, 4));
  labels.beginStroke();
  labels.writeSpan(1, 2, 3, 1);
  labels.writeSpan(2, 4, 4, 2);
  labels.endStroke({ tool: "brush" });
  const { box, before, after, bytes, op } = labels.undoStack[0];
  assert.deepEqual(box, [2, 1, 4, 2]);
  assert.deepEqual([...before], [4, 4, 4, 4, 4, 4]);
  assert.deepEqual([...after], [1, 1, 4, 4, 4, 2]);
  assert.equal(bytes, 12);
  assert.deepEqual(op, { tool: "brush" });
});

test("a new step forgets what was undone", () => {
  const labels = opened(plain(4, 2));
  paint(labels, 0, 0, 1, 1);
  paint(labels, 1, 0, 1, 2);
  labels.undo();
  paint(labels, 1, 2, 3, 3);
  labels.redo();
  assert.deepEqual(rowsOf(labels), ["1144", "4433"]);
  assert.equal(labels.redoStack.length, 0);
});

test("the history keeps a hundred steps, and positions go on counting", () => {
  const labels = opened(plain(4, 2));
  for (let k = 0; k < 130; k++) paint(labels, 0, 0, 3, 1 + (k % 2));
  assert.deepEqual([labels.position, labels.base, labels.undoStack.length], [130, 30, 100]);
  labels.travel(0);
  assert.equal(labels.position, 30, "as far as it is kept");
  labels.undo();
  assert.equal(labels.position, 30);
  assert.deepEqual(rowsOf(labels)[0], "2222", "the state after step 30");
  labels.travel(1e9);
  assert.equal(labels.position, 130);
});

test("steps that need too many bytes push the oldest out, but never the last one", () => {
  const labels = opened(plain(4, 2));
  const big = (bytes) => labels.remember({ op: null, box: [0, 0, 0, 0], before: [4], after: [4], bytes });
  for (let k = 0; k < 5; k++) big(100 * 2 ** 20);
  assert.deepEqual([labels.undoStack.length, labels.base], [2, 3]);
  big(300 * 2 ** 20);
  assert.deepEqual([labels.undoStack.length, labels.base], [1, 5]);
});

test("another map is one step, which brings size, sector and spacing back when it is undone", () => {
  const first = { ...pageOf(["0144"], "0.5,0.4"), sector: Uint8Array.from([0, 1, 1, 0]) };
  const labels = opened(first);
  paint(labels, 0, 1, 2, 2);
  labels.open(plain(2, 3, 1, "1,1"), { tool: "open", what: "label map" });
  paint(labels, 0, 0, 1, 3);
  assert.deepEqual(rowsOf(labels), ["33", "11", "11"]);
  labels.travel(2);
  assert.deepEqual([rowsOf(labels), labels.spacing], [["11", "11", "11"], "1,1"]);
  labels.undo();
  assert.deepEqual([rowsOf(labels), labels.width, labels.height, labels.spacing], [["0224"], 4, 1, "0.5,0.4"]);
  assert.deepEqual([...labels.sector], [0, 1, 1, 0]);
  labels.travel(3);
  assert.deepEqual(rowsOf(labels), ["33", "11", "11"]);
});

test("an opened map is a copy: painting leaves the arrays that were handed in as they are", () => {
  const labels = opened(plain(4, 2));
  const page = plain(3, 3, 1);
  labels.open(page, {});
  paint(labels, 0, 0, 2, 2);
  assert.ok(page.ids.every((id) => id === 1));
  assert.notEqual(labels.sector, page.sector);
});

test("a whole map that an edit computed is one step; the same map is none; another sector comes along", () => {
  const labels = opened(plain(3, 2));
  labels.replace(Uint8Array.from([4, 1, 4, 4, 4, 4]), { tool: "smooth" });
  assert.deepEqual([labels.position, labels.undoStack[0].box], [1, [1, 0, 1, 0]]);
  labels.replace(labels.ids.slice(), { tool: "smooth" }, labels.sector.slice());
  assert.equal(labels.position, 1);
  labels.replace(Uint8Array.from([4, 1, 0, 4, 4, 0]), { tool: "shape" }, Uint8Array.from([1, 1, 0, 1, 1, 0]));
  assert.deepEqual([labels.position, [...labels.sector]], [2, [1, 1, 0, 1, 1, 0]]);
  labels.undo();
  assert.deepEqual([rowsOf(labels), [...labels.sector]], [["414", "444"], [1, 1, 1, 1, 1, 1]]);
});

test("a replacement gives up a stroke that is under way", () => {
  const labels = opened(plain(3, 1));
  labels.beginStroke();
  labels.writeSpan(0, 0, 0, 1);
  labels.replace(Uint8Array.from([4, 4, 2]), {});
  assert.deepEqual(rowsOf(labels), ["442"]);
  labels.undo();
  assert.deepEqual(rowsOf(labels), ["444"]);
});

test("a journey over many steps is one change and one entry of the journal", () => {
  const labels = opened(plain(4, 2));
  for (const label of [1, 2, 3]) paint(labels, 0, 0, label, label);
  const changes = [];
  const ops = [];
  labels.listeners.add((box, settled) => changes.push([box, settled]));
  labels.journals.add((op) => ops.push(op));
  const { revision } = labels;
  labels.travel(0);
  assert.deepEqual(changes, [[null, true]]);
  assert.deepEqual([ops, labels.revision], [[null], revision + 1]);
  labels.travel(1);
  assert.deepEqual(changes[1], [[0, 0, 1, 0], true], "one step: its box alone");
  labels.travel(1);
  labels.travel(-7);
  labels.travel(0);
  assert.equal(ops.length, 3, "where it is already, nothing happens");
});

test("nobody travels in the middle of a stroke", () => {
  const labels = opened(plain(4, 2));
  paint(labels, 0, 0, 3, 1);
  labels.beginStroke();
  labels.writeSpan(1, 0, 3, 2);
  labels.undo();
  labels.redo();
  labels.travel(0);
  assert.deepEqual([rowsOf(labels), labels.position], [["1111", "2222"], 1]);
});

test("an abandoned stroke leaves no trace and is no settled change", () => {
  const labels = opened(plain(4, 2));
  const changes = [];
  labels.listeners.add((box, settled) => changes.push([box, settled]));
  labels.abandonStroke();
  assert.deepEqual(changes, [], "there was none");
  labels.beginStroke();
  labels.writeSpan(1, 0, 3, 2);
  labels.touched();
  labels.abandonStroke();
  assert.deepEqual(rowsOf(labels), ["4444", "4444"]);
  assert.deepEqual(changes, [[[0, 1, 3, 1], false], [null, false]]);
  assert.equal(labels.position, 0);
});

test("each settled change is written to the journal once, with its op and the next revision", () => {
  const labels = opened(plain(4, 2));
  const entries = [];
  labels.journals.add((op) => entries.push([op && op.label, labels.revision, labels.position]));
  paint(labels, 0, 0, 1, 1);
  paint(labels, 0, 0, 1, 1);
  paint(labels, 0, 0, 1, 2);
  labels.undo();
  labels.open(plain(2, 2), { label: "page" });
  assert.deepEqual(entries, [[1, 1, 1], [2, 2, 2], [null, 3, 1], ["page", 4, 2]]);
});

test("in a stroke the panes get only what is new since they were called last", () => {
  const labels = opened(plain(6, 3));
  const boxes = [];
  labels.listeners.add((box) => boxes.push(box));
  labels.beginStroke();
  labels.writeSpan(0, 0, 1, 1);
  labels.touched();
  labels.touched();
  labels.writeSpan(2, 4, 5, 1);
  labels.touched();
  labels.endStroke({});
  assert.deepEqual(boxes, [[0, 0, 1, 0], [4, 2, 5, 2], [0, 0, 5, 2]]);
});

test("while a warp is dragged, the last map that was shown counts", () => {
  const labels = opened(plain(3, 1));
  labels.beginStroke();
  labels.show(Uint8Array.from([1, 4, 4]));
  labels.show(Uint8Array.from([4, 4, 2]));
  labels.show(Uint8Array.from([4, 4, 2]));
  labels.endStroke({ tool: "deform" });
  assert.deepEqual([rowsOf(labels), labels.position], [["442"], 1]);
  labels.undo();
  assert.deepEqual(rowsOf(labels), ["444"]);
});

test("a second beginning goes on with the stroke that is under way", () => {
  const labels = opened(plain(3, 1));
  labels.beginStroke();
  labels.writeSpan(0, 0, 0, 1);
  labels.beginStroke();
  labels.abandonStroke();
  assert.deepEqual(rowsOf(labels), ["444"]);
});

test("a session begins with the history that it was left with", () => {
  const labels = new LabelDocument();
  assert.equal(labels.revision, -1, "no map is there yet");
  const changes = [];
  labels.listeners.add((box, settled) => changes.push([box, settled]));
  const step = (from, to) => ({ op: { tool: "brush" }, box: [0, 0, 0, 0], before: Uint8Array.of(from), after: Uint8Array.of(to), bytes: 2 });
  labels.begin(pageOf(["24"]), { revision: 9, base: 5, undo: [step(4, 1), step(1, 2)], redo: [step(2, 3)] });
  assert.deepEqual([labels.position, labels.base, labels.revision], [7, 5, 9]);
  assert.deepEqual(changes, [[null, true]]);
  labels.redo();
  assert.deepEqual(rowsOf(labels), ["34"]);
  labels.travel(0);
  assert.deepEqual([rowsOf(labels), labels.position], [["44"], 5]);
});

test("the spacing is read as [y, x], and is null where it is not known", () => {
  assert.deepEqual(opened(plain(2, 2, 4, "0.593,0.723")).spacingMm, [0.593, 0.723]);
  assert.equal(opened(plain(2, 2)).spacingMm, null);
});

test("the box of a difference holds every pixel that differs, and is null where none does", () => {
  const [a, b] = [plain(5, 4), plain(5, 4)];
  assert.equal(differenceBox(a.ids, b.ids, 5, 4), null);
  b.ids[1 * 5 + 3] = 1;
  b.ids[2 * 5 + 1] = 1;
  assert.deepEqual(differenceBox(a.ids, b.ids, 5, 4), [1, 1, 3, 2]);
  assert.deepEqual(joined(null, [1, 2, 3, 4]), [1, 2, 3, 4]);
  assert.deepEqual(joined([1, 2, 3, 4], [0, 3, 2, 9]), [0, 2, 3, 9]);
});

test("a patch that was cut out is pasted back where it was", () => {
  const { ids, width } = pageOf(["0123", "1234", "2340"]);
  const box = [1, 0, 2, 2];
  const patch = cut(ids, width, box);
  assert.deepEqual([...patch], [1, 2, 2, 3, 3, 4]);
  const other = new Uint8Array(12);
  paste(other, width, box, patch);
  assert.deepEqual(rowsOf({ ids: other, width }), ["0120", "0230", "0340"]);
});
