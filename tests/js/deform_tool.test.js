import assert from "node:assert/strict";
import { test } from "node:test";

import { editorOn, heart, installFrames, plain, pressed, settled } from "./stand_ins.js";

const frames = installFrames();
const FOUND = [
  { key: "apex", structure: 2, place: [40, 10] },
  { key: "endo-1", structure: 1, place: [31, 30] },
  { key: "epi-1", structure: 2, place: [24, 40] },
  { key: "epi-2", structure: 2, place: [56, 40] },
  { key: "hinge-left", structure: 1, place: [34, 56] },
  { key: "atrium-1", structure: 3, place: [40, 73] },
];

/** A tool on a heart with handles that the server has found; `calls` counts how often it was asked. */
async function deforming(page = heart(80, 80), handles = FOUND) {
  const editor = editorOn(page);
  const link = { calls: 0, handles: async () => ((link.calls += 1), structuredClone(handles)) };
  editor.link = link;
  editor.choose("deform");
  await settled();
  const { tool } = editor;
  const by = (key) => tool.handles.find((one) => one.key === key);
  const grab = (key, more = {}) => {
    const [x, y] = by(key).place.map((place) => place + 0.5);
    tool.down(x, y, pressed(x, y, more));
    return [x, y];
  };
  /** Drag a handle by way of others; every position is seen in a frame of its own. */
  const pull = (key, ...shifts) => {
    const [x, y] = grab(key);
    for (const [dx, dy] of shifts) {
      tool.move([[x + dx, y + dy]]);
      frames.next();
    }
  };
  return { editor, link, tool, by, grab, pull, map: editor.document };
}

test("handles are found once for a map, whatever the drags, and are those that the server names", async () => {
  const { tool, link, pull, by } = await deforming();
  assert.deepEqual(tool.handles.map(({ key }) => key), FOUND.map(({ key }) => key));
  pull("epi-1", [5, 2]);
  tool.up();
  assert.equal(link.calls, 1);
  assert.deepEqual(by("epi-1").place, [29, 42]);
});

test("a drag is one step, from where the handles rested to where they are", async () => {
  const { tool, pull, map, editor } = await deforming();
  editor.toggleLock(4);
  tool.setOption("kind", "similarity");
  pull("epi-1", [2, 1], [9, 9], [5, 2]);
  tool.up();
  assert.equal(map.position, 1);
  const { op } = map.undoStack[0];
  assert.deepEqual([op.tool, op.kind, op.structures, op.locked], ["deform", "similarity", [1, 2], [0, 4]]);
  assert.deepEqual(op.before, FOUND.slice(0, 5).map(({ place }) => place), "the atrium has no part");
  assert.deepEqual(op.after[2], [29, 42]);
  assert.deepEqual(op.after[4], [34, 56], "the annulus stays");
});

test("a drag away and back leaves no trace", async () => {
  const { tool, pull, map, by } = await deforming();
  const before = map.ids.slice();
  pull("epi-1", [20, -9], [40, 40], [0, 0]);
  tool.up();
  assert.deepEqual(map.ids, before);
  assert.equal(map.position, 0);
  assert.deepEqual(by("epi-1").place, [24, 40]);
});

test("between two frames of the screen only the last position is warped, and the release counts it", async () => {
  const { tool, grab, map, by } = await deforming();
  const boxes = [];
  const [x, y] = grab("epi-1");
  map.listeners.add((box, done) => done || boxes.push(box));
  for (const dx of [1, 2, 3, 4]) tool.move([[x + dx, y]]);
  assert.equal(boxes.length, 1, "the first at once");
  frames.next();
  assert.equal(boxes.length, 2);
  frames.next();
  tool.move([[x + 9, y]]);
  tool.move([[x + 6, y]]);
  tool.up();
  assert.deepEqual(by("epi-1").place, [30, 40]);
  frames.next();
});

test("Escape gives the map and the handles back", async () => {
  const { tool, pull, map } = await deforming();
  const before = map.ids.slice();
  pull("epi-1", [12, 3]);
  assert.notDeepEqual(map.ids, before);
  tool.cancel();
  assert.deepEqual(map.ids, before);
  assert.deepEqual(tool.handles.map(({ place }) => place), FOUND.map(({ place }) => place));
  tool.up();
  assert.equal(map.position, 0);
});

test("undo and redo take the handles along without asking the server", async () => {
  const { tool, pull, editor, link, by } = await deforming();
  pull("epi-1", [5, 2]);
  tool.up();
  pull("epi-2", [4, 0]);
  tool.up();
  editor.undo();
  assert.deepEqual([by("epi-1").place, by("epi-2").place], [[29, 42], [56, 40]]);
  editor.undo();
  assert.deepEqual(by("epi-1").place, [24, 40]);
  editor.document.redo();
  assert.deepEqual([by("epi-1").place, by("epi-2").place], [[29, 42], [56, 40]]);
  assert.equal(link.calls, 1);
});

test("another tool's change places the handles again and keeps the pins; another map forgets them", async () => {
  const { tool, editor, link, grab, by, map } = await deforming();
  grab("epi-1", { shift: true });
  assert.ok(by("epi-1").pinned);
  map.replace(map.ids.map((id) => (id === 3 ? 4 : id)), { tool: "brush" });
  await settled();
  assert.equal(link.calls, 2);
  assert.ok(by("epi-1").pinned);
  editor.choose("brush");
  map.undo();
  await settled();
  assert.equal(link.calls, 2, "not while another tool is used");
  editor.choose("deform");
  await settled();
  assert.equal(link.calls, 3);
  map.open(heart(80, 80), {});
  await settled();
  assert.ok(!by("epi-1").pinned);
  assert.equal(tool.handles.length, 6);
});

