import assert from "node:assert/strict";
import { test } from "node:test";

import {
  selectionOf,
  runLengths,
  withMoved,
  withPasted,
} from "../../echo_studio/web/static/canvas/document/selection.js";
import { drag, editorOn, heart, oracle, plain, pressed, rowsOf, unpacked, unpackedPage } from "./stand_ins.js";

const { maps, cases } = oracle("edits");
const of = (tool) => cases.filter(({ op }) => op.tool === tool);

/** An editor on the map of a case, with its locks, label, size and tool. */
function prepared({ map, op }) {
  const editor = editorOn(unpackedPage(maps[map]));
  editor.document.locked = new Set(op.locked);
  if (op.label !== undefined) editor.label = op.label;
  if (op.size !== undefined) editor.size = op.size;
  editor.choose(op.tool);
  return editor;
}

/** Check that one step was made, with the op of a case and the labels that Python leaves. */
function check(editor, { op, map, after }) {
  const start = unpacked(maps[map].ids);
  assert.deepEqual(editor.document.ids, unpacked(after));
  if (unpacked(after).every((id, i) => id === start[i])) {
    assert.equal(editor.document.position, 0, "nothing changed: no step");
    return;
  }
  assert.equal(editor.document.position, 1);
  assert.deepEqual(editor.document.undoStack[0].op, op);
  editor.undo();
  assert.deepEqual(editor.document.ids, start);
}

for (const tool of ["brush", "eraser"]) {
  test(`the ${tool} paints what Python paints along the same cells, and logs those cells`, () => {
    assert.equal(of(tool).length, 8);
    for (const one of of(tool)) {
      const editor = prepared(one);
      const offset = one.op.size % 2 ? 0.5 : 0;
      drag(editor.tool, one.op.cells.map((cell) => cell.map((place) => place + offset)));
      check(editor, one);
    }
  });
}

test("the fill paints the region that Python finds", () => {
  for (const one of of("fill")) {
    const editor = prepared(one);
    drag(editor.tool, [one.op.at.map((place) => place + 0.3)]);
    check(editor, one);
  }
});

test("a polygon fills what Python fills by the even-odd rule at pixel centres", () => {
  for (const one of of("polygon")) {
    const editor = prepared(one);
    for (const [x, y] of one.op.points) editor.tool.down(x, y, { near: () => false, double: false });
    editor.tool.finish();
    check(editor, one);
  }
});

test("a lasso fills what Python fills inside the same way", () => {
  for (const one of of("lasso")) {
    const editor = prepared(one);
    drag(editor.tool, one.op.points);
    check(editor, one);
  }
});

test("moved structures lie where Python puts them, whatever the matrix", () => {
  for (const { op, map, after } of of("transform")) {
    const page = { ...unpackedPage(maps[map]), locked: new Set(op.locked) };
    assert.deepEqual(withMoved(page, selectionOf(page, op.structures), op.structures, op.matrix), unpacked(after));
  }
});

test("a pasted structure lies where Python puts it, and is logged in the same run lengths", () => {
  for (const { op, map, after } of of("paste")) {
    const page = { ...unpackedPage(maps[map]), locked: new Set(op.locked) };
    const selection = selectionOf(page, [op.label]);
    assert.deepEqual(selection.box, op.box);
    assert.equal(runLengths(selection), op.mask);
    assert.deepEqual(withPasted(page, selection, op.matrix), unpacked(after));
  }
});

test("a stroke keeps the size and the label that it began with, whatever the keys do meanwhile", () => {
  const editor = editorOn(plain(40, 40));
  const { tool } = editor;
  editor.resize(5);
  tool.down(10.5, 10.5);
  editor.chooseLabel(3);
  editor.resize(20);
  editor.toggleLock(4);
  tool.move([[20.5, 10.5]]);
  tool.up();
  const { op } = editor.document.undoStack[0];
  assert.deepEqual([op.size, op.label, op.locked], [5, 1, [0]]);
  assert.ok(editor.document.ids.every((id) => id === 4 || id === 1));
});

test("events that stay in one cell add nothing to the log", () => {
  const editor = editorOn(plain(20, 20));
  editor.resize(3);
  drag(editor.tool, [[5.1, 5.1], [5.9, 5.2], [6.1, 5.2], [6.8, 5.9]]);
  assert.deepEqual(editor.document.undoStack[0].op.cells, [[5, 5], [6, 5]]);
});

