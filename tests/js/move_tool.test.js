import assert from "node:assert/strict";
import { test } from "node:test";

import { selectionOf, withMoved, withPasted } from "../../echo_studio/web/static/canvas/document/selection.js";
import { Viewport } from "../../echo_studio/web/static/canvas/panes/viewport.js";
import { editorOn, heart, installFrames, plain, pressed } from "./stand_ins.js";

const frames = installFrames();
const shift = (dx, dy) => [1, 0, 0, 1, dx, dy];

function moving(page = heart(80, 80)) {
  const editor = editorOn(page);
  editor.choose("move");
  const { tool } = editor;
  tool.viewport = Object.assign(new Viewport(), { scale: 4 });
  const pull = (from, ...ways) => {
    tool.down(...from, pressed(...from, { near: (point, radius = 8) => Math.hypot(point[0] - from[0], point[1] - from[1]) * 4 < radius }));
    for (const [dx, dy, shifted = false] of ways) {
      tool.move([[from[0] + dx, from[1] + dy]], { shift: shifted });
      frames.next();
    }
  };
  const key = (code, shiftKey = false) => tool.keydown({ code, key: code, shiftKey });
  const lift = (code) => globalThis.window.dispatchEvent(Object.assign(new Event("keyup"), { key: code, code }));
  return { editor, tool, pull, key, lift, map: editor.document, start: page };
}

test("a drag inside the box moves cavity and wall by whole pixels, as one step", () => {
  const { tool, pull, map, start } = moving();
  pull([40, 35], [20, 3], [5.4, -2.6]);
  tool.up();
  const { op } = map.undoStack[0];
  assert.deepEqual([op.tool, op.structures, op.matrix, op.locked], ["transform", [1, 2], shift(5, -3), [0]]);
  const page = { ...start, locked: new Set([0]) };
  assert.deepEqual(map.ids, withMoved(page, selectionOf(page, [1, 2]), [1, 2], shift(5, -3)));
  map.undo();
  assert.deepEqual(map.ids, start.ids);
});

test("there and back over bare sector in one drag is no step", () => {
  const { tool, pull, map, start } = moving();
  pull([40, 35], [20, 3], [0.2, -0.4]);
  tool.up();
  assert.deepEqual([map.position, map.ids], [0, start.ids]);
});

test("where cavity and wall are not linked the chosen structure moves alone", () => {
  const { editor, tool, pull, map } = moving();
  editor.toggleLinked();
  pull([40, 35], [3, 0]);
  tool.up();
  assert.deepEqual(map.undoStack[0].op.structures, [1]);
});

test("a click chooses a structure, and a press outside the box drags what is there at once", () => {
  const { editor, tool, pull, map } = moving();
  pull([47, 67]);
  tool.up();
  assert.deepEqual([editor.label, map.position], [3, 0]);
  pull([40, 35], [4, 4]);
  tool.up();
  assert.equal(editor.label, 1);
  assert.deepEqual(map.undoStack[0].op.matrix, shift(4, 4));
  const at = map.position;
  pull([3, 3], [4, 4]);
  tool.up();
  assert.equal(map.position, at, "nothing is there");
});

test("the next drag starts anew from the map that the last one left", () => {
  const { tool, key, lift, map } = moving();
  key("Period", true);
  lift("Period");
  assert.deepEqual([tool.box.box, tool.box.matrix], [selectionOf(map, [1, 2]).box, shift(0, 0)]);
});

test("a press inside the box chooses the structure beneath it, unless it becomes a drag", () => {
  const { editor, tool, pull } = moving();
  editor.toggleLinked();
  editor.chooseLabel(2);
  pull([40, 35]);
  tool.up();
  assert.equal(editor.label, 1);
  editor.chooseLabel(2);
  pull([40, 35], [1, 1]);
  tool.up();
  assert.equal(editor.label, 2);
});

test("Escape takes a drag back", () => {
  const { tool, pull, map, start } = moving();
  pull([40, 35], [9, 9]);
  assert.notDeepEqual(map.ids, start.ids);
  tool.cancel();
  tool.up();
  assert.deepEqual([map.ids, map.position, tool.busy], [start.ids, 0, false]);
});

test("a locked structure refuses, with words; other locked labels are not covered", () => {
  const { editor, tool, pull, map, start } = moving();
  editor.toggleLock(2);
  pull([40, 35], [3, 3]);
  tool.up();
  assert.deepEqual([editor.words, map.position], [["LV myocardium is locked: unlock it to move it."], 0]);
  editor.toggleLock(2);
  editor.toggleLock(3);
  pull([40, 35], [0, 20]);
  tool.up();
  assert.equal(map.position, 1);
  start.ids.forEach((id, i) => id === 3 && assert.equal(map.ids[i], 3));
});

test("keys turn, scale and shift; what is pressed until a key is released is one step", () => {
  const { tool, key, lift, map } = moving();
  for (let k = 0; k < 4; k++) key("ArrowRight");
  key("ArrowDown", true);
  assert.deepEqual([map.position, tool.busy], [0, true]);
  lift("ArrowRight");
  assert.deepEqual([map.position, map.undoStack[0].op.matrix], [1, shift(4, 10)]);
  key("Period", true);
  lift("Period");
  const [a, b] = map.undoStack[1].op.matrix;
  assert.ok(Math.abs(Math.atan2(b, a) - Math.PI / 12) < 1e-9);
  assert.equal(key("KeyA"), false);
});