test("handles that arrive for an older map, or in the middle of a drag, are not taken", async () => {
  const editor = editorOn(heart(80, 80));
  const answers = [];
  editor.link = { handles: () => new Promise((resolve) => answers.push(resolve)) };
  editor.choose("deform");
  editor.document.replace(editor.document.ids.map((id) => (id === 3 ? 4 : id)), {});
  answers[0](structuredClone(FOUND));
  await settled();
  assert.deepEqual(editor.tool.handles, []);
  answers[1](structuredClone(FOUND.slice(0, 2)));
  await settled();
  assert.equal(editor.tool.handles.length, 2);
});

test("a locked structure refuses, with words, and other locked labels are not covered", async () => {
  const { editor, tool, pull, map } = await deforming();
  editor.toggleLock(2);
  pull("endo-1", [4, 0]);
  tool.up();
  assert.deepEqual(editor.words, ["LV myocardium is locked: unlock it to deform it."]);
  assert.equal(map.position, 0);
  editor.toggleLock(2);
  editor.toggleLock(3);
  const before = map.ids.slice();
  pull("hinge-left", [0, 14]);
  tool.up();
  assert.equal(map.position, 1);
  before.forEach((id, i) => id === 3 && assert.equal(map.ids[i], 3));
});

test("where cavity and wall are not linked the handle's own structure moves alone", async () => {
  const { editor, tool, pull, map } = await deforming();
  editor.toggleLinked();
  const before = map.ids.slice();
  pull("endo-1", [4, 0]);
  tool.up();
  assert.deepEqual(map.undoStack[0].op.structures, [1]);
  before.forEach((id, i) => id === 2 && assert.notEqual(map.ids[i], 4, "the wall loses pixels to the cavity alone"));
});

test("a cavity that is not linked deforms beside a locked wall, and the lock is in the log", async () => {
  const { editor, tool, pull, map } = await deforming();
  editor.toggleLinked();
  editor.toggleLock(2);
  const before = map.ids.slice();
  pull("endo-1", [6, 0]);
  tool.up();
  assert.deepEqual(map.undoStack[0].op.locked, [0, 2]);
  before.forEach((id, i) => assert.equal(map.ids[i] === 2, id === 2));
});

test("a pin outlives a drag, and handles that are placed again are those of the server", async () => {
  const { tool, grab, pull, by } = await deforming();
  grab("epi-2", { shift: true });
  grab("apex", { alt: true });
  pull("epi-1", [5, 2]);
  tool.up();
  assert.ok(by("epi-2").pinned);
  tool.setOption("reset", true);
  await settled();
  assert.deepEqual(tool.handles.map(({ key, pinned }) => [key, pinned]), FOUND.map(({ key }) => [key, false]));
});

test("Alt removes a handle or adds one in a structure, a double click adds one at a border, elsewhere words say why not", async () => {
  const { editor, tool, grab, map } = await deforming();
  grab("apex", { alt: true });
  assert.equal(tool.handles.length, 5);
  tool.down(40, 30, pressed(40, 30, { alt: true, near: () => false }));
  tool.up();
  assert.deepEqual([tool.set.chosen.structure, tool.set.chosen.place, tool.handles.length], [1, [39.5, 29.5], 6]);
  tool.down(2, 2, pressed(2, 2, { double: true, near: () => false }));
  assert.deepEqual(editor.words, ["Handles are for cavity, wall and atrium."]);
  assert.equal(tool.handles.length, 6);
  const before = tool.handles.length;
  for (let k = before; k < 256; k++) tool.set.add(1, [200, 200]);
  tool.down(40, 30, pressed(40, 30, { alt: true, near: () => false }));
  assert.equal(editor.words.at(-1), "There are 256 handles: remove one first.");
  assert.equal(map.position, 0);
});

test("keys choose a handle, nudge it, pin it and remove it; one press is one step however often it repeats", async () => {
  const { tool, map, editor } = await deforming();
  const key = (name, shiftKey = false) => tool.keydown({ key: name, code: name, shiftKey });
  assert.equal(key("ArrowLeft"), false, "no handle is chosen");
  key(".");
  key(".");
  assert.equal(tool.set.chosen.key, "endo-1");
  for (let k = 0; k < 3; k++) assert.equal(key("ArrowLeft"), true);
  key("ArrowUp", true);
  assert.equal(map.position, 0, "while the key is held");
  globalThis.window.dispatchEvent(Object.assign(new Event("keyup"), { key: "ArrowLeft" }));
  assert.equal(map.position, 1);
  assert.deepEqual(tool.set.chosen.place, [28, 20]);
  key("ArrowRight");
  editor.undo();
  assert.deepEqual([map.position, map.redoStack.length], [1, 1], "undo takes the nudge back, which is still held");
  key("Enter");
  assert.ok(tool.set.chosen.pinned);
  key("Delete");
  assert.equal(tool.handles.length, 5);
});

test("a map without structures says so", async () => {
  const { editor } = await deforming(plain(40, 40), []);
  assert.deepEqual(editor.words, ["There is no structure to deform yet: paint one first."]);
});

test("a server that does not find handles is shown in its words", async () => {
  const editor = editorOn(heart(80, 80));
  editor.link = { handles: () => Promise.reject(new Error("No.")) };
  editor.choose("deform");
  await settled();
  assert.deepEqual(editor.words, ["No."]);
});