test("a stroke that is cancelled takes its paint back, and moves without a press paint nothing", () => {
  const editor = editorOn(plain(20, 20));
  const { tool } = editor;
  tool.move([[5, 5]]);
  tool.up();
  tool.down(5, 5);
  assert.ok(tool.busy);
  tool.move([[15, 15]]);
  tool.cancel();
  tool.move([[3, 3]]);
  tool.up();
  assert.ok(!tool.busy);
  assert.ok(editor.document.ids.every((id) => id === 4));
  assert.equal(editor.document.position, 0);
});

test("a fill beyond the map does nothing, and a locked region stays", () => {
  const editor = editorOn(plain(6, 6));
  editor.choose("fill");
  for (const [x, y] of [[-0.1, 2], [2, -0.1], [6, 2], [2, 6]]) drag(editor.tool, [[x, y]]);
  editor.toggleLock(4);
  drag(editor.tool, [[2, 2]]);
  assert.equal(editor.document.position, 0);
});

test("a polygon closes by a double click, by a click on its first corner and by Enter, from three corners on", () => {
  const corners = [[2, 2], [12, 2], [12, 12]];
  const closings = [
    (tool) => tool.down(12, 12, pressed(12, 12, { double: true })),
    (tool) => tool.down(2.5, 2.5, pressed(2.5, 2.5)),
    (tool) => tool.finish(),
  ];
  const results = closings.map((close) => {
    const editor = editorOn(plain(30, 30));
    editor.choose("polygon");
    for (const [x, y] of corners) editor.tool.down(x, y, { near: () => false, double: false });
    close(editor.tool);
    assert.ok(!editor.tool.busy);
    assert.equal(editor.document.position, 1);
    return rowsOf(editor.document).join("\n");
  });
  assert.equal(new Set(results).size, 1);
  const editor = editorOn(plain(30, 30));
  editor.choose("polygon");
  editor.tool.down(2, 2, { near: () => false, double: false });
  editor.tool.down(9, 2, { near: () => false, double: false });
  editor.tool.finish();
  assert.deepEqual([editor.document.position, editor.tool.busy], [0, false], "two corners enclose nothing");
});

test("undo takes a polygon's corners back one by one before it takes steps back", () => {
  const editor = editorOn(plain(30, 30));
  drag(editor.tool, [[5, 5]]);
  editor.choose("polygon");
  for (const [x, y] of [[2, 2], [12, 2]]) editor.tool.down(x, y, { near: () => false, double: false });
  editor.undo();
  editor.undo();
  assert.deepEqual([editor.tool.busy, editor.document.position], [false, 1]);
  editor.undo();
  assert.equal(editor.document.position, 0);
});

test("a lasso keeps hundredths of a pixel, leaves repeats out and thins a very long way", () => {
  const editor = editorOn(plain(64, 64));
  editor.choose("lasso");
  const { tool } = editor;
  tool.move([[1, 1]], {});
  assert.ok(!tool.busy);
  tool.down(1.23456, 2);
  tool.move([[1.2349, 2.0001], [9.999, 2], [9.99, 12]], {});
  assert.deepEqual(tool.points, [[1.23, 2], [10, 2], [9.99, 12]]);
  tool.move(Array.from({ length: 60000 }, (_, k) => [k / 100, 5]), {});
  assert.ok(tool.points.length <= 50000);
  tool.cancel();
  tool.up();
  assert.equal(editor.document.position, 0);
});

test("locked labels stay under fill, polygon and lasso", () => {
  const page = heart(40, 40);
  for (const name of ["fill", "polygon", "lasso"]) {
    const editor = editorOn(page);
    editor.toggleLock(2);
    editor.chooseLabel(3);
    editor.choose(name);
    if (name === "polygon") {
      for (const [x, y] of [[2, 2], [38, 2], [38, 38], [2, 38]]) editor.tool.down(x, y, { near: () => false, double: false });
      editor.tool.finish();
    } else drag(editor.tool, name === "fill" ? [[20, 18]] : [[2, 2], [38, 2], [38, 38], [2, 38]]);
    assert.equal(editor.document.position, 1, name);
    page.ids.forEach((id, i) => id === 2 && assert.equal(editor.document.ids[i], 2));
  }
});
