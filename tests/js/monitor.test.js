import assert from "node:assert/strict";
import { test } from "node:test";

import { grainWords } from "../../echo_studio/web/static/canvas/panels/monitor.js";

test("grain stands beside what real frames have; a frame of a time before it was measured says nothing", () => {
  assert.equal(grainWords({ grain: 5.27, grain_real: [4.3, 6.2] }), "Grain 5.3 · real frames 4.3 to 6.2");
  assert.equal(grainWords({ grain: 0, grain_real: [4.3, 6.2] }), "Grain 0.0 · real frames 4.3 to 6.2");
  assert.equal(grainWords({}), "");
});
