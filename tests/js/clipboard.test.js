import assert from "node:assert/strict";
import { test } from "node:test";

import { selectionOf } from "../../echo_studio/web/static/canvas/document/selection.js";
import { structureOf, structureText } from "../../echo_studio/web/static/canvas/tools/clipboard.js";
import { pageOf } from "./stand_ins.js";

const MAP = pageOf(["44444", "42144", "42114", "44444"]);

test("a structure comes back from its text as it was", () => {
  for (const label of [1, 2]) {
    const structure = { label, selection: selectionOf(MAP, [label]) };
    assert.deepEqual(structureOf(structureText(structure)), structure);
  }
});

test("a clipboard with something else holds no structure", () => {
  const good = JSON.parse(structureText({ label: 1, selection: selectionOf(MAP, [1]) }));
  const bad = [
    "", "words", "null", "[]",
    JSON.stringify({ ...good, label: 4 }),
    JSON.stringify({ ...good, box: [0, 0, 1] }),
    JSON.stringify({ ...good, box: [0, 0, 1.5, 1] }),
    JSON.stringify({ ...good, box: [0, 0, 99999, 99999] }),
    JSON.stringify({ ...good, mask: "1,2" }),
    JSON.stringify({ ...good, mask: "-1,5" }),
    JSON.stringify({ ...good, mask: 4 }),
  ];
  for (const text of bad) assert.equal(structureOf(text), null, text);
});
