import assert from "node:assert/strict";
import { test } from "node:test";

import { DefectPlacing, differsNear } from "../../echo_studio/web/static/canvas/panels/defect_placing.js";
import { editorOn, plain } from "./stand_ins.js";

test("a place near a pixel that differs counts, at the edges of the map too", () => {
  const map = { width: 10, height: 10 };
  const before = new Uint8Array(100);
  const after = before.slice();
  after[0] = 1;
  assert.equal(differsNear(before, after, map, [3.5, 3.5], 3), true);
  assert.equal(differsNear(before, after, map, [4.5, 3.5], 3), false);
  assert.equal(differsNear(before, after, map, [-2, -2], 3), true);
  assert.equal(differsNear(before, before, map, [0, 0], 3), false);
});

test("a drag takes hold of what a proposed defect changes, and of nothing where none is worked on", () => {
  const editor = editorOn(plain(20, 20));
  const placing = new DefectPlacing(editor, null, null, () => {});
  const ghost = editor.document.ids.slice();
  ghost[10 * 20 + 10] = 1;
  editor.setGhost(ghost);
  assert.equal(placing.grabs(10.5, 10.5), false);
  placing.defect = { name: "septal", position: null, values: () => ({}) };
  assert.equal(placing.grabs(10.5, 10.5), true);
  assert.equal(placing.grabs(1.5, 1.5), false);
});

test("while the server answers only the newest place is kept, and its values are handed on", async () => {
  const asked = [];
  const editor = editorOn(plain(20, 20, 4, "0.5,0.5"));
  const link = {
    request: async (path, { body }) => {
      const bytes = new Uint8Array(await body.arrayBuffer());
      asked.push({ path, ...JSON.parse(new TextDecoder().decode(bytes.subarray(400))) });
      return { json: async () => ({ at: asked.length }) };
    },
  };
  const taken = [];
  const placing = new DefectPlacing(editor, link, { values: { view: "4CH" } }, (values) => taken.push(values));
  placing.defect = { name: "septal", position: null, values: () => ({ width_mm: 8 }) };
  for (const x of [1, 2, 3, 4]) placing.move([x, 5]);
  while (taken.length < 2) await new Promise((done) => setTimeout(done, 1));
  assert.deepEqual(asked.map(({ point }) => point), [[1, 5], [4, 5]]);
  assert.deepEqual(asked[0], { path: "/defect-place?width=20&height=20&spacing=0.5%2C0.5", defect: "septal", values: { width_mm: 8 }, point: [1, 5], view: "4CH" });
  assert.deepEqual(taken, [{ at: 1 }, { at: 2 }]);
});
