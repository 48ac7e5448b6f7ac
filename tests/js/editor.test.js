import assert from "node:assert/strict";
import { test } from "node:test";

import { brushSizeWords, parseBrushSize, pixelSize } from "../../echo_studio/web/static/canvas/tools/brush_size.js";
import { drag, editorOn, heart, plain } from "./stand_ins.js";

test("a brush is at least a pixel and at most a quarter of a large map, and grows by single pixels or a tenth", () => {
  const editor = editorOn(plain(40, 40));
  editor.resize(0.2);
  assert.equal(editor.size, 1);
  editor.resize(1e9);
  assert.equal(editor.size, 100);
  editor.resize(5);
  editor.nudgeSize(1);
  assert.equal(editor.size, 6);
  editor.resize(50);
  editor.nudgeSize(-1);
  assert.equal(editor.size, 45);
  assert.equal(editorOn(plain(800, 1000)).largestBrush, 200);
});

test("choosing a label while erasing takes the brush", () => {
  const editor = editorOn(plain(10, 10));
  editor.choose("eraser");
  editor.chooseLabel(3);
  assert.deepEqual([editor.toolName, editor.label], ["brush", 3]);
  editor.choose("fill");
  editor.chooseLabel(2);
  assert.equal(editor.toolName, "fill");
});

test("another tool drops what the first one had begun", () => {
  const editor = editorOn(plain(20, 20));
  editor.tool.down(5, 5);
  editor.choose("polygon");
  assert.deepEqual([editor.document.stroke, editor.document.position], [null, 0]);
  editor.tool.down(5, 5, { near: () => false });
  editor.choose("brush");
  assert.deepEqual(editor.tools.polygon.points, []);
});

test("a pen turned round erases until it is lifted", () => {
  const editor = editorOn(plain(20, 20, 1));
  editor.borrowTool("eraser");
  drag(editor.tool, [[5, 5]]);
  editor.returnTool();
  editor.returnTool();
  assert.equal(editor.toolName, "brush");
  assert.equal(editor.document.undoStack[0].op.tool, "eraser");
});

test("locks do not change in the middle of a stroke", () => {
  const editor = editorOn(plain(20, 20));
  editor.tool.down(5, 5);
  editor.toggleLock(4);
  assert.deepEqual(editor.locks, [0]);
  editor.tool.up();
  editor.toggleLock(4);
  editor.toggleLock(2);
  editor.toggleLock(0);
  assert.deepEqual(editor.locks, [2, 4]);
});

test("a proposal goes with the map that it was made from", () => {
  const editor = editorOn(plain(20, 20));
  editor.setGhost(new Uint8Array(400));
  editor.tool.down(5, 5);
  assert.ok(editor.ghost, "a stroke that is under way leaves it");
  editor.tool.up();
  assert.equal(editor.ghost, null);
});

test("the frame is shown only where it has the size of the map", () => {
  const editor = editorOn(plain(20, 10));
  Object.assign(editor.result, { width: 20, height: 10, shown: "frame" });
  assert.equal(editor.frame, "frame");
  editor.document.open(heart(30, 30), {});
  assert.equal(editor.frame, null);
});

test("a journey along the history drops what is under way", () => {
  const editor = editorOn(plain(20, 20));
  drag(editor.tool, [[5, 5]]);
  editor.tool.down(12, 12);
  editor.travel(0);
  assert.ok(editor.document.ids.every((id) => id === 4));
  assert.equal(editor.document.position, 0);
});

test("every change of the editor is heard once", () => {
  const editor = editorOn(plain(20, 20));
  let heard = 0;
  editor.listeners.add(() => (heard += 1));
  for (const change of [() => editor.resize(3), () => editor.hover([1, 2]), () => editor.choose("fill"), () => editor.chooseLabel(2)]) {
    const before = heard;
    change();
    assert.ok(heard > before);
  }
  const before = heard;
  editor.choose("fill");
  editor.setGhost(null);
  assert.equal(heard, before, "nothing changed");
});

test("a brush size is read in pixels or millimetres, with a comma or a full stop", () => {
  for (const [text, size] of [["12", 12], [" 12 px", 12], ["12 px · 6.0 mm", 12], ["4 mm", 8], ["3,5 MM", 7], ["3.5mm", 7]]) {
    assert.equal(parseBrushSize(text, 0.5), size, text);
  }
  for (const text of ["", "mm", "-3", "0", "0 mm"]) assert.throws(() => parseBrushSize(text, 0.5), /Expected a brush size/);
  assert.throws(() => parseBrushSize("4 mm", null), /in pixels/);
});

test("a brush size is shown in millimetres where the size of a pixel is known: the mean of its sides", () => {
  assert.equal(pixelSize(null), null);
  assert.equal(pixelSize([0.5, 2]), 1);
  assert.equal(brushSizeWords(12, 0.5), "12 px · 6.0 mm");
  assert.equal(brushSizeWords(12, null), "12 px");
});
