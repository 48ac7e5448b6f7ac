import assert from "node:assert/strict";
import { test } from "node:test";

import {
  CUT_AWAY,
  composed,
  inverted,
  invertible,
  mapped,
  runLengths,
  selectionOf,
  withMoved,
  withPasted,
} from "../../echo_studio/web/static/canvas/document/selection.js";
import { heart, pageOf, random, rowsOf } from "./stand_ins.js";

const IDENTITY = [1, 0, 0, 1, 0, 0];
const close = (a, b) => a.forEach((value, i) => assert.ok(Math.abs(value - b[i]) < 1e-9, `${a} and ${b}`));

function someMatrix(next) {
  const [a, b, c, d] = Array.from({ length: 4 }, () => next() * 4 - 2);
  return Math.abs(a * d - b * c) < 0.1 ? someMatrix(next) : [a, b, c, d, next() * 50, next() * 50];
}

test("a selection is the smallest box around its structures, with nothing else in it", () => {
  const page = pageOf(["44444", "41244", "44314", "44444"]);
  assert.deepEqual(selectionOf(page, [1]), { box: [1, 1, 3, 2], wide: 3, ids: Uint8Array.from([1, 0, 0, 0, 0, 1]) });
  assert.deepEqual(selectionOf(page, [2, 3]), { box: [2, 1, 2, 2], wide: 1, ids: Uint8Array.from([2, 3]) });
  assert.equal(selectionOf(page, [0]), null);
});

test("run lengths alternate between unset and set and add up to the box", () => {
  assert.equal(runLengths({ ids: [0, 0, 1, 1, 1, 0] }), "2,3,1");
  assert.equal(runLengths({ ids: [2, 2, 0] }), "0,2,1");
  assert.equal(runLengths({ ids: [0] }), "1");
  assert.equal(runLengths({ ids: [3] }), "0,1");
});

test("a matrix is composed and inverted as maps of points are", () => {
  const next = random(4);
  for (let trial = 0; trial < 100; trial++) {
    const [outer, inner] = [someMatrix(next), someMatrix(next)];
    const point = [next() * 90, next() * 90];
    close(mapped(composed(outer, inner), point), mapped(outer, mapped(inner, point)));
    close(mapped(inverted(inner), mapped(inner, point)), point);
    close(composed(inner, inverted(inner)), IDENTITY);
  }
});

test("the edit log refuses a matrix that squeezes to a line, and numbers beyond a million", () => {
  assert.ok(invertible(IDENTITY) && invertible(CUT_AWAY) && invertible([0, 1, -1, 0, 5, 5]));
  assert.ok(!invertible([1, 2, 2, 4, 0, 0]));
  assert.ok(!invertible([1e-5, 0, 0, 1e-5, 0, 0]));
  assert.ok(!invertible([1, 0, 0, 1, 1e6 + 1, 0]));
  assert.ok(!invertible([NaN, 0, 0, 1, 0, 0]));
});

test("structures that move nowhere stay; moved there and back over bare sector nothing is resampled", () => {
  const page = { ...heart(60, 64), locked: new Set([0]) };
  const there = withMoved(page, selectionOf(page, [1, 2]), [1, 2], IDENTITY);
  assert.deepEqual(there, page.ids);
  const away = { ...page, ids: withMoved(page, selectionOf(page, [3]), [3], [1, 0, 0, 1, 0, -3]) };
  // Over the ventricle the atrium would cover it, so that here only the atrium's own pixels are compared.
  const back = withMoved(away, selectionOf(away, [3]), [3], [1, 0, 0, 1, 0, 3]);
  page.ids.forEach((id, i) => assert.equal(back[i] === 3, id === 3));
});

test("what is moved away leaves sector, or the outside where there is no sector", () => {
  const page = { ...pageOf(["111", "123"]), sector: Uint8Array.from([1, 0, 1, 1, 1, 1]), locked: new Set() };
  assert.deepEqual(rowsOf({ ids: withMoved(page, selectionOf(page, [1]), [1], CUT_AWAY), width: 3 }), ["404", "423"]);
});

test("a locked label stays under what moves and what is pasted, unless it moves itself", () => {
  const page = { ...pageOf(["1424"]), locked: new Set([1, 2]) };
  const selection = selectionOf(page, [1]);
  assert.deepEqual(rowsOf({ ids: withMoved(page, selection, [1], [1, 0, 0, 1, 2, 0]), width: 4 }), ["4424"]);
  assert.deepEqual(rowsOf({ ids: withMoved(page, selection, [1], [1, 0, 0, 1, 3, 0]), width: 4 }), ["4421"]);
  assert.deepEqual(rowsOf({ ids: withPasted(page, selection, [1, 0, 0, 1, 2, 0]), width: 4 }), ["1424"]);
  assert.deepEqual(rowsOf({ ids: withPasted(page, selection, [1, 0, 0, 1, 3, 0]), width: 4 }), ["1421"]);
});

test("a whole factor repeats each pixel", () => {
  const page = { ...pageOf(["4444", "4124", "4444", "4444"]), locked: new Set() };
  const moved = withMoved(page, selectionOf(page, [1, 2]), [1, 2], [2, 0, 0, 2, -2, -2]);
  assert.deepEqual(rowsOf({ ids: moved, width: 4 }), ["1122", "1122", "4444", "4444"]);
});

test("a selection pasted into a larger map keeps its pixels", () => {
  const from = pageOf(["12", "31"]);
  const onto = { ...pageOf(["44444", "44444", "44444"]), locked: new Set([0]) };
  assert.deepEqual(rowsOf({ ids: withPasted(onto, selectionOf(from, [1, 2, 3]), [1, 0, 0, 1, 3, 1]), width: 5 }), ["44444", "44412", "44431"]);
});
