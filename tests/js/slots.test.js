import assert from "node:assert/strict";
import { test } from "node:test";

import { LABELS, PALETTES } from "../../echo_studio/web/static/common/labels.js";
import { SLOT_NAMES, Slots } from "../../echo_studio/web/static/common/slots.js";
import { pageOf, plain } from "./stand_ins.js";

function slots() {
  const kept = new Slots();
  const heard = [];
  kept.listeners.add((name) => heard.push(name));
  return { kept, heard };
}

test("a slot keeps a copy of its map", () => {
  const { kept, heard } = slots();
  const page = pageOf(["12", "34"], "0.5,0.5");
  kept.set("4CH-ED", page);
  page.ids.fill(0);
  assert.deepEqual([...kept.get("4CH-ED").ids], [1, 2, 3, 4]);
  assert.equal(kept.get("4CH-ED").spacing, "0.5,0.5");
  kept.set("4CH-ED", null);
  assert.equal(kept.get("4CH-ED"), null);
  assert.deepEqual(heard, ["4CH-ED", "4CH-ED"]);
});

test("a slot that does not exist is refused with the names of those that do", () => {
  assert.throws(() => slots().kept.set("3CH-ED", plain(2, 2)), /4CH-ED, 4CH-ES, 2CH-ED, 2CH-ES, got 3CH-ED/);
});

test("what is exported comes in the slots' order, and comes back instead of everything that was kept", () => {
  const { kept, heard } = slots();
  for (const name of [...SLOT_NAMES].reverse().slice(0, 3)) kept.set(name, plain(2, 2, 1 + SLOT_NAMES.indexOf(name)));
  const pages = kept.export();
  assert.deepEqual(pages.map(({ name }) => name), ["4CH-ES", "2CH-ED", "2CH-ES"]);
  pages[0].ids.fill(0);
  assert.equal(kept.get("4CH-ES").ids[0], 2, "an export is a copy");
  heard.length = 0;
  kept.import([{ ...pages[1], name: "4CH-ED" }]);
  assert.deepEqual(SLOT_NAMES.filter((name) => kept.get(name)), ["4CH-ED"]);
  assert.deepEqual(heard, SLOT_NAMES, "those that were filled and those that are");
});

test("a page without a sector gets one from its labels", () => {
  const { kept } = slots();
  kept.import([{ ...pageOf(["014"]), name: "2CH-ES", sector: null }]);
  assert.deepEqual([...kept.get("2CH-ES").sector], [0, 1, 1]);
});

test("every palette has a colour for each label, and no two labels share one", () => {
  assert.deepEqual(LABELS.map(({ id }) => id), [...LABELS.keys()]);
  for (const { colours } of Object.values(PALETTES)) {
    assert.equal(colours.length, LABELS.length);
    assert.equal(new Set(colours.map(String)).size, LABELS.length);
  }
  assert.deepEqual(PALETTES.standard.colours, LABELS.map(({ colour }) => colour));
});
