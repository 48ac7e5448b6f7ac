import assert from "node:assert/strict";
import { test } from "node:test";

import { unknownLabelsNote } from "../../echo_studio/web/static/canvas/panels/unknown_labels.js";

const OLD = { title: "EDM-256", labels: 5 };

test("a generator that does not know fluid or masses is named with what it makes of them", () => {
  const fluid = Uint8Array.of(0, 1, 4, 5);
  assert.match(unknownLabelsNote(fluid, OLD), /^EDM-256 .* generates fluid as blood\.$/);
  assert.match(unknownLabelsNote(Uint8Array.of(5, 6), OLD), /fluid as blood and mass as tissue/);
});

test("nothing is said where every label is known, or none of these is there", () => {
  assert.equal(unknownLabelsNote(Uint8Array.of(5, 6), { title: "EDM-L64", labels: 7 }), "");
  assert.equal(unknownLabelsNote(Uint8Array.of(0, 1, 2, 3, 4), OLD), "");
  assert.equal(unknownLabelsNote(Uint8Array.of(6), undefined), "");
});
