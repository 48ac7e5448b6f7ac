import assert from "node:assert/strict";
import { test } from "node:test";

import { pressCompareKey } from "../../echo_studio/web/static/compare/key_bindings.js";
import { Lens } from "../../echo_studio/web/static/compare/lens.js";
import { pressDatasetKey } from "../../echo_studio/web/static/dataset/key_bindings.js";

const down = (key, more = {}) => ({ key, code: "", ctrlKey: false, metaKey: false, shiftKey: false, repeat: false, ...more });

function compareTab() {
  const calls = [];
  const called = (name) => (...values) => calls.push([name, ...values].join(" "));
  const tab = { calls, run: called("run"), cancel: called("cancel"), setMode: called("mode"), hold: called("hold"), grid: { mode: "frames" }, lens: new Lens() };
  return { tab, calls };
}

test("keys of the Compare tab run, cancel, fit and change what is shown, once a press", () => {
  const { tab, calls } = compareTab();
  for (const key of ["g", "Escape", "D"]) assert.ok(pressCompareKey(tab, down(key)));
  tab.grid.mode = "difference";
  pressCompareKey(tab, down("d"));
  assert.deepEqual(calls, ["run", "cancel", "mode difference", "mode frames"]);
  assert.equal(pressCompareKey(tab, down("g", { repeat: true })), false);
  assert.equal(pressCompareKey(tab, down("q")), false);
});

test("the key left of 1 holds the reference in every cell", () => {
  const { tab, calls } = compareTab();
  assert.ok(pressCompareKey(tab, down("Dead", { code: "Backquote" })), "whatever it types on the layout");
  assert.deepEqual(calls, ["hold true all"]);
});

test("plus, minus and H zoom all cells; arrows pan them while a picture has the focus", () => {
  const { tab } = compareTab();
  pressCompareKey(tab, down("+"));
  pressCompareKey(tab, down("="));
  assert.equal(tab.lens.zoom, 1.25 ** 2);
  assert.equal(pressCompareKey(tab, down("ArrowLeft")), false);
  assert.equal(tab.lens.x, 0);
  assert.equal(pressCompareKey(tab, down("ArrowLeft"), { onPicture: true }), true);
  assert.ok(tab.lens.x < 0);
  pressCompareKey(tab, down("-"));
  assert.equal(tab.lens.zoom, 1.25);
  pressCompareKey(tab, down("h"));
  assert.deepEqual([tab.lens.zoom, Math.abs(tab.lens.x)], [1, 0]);
});

function datasetTab() {
  const calls = [];
  const called = (name) => (...values) => calls.push([name, ...values].join(" ").trim());
  const tab = {
    curation: { decide: called("decide"), undo: called("undo") },
    selection: { all: called("all"), none: called("none") },
    detail: { tag: { focus: called("tag") }, reason: { focus: called("reason") } },
    pair: { open: false, close: called("close") },
    tiles: { columns: 4, perPage: 12 },
    edit: called("edit"), comparePair: called("compare"), outline: called("outline"), move: called("move"),
  };
  return { tab, calls, press: (key, place = {}, more = {}) => pressDatasetKey(tab, down(key, more), place) };
}

test("keys of the Data set tab keep, reject, take back, tag, give a reason, edit, compare and outline", () => {
  const { calls, press } = datasetTab();
  for (const key of ["k", "X", "u", "t", "r", "e", "c", "l", "Escape"]) assert.ok(press(key));
  press("z", {}, { ctrlKey: true });
  press("a", {}, { metaKey: true });
  assert.deepEqual(calls, ["decide keep", "decide reject", "decide", "tag", "reason", "edit", "compare", "outline", "none", "undo", "all"]);
});

test("arrows, pages, Home and End move through the gallery, with Shift to extend", () => {
  const { calls, press } = datasetTab();
  for (const key of ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "PageUp", "PageDown", "Home", "End"]) assert.ok(press(key));
  press("ArrowDown", {}, { shiftKey: true });
  assert.deepEqual(calls, ["move -1 false", "move 1 false", "move -4 false", "move 4 false", "move -12 false", "move 12 false", "move -Infinity false", "move Infinity false", "move 4 true"]);
});

test("keys that are held decide again and again, but open and edit once", () => {
  const { calls, press } = datasetTab();
  assert.equal(press("k", {}, { repeat: true }), true);
  for (const key of ["e", "r", "t", "c", "l"]) assert.equal(press(key, {}, { repeat: true }), false);
  assert.deepEqual(calls, ["decide keep"]);
});

test("the form of a new set and sliders keep their keys", () => {
  const { calls, press } = datasetTab();
  assert.equal(press("k", { inGrid: false, inForm: true }), false);
  assert.equal(press("a", { inGrid: false, inForm: true }, { ctrlKey: true }), false);
  assert.equal(press("ArrowLeft", { inGrid: false }), false);
  assert.equal(press("ArrowLeft", { onSlider: true }), false);
  assert.deepEqual(calls, []);
});

test("while two samples are compared arrows rest, decisions do not, and Escape closes the pair", () => {
  const { tab, calls, press } = datasetTab();
  tab.pair.open = true;
  assert.equal(press("ArrowRight"), false);
  press("k");
  press("Escape");
  assert.deepEqual(calls, ["decide keep", "close"]);
});
