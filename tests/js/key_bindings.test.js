import assert from "node:assert/strict";
import { test } from "node:test";

import { KeyBindings } from "../../echo_studio/web/static/canvas/tools/key_bindings.js";
import { editorOn, installFrames, plain } from "./stand_ins.js";

installFrames();

function keyboard() {
  const editor = editorOn(plain(40, 40));
  editor.link = { handles: async () => [] };
  const calls = [];
  const called = (name) => (...values) => calls.push([name, ...values].join(" "));
  const controls = {
    zoom: called("zoom"),
    fit: called("fit"),
    setContours: called("contours"),
    panes: { result: { contours: false } },
  };
  const actions = {
    commands: { g: called("g"), enter: () => false, escape: called("escape") },
    chords: { c: (shift) => !shift && calls.push("copy") > 0, o: called("open") },
    holds: { Backquote: called("hold") },
  };
  const bindings = new KeyBindings(editor, controls, actions);
  bindings.onPanning = called("panning");
  const press = (key, more = {}, place = {}) =>
    bindings.press({ key, code: `Key${key.toUpperCase()}`, ctrlKey: false, metaKey: false, altKey: false, shiftKey: false, ...more }, place);
  return { editor, bindings, actions, calls, press };
}

test("letters choose tools", () => {
  const { editor, press } = keyboard();
  const chosen = ["e", "f", "p", "l", "m", "d", "b", "B"].map((key) => press(key) && editor.toolName);
  assert.deepEqual(chosen, ["eraser", "fill", "polygon", "lasso", "move", "deform", "brush", "brush"]);
});

test("digits choose a label by their place on the row or the pad; with Shift they lock it, once a press", () => {
  const { editor, press } = keyboard();
  press("3", { code: "Digit3" });
  assert.equal(editor.label, 3);
  press("2", { code: "Numpad2" });
  assert.equal(editor.label, 2);
  press('"', { code: "Digit2", shiftKey: true });
  assert.ok(editor.document.locked.has(2));
  assert.equal(press('"', { code: "Digit2", shiftKey: true, repeat: true }), true);
  assert.ok(editor.document.locked.has(2), "a key that repeats does not toggle");
  press("1", { code: "Unidentified" });
  assert.equal(editor.label, 1);
  assert.equal(press("7", { code: "Digit7" }), false);
});

test("brackets change the brush; plus, minus, H and C act on the view", () => {
  const { editor, calls, press } = keyboard();
  for (const key of ["]", "]", "[", "+", "=", "-", "h", "c"]) assert.ok(press(key));
  assert.equal(editor.size, 13);
  assert.deepEqual(calls, ["zoom 1.25", "zoom 1.25", "zoom 0.8", "fit", "contours true"]);
});

test("Ctrl+Z undoes, Ctrl+Shift+Z and Ctrl+Y redo, with the command key too", () => {
  const { editor, press } = keyboard();
  editor.tool.down(5, 5);
  editor.tool.up();
  press("z", { ctrlKey: true });
  assert.equal(editor.document.position, 0);
  press("Z", { ctrlKey: true, shiftKey: true });
  assert.equal(editor.document.position, 1);
  press("z", { metaKey: true });
  press("y", { ctrlKey: true });
  assert.equal(editor.document.position, 1);
});

test("a chord that declines leaves the key to the browser, and so do unknown keys and Alt", () => {
  const { calls, press } = keyboard();
  assert.equal(press("c", { ctrlKey: true }), true);
  assert.equal(press("c", { ctrlKey: true, shiftKey: true }), false);
  assert.equal(press("s", { ctrlKey: true }), false);
  assert.equal(press("b", { altKey: true }), false);
  assert.equal(press("F5"), false);
  assert.deepEqual(calls, ["copy"]);
});

test("Space pans over the canvas and on a slider while it is held, but presses a focused button", () => {
  const { bindings, calls, press } = keyboard();
  assert.equal(press(" ", {}, { onCanvas: false }), false);
  assert.equal(press(" ", {}, { onCanvas: false, onSlider: true }), true);
  bindings.lift({ key: " ", code: "Space" });
  press(" ");
  bindings.liftAll();
  assert.deepEqual(calls, ["panning true", "panning false", "panning true", "panning false", "hold false"]);
});

test("a key that holds acts until it is lifted", () => {
  const { bindings, calls, press } = keyboard();
  press("`", { code: "Backquote" });
  bindings.lift({ key: "`", code: "Backquote" });
  bindings.lift({ key: "x", code: "KeyX" });
  assert.deepEqual(calls, ["hold true", "hold false"]);
});

test("a command acts once, however long its key is held", () => {
  const { calls, press } = keyboard();
  press("g");
  press("g", { repeat: true });
  assert.deepEqual(calls, ["g"]);
});

test("Escape drops what is under way before it stops the job", () => {
  const { editor, calls, press } = keyboard();
  editor.tool.down(5, 5);
  press("Escape");
  assert.deepEqual([editor.tool.busy, calls], [false, []]);
  press("Escape");
  assert.deepEqual(calls, ["escape"]);
});

test("Enter ends what is under way; else it applies what a panel proposes; on a button it presses that", () => {
  const { editor, actions, press } = keyboard();
  assert.equal(press("Enter"), false, "a brush has nothing to finish");
  editor.choose("polygon");
  for (const [x, y] of [[2, 2], [20, 2], [20, 20]]) editor.tool.down(x, y, { near: () => false });
  let entered = 0;
  actions.commands.enter = () => (entered += 1) > 0;
  assert.equal(press("Enter", {}, { onCanvas: false }), false);
  assert.equal(press("Enter"), true);
  assert.deepEqual([editor.document.position, entered], [1, 0]);
  assert.equal(press("Enter"), true);
  assert.equal(entered, 1);
});

test("a tool takes its own keys first, while the focus is on the canvas", () => {
  const { editor, press } = keyboard();
  editor.choose("move");
  const taken = [];
  editor.tool.keydown = ({ key }) => taken.push(key) > 0;
  press("b");
  assert.deepEqual([taken, editor.toolName], [["b"], "move"]);
  press("b", {}, { onCanvas: false });
  assert.equal(editor.toolName, "brush");
});