test("undo takes back what is pressed, and a press of the pointer ends it", () => {
  const { editor, key, pull, tool, map, start } = moving();
  key("ArrowRight");
  editor.undo();
  assert.deepEqual([map.position, map.redoStack.length, map.ids], [0, 1, start.ids]);
  key("ArrowRight");
  pull([3, 3]);
  tool.up();
  assert.equal(map.position, 1);
});

test("a copy floats where it was dropped until it is set down, as one step", () => {
  const { editor, tool, map, start } = moving();
  const selection = selectionOf(start, [3]);
  tool.float({ label: 3, selection }, [20, 20]);
  assert.ok(tool.busy);
  assert.equal(map.position, 0);
  tool.finish();
  const [x0, y0, x1, y1] = selection.box;
  const matrix = shift(Math.round(20 - (x0 + x1 + 1) / 2), Math.round(20 - (y0 + y1 + 1) / 2));
  const { op } = map.undoStack[0];
  assert.deepEqual([op.tool, op.label, op.box, op.matrix], ["paste", 3, selection.box, matrix]);
  assert.deepEqual(map.ids, withPasted({ ...start, locked: editor.document.locked }, selection, matrix));
});

test("a copy that is pasted without a place floats a little off its old one", () => {
  const { tool, map, start } = moving();
  tool.float({ label: 3, selection: selectionOf(start, [3]) }, null);
  tool.setOption("down", true);
  assert.deepEqual(map.undoStack[0].op.matrix, shift(8, 8));
  tool.float({ label: 1, selection: selectionOf(start, [1]) }, null);
  tool.setOption("away", true);
  assert.equal(map.position, 1);
});

test("a floating selection is resampled once however often it is dragged and turned", () => {
  const { tool, pull, key, lift, map, start } = moving();
  const selection = selectionOf(start, [3]);
  tool.float({ label: 3, selection }, null);
  const inside = () => tool.box.place(0.5, 0.5);
  pull(inside(), [-20, -30]);
  tool.up();
  for (const code of ["Period", "PageUp", "Comma", "PageDown"]) {
    key(code, true);
    lift(code);
  }
  pull(inside(), [3, 2]);
  tool.up();
  tool.finish();
  assert.equal(map.position, 1);
  const { matrix } = map.undoStack[0].op;
  const page = { ...start, locked: new Set([0]) };
  assert.deepEqual(map.ids, withPasted(page, selection, matrix));
  assert.ok(Math.abs(matrix[0] - 1) < 1e-9 && Math.abs(matrix[1]) < 1e-9, "turned and scaled there and back");
});

test("Escape and undo drop a floating selection; a click outside and another tool set it down", () => {
  const selection = selectionOf(heart(80, 80), [3]);
  const after = (end) => {
    const one = moving();
    one.tool.float({ label: 3, selection }, [30, 20]);
    end(one);
    assert.ok(!one.tool.busy && !one.map.stroke);
    return one.map.position;
  };
  assert.equal(after(({ tool }) => tool.cancel()), 0);
  assert.equal(after(({ editor }) => editor.undo()), 0);
  assert.equal(after(({ editor }) => editor.choose("brush")), 1);
  assert.equal(after(({ tool, pull }) => {
    pull([70, 5]);
    tool.up();
  }), 1);
});

test("Escape in a drag of a floating selection puts it back where it floated", () => {
  const { tool, pull, map, start } = moving();
  tool.float({ label: 3, selection: selectionOf(start, [3]) }, [30, 20]);
  const floating = map.ids.slice();
  pull(tool.box.place(0.5, 0.5), [9, 9]);
  tool.cancel();
  assert.deepEqual(map.ids, floating);
  assert.ok(tool.busy);
});

test("locks that change while it floats count where it is set down", () => {
  const { editor, tool, map, start } = moving();
  tool.float({ label: 3, selection: selectionOf(start, [3]) }, [40, 35]);
  editor.toggleLock(1);
  tool.finish();
  assert.deepEqual(map.undoStack[0].op.locked, [0, 1]);
  start.ids.forEach((id, i) => id === 1 && assert.equal(map.ids[i], 1));
});

test("another map under a floating selection ends it, and words say so", async () => {
  const { editor, tool, map, start } = moving();
  tool.float({ label: 3, selection: selectionOf(start, [3]) }, [40, 35]);
  map.open(plain(30, 30), {});
  await Promise.resolve();
  assert.ok(!tool.busy);
  assert.match(editor.words.at(-1), /changed under the floating/);
  map.undo();
  assert.deepEqual(map.ids, start.ids);
});

test("the tool says where there is nothing to move, and the sector is no structure", () => {
  const editor = editorOn(plain(20, 20));
  editor.choose("move");
  assert.match(editor.words[0], /nothing of this label to move/);
  editor.chooseLabel(4);
  assert.deepEqual([editor.tool.structures, editor.tool.box], [null, null]);
});
