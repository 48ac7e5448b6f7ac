import assert from "node:assert/strict";
import { test } from "node:test";

import { Deviation } from "../../echo_studio/web/static/canvas/panels/seed_spread.js";

test("pixels that all seeds share have no deviation, others that of their greys", () => {
  const total = new Deviation(3);
  for (const picture of [[10, 0, 200], [10, 20, 100]]) total.add(Uint8ClampedArray.from(picture));
  assert.deepEqual([...total.values()], [0, 10, 50]);
});

test("rounding never gives the root of a negative number", () => {
  const total = new Deviation(1);
  for (let k = 0; k < 7; k++) total.add(Uint8ClampedArray.of(253));
  assert.equal(total.values()[0], 0);
});
