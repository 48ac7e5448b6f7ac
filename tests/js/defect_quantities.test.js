import assert from "node:assert/strict";
import { test } from "node:test";

import {
  QUANTITIES,
  defectReading,
  lengthsChanged,
  round,
  shownParameters,
} from "../../echo_studio/web/static/canvas/panels/defect_quantities.js";

const SEPTAL = {
  parameters: [
    { name: "at", unit: "share", low: 0, high: 1, default: 0.25 },
    { name: "width_mm", unit: "mm", low: 1, high: 30, default: 10 },
    { name: "segment", kind: "choice", choices: ["base", "apex"], default: "base" },
  ],
};

test("lengths are in millimetres where the size of a pixel is known", () => {
  assert.deepEqual(shownParameters(SEPTAL.parameters, {}, { spacing: "0.5,0.5", height: 256 }), SEPTAL.parameters);
});

test("where it is not known they are pixels of a map that is 150 mm deep", () => {
  const [at, width, segment] = shownParameters(SEPTAL.parameters, {}, { spacing: "", height: 300 });
  assert.deepEqual([at, segment], [SEPTAL.parameters[0], SEPTAL.parameters[2]]);
  assert.deepEqual(width, { name: "width_px", unit: "px", low: 2, high: 60, default: 20 });
});

test("a defect that was applied in pixels stays in pixels", () => {
  const [, width] = shownParameters(SEPTAL.parameters, { width_px: 7 }, { spacing: "0.5,0.5", height: 300 });
  assert.equal(width.name, "width_px");
});

test("a form's lengths have to change where the map's unit is another", () => {
  assert.ok(lengthsChanged(SEPTAL, { width_px: 7 }, { spacing: "1,1" }));
  assert.ok(lengthsChanged(SEPTAL, { width_mm: 7 }, { spacing: "" }));
  assert.ok(!lengthsChanged(SEPTAL, { width_mm: 7 }, { spacing: "1,1" }));
  assert.ok(!lengthsChanged({ parameters: [SEPTAL.parameters[0]] }, {}, { spacing: "" }), "it has no length");
});

test("a defect is read in the units that people use", () => {
  assert.equal(defectReading(SEPTAL, { at: 0.3, width_mm: 8.5 }), "30 % · 8.5 mm · base");
  assert.equal(defectReading(SEPTAL, { width_px: 12, segment: "apex" }), "25 % · 12 px · apex");
});

test("a share that goes to per cent and back is the same number", () => {
  for (let k = 0; k <= 100; k++) assert.equal(round(round((k / 100) * QUANTITIES.share.times) / QUANTITIES.share.times), k / 100);
});
