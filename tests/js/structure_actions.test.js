import assert from "node:assert/strict";
import { test } from "node:test";

import { StructureActions } from "../../echo_studio/web/static/canvas/tools/structure_actions.js";
import { deferred, drag, editorOn, heart, installFrames, plain, settled } from "./stand_ins.js";

installFrames();

/** Actions on a heart; the buttons are stand-ins, and the server answers what the test gives. */
function acting(page = heart(60, 64)) {
  const editor = editorOn(page);
  const buttons = new Map();
  const root = {
    querySelector: (selector) => {
      if (!buttons.has(selector)) buttons.set(selector, { value: "5", disabled: false, addEventListener: () => {}, setAttribute(name, value) { this[name] = value; } });
      return buttons.get(selector);
    },
    querySelectorAll: () => [],
  };
  const edits = [];
  const link = {
    edit: (op) => {
      const answer = deferred();
      edits.push({ op, ...answer });
      return answer.promise;
    },
  };
  const actions = new StructureActions(root, editor, { repaint: () => {} }, link);
  const button = (name) => root.querySelector(`[data-action="${name}"]`);
  return { editor, actions, edits, button, map: editor.document, start: page };
}

test("cut leaves sector and copies what it cuts; a paste brings the same pixels back", () => {
  const { editor, actions, map, start } = acting();
  editor.chooseLabel(3);
  actions.cut();
  assert.deepEqual(map.ids, start.ids.map((id) => (id === 3 ? 4 : id)));
  assert.deepEqual(map.undoStack[0].op.structures, [3]);
  const [x0, y0, x1, y1] = editor.clipboard.selection.box;
  actions.paste([(x0 + x1 + 1) / 2, (y0 + y1 + 1) / 2]);
  assert.deepEqual([editor.toolName, editor.label, editor.tool.busy], ["move", 3, true]);
  editor.tool.finish();
  assert.deepEqual(map.ids, start.ids);
  assert.equal(map.position, 2);
});

test("a copy is kept when another map is opened, and when its structure is gone", () => {
  const { editor, actions, map } = acting();
  editor.chooseLabel(3);
  actions.copy();
  map.open(plain(100, 100), {});
  assert.equal(actions.copy(), false);
  assert.match(editor.words.at(-1), /no Left atrium to copy/);
  actions.paste([50, 50]);
  editor.tool.finish();
  assert.equal(map.ids.filter((id) => id === 3).length, editor.clipboard.selection.ids.filter((id) => id === 3).length);
});

test("only a structure is copied, only an unlocked one is cut or tidied, and words say so", () => {
  const { editor, actions, map, edits } = acting();
  editor.chooseLabel(4);
  actions.copy();
  actions.cut();
  actions.smooth();
  assert.deepEqual(editor.words, ["copy it", "cut it", "smooth it"].map((purpose) => `Choose LV cavity, LV myocardium or Left atrium to ${purpose}.`));
  editor.chooseLabel(1);
  editor.toggleLock(1);
  actions.cut();
  actions.islands();
  assert.match(editor.words.at(-2), /LV cavity is locked: unlock it to cut it/);
  assert.match(editor.words.at(-1), /LV cavity is locked: unlock it to remove its islands/);
  actions.paste(null);
  assert.match(editor.words.at(-1), /Nothing is copied yet/);
  assert.deepEqual([map.position, edits.length], [0, 0]);
});

test("what the server tidied is one step, and one request is under way at a time", async () => {
  const { actions, edits, map, start, button } = acting();
  actions.smooth();
  actions.islands();
  assert.deepEqual(edits.map(({ op }) => op), [{ tool: "smooth", label: 1, radius: 5 }]);
  assert.ok(button("smooth").disabled);
  edits[0].resolve({ ids: start.ids.map((id) => (id === 1 ? 2 : id)), sector: start.sector });
  await settled();
  assert.deepEqual([map.position, map.undoStack[0].op.tool, button("smooth").disabled], [1, "smooth", false]);
});

test("a tidying that is overtaken by a stroke is dropped, also in the middle of the stroke", async () => {
  for (const end of [true, false]) {
    const { actions, edits, map, editor, start } = acting();
    actions.islands();
    if (end) drag(editor.tool, [[30, 60]]);
    else editor.tool.down(30, 60);
    edits[0].resolve({ ids: start.ids.map(() => 4), sector: start.sector });
    await settled();
    assert.match(editor.words.at(-1), /nothing was done/);
    assert.equal(map.position, Number(end));
    assert.ok(map.ids.includes(2));
  }
});

test("a tidying that changes nothing, or fails, says so", async () => {
  const { actions, edits, map, editor, start } = acting();
  actions.smooth();
  edits[0].resolve({ ids: start.ids.slice(), sector: start.sector.slice() });
  await settled();
  actions.smooth();
  edits[1].reject(new Error("Too small."));
  await settled();
  assert.deepEqual([editor.words, map.position], [["Nothing to change there.", "Too small."], 0]);
});

test("what floats is set down before anything is copied or tidied", () => {
  const { editor, actions, map, edits } = acting();
  editor.chooseLabel(3);
  actions.copy();
  actions.paste([20, 20]);
  actions.smooth();
  assert.deepEqual([map.position, editor.tool.busy, edits.length], [1, false, 1]);
});

test("a hidden label is out of sight alone; solo hides all others, and a second time shows everything", () => {
  const { editor, actions, map, start } = acting();
  actions.hide();
  assert.deepEqual([...editor.hidden], [1]);
  actions.solo();
  assert.deepEqual([...editor.hidden].sort(), [0, 2, 3, 4, 5, 6]);
  actions.solo();
  assert.equal(editor.hidden.size, 0);
  actions.hide(3);
  actions.hide(3);
  assert.equal(editor.hidden.size, 0);
  assert.deepEqual([map.ids, map.position], [start.ids, 0]);
});
