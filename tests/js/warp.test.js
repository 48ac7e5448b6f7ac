import assert from "node:assert/strict";
import { test } from "node:test";

import { Warp } from "../../echo_studio/web/static/canvas/document/warp.js";
import { heart, oracle, plain, unpacked, unpackedPage } from "./stand_ins.js";

const KINDS = ["rigid", "similarity", "affine"];
const { maps, cases } = oracle("warps");
const pages = Object.fromEntries(Object.entries(maps).map(([name, map]) => [name, unpackedPage(map)]));

function warpOf({ map, structures, locked }) {
  const page = pages[map];
  const [sy, sx] = page.spacing ? page.spacing.split(",").map(Number) : [1, 1];
  return new Warp(page, { structures, locked, aspect: sy / sx });
}

/** How many pixels of a drag differ from Python's. */
function difference(one) {
  const warp = warpOf(one);
  warp.warped(one.before, one.before, one.kind); // an earlier frame of the same drag leaves nothing behind
  const found = warp.warped(one.before, one.after, one.kind);
  const expected = unpacked(one.ids);
  assert.equal(found.length, expected.length);
  return found.reduce((sum, id, i) => sum + Number(id !== expected[i]), 0) / expected.length;
}

test("forty random drags leave the labels that Python leaves", () => {
  const random = cases.filter(({ title }) => title.startsWith("random"));
  assert.equal(random.length, 40);
  for (const one of random) assert.ok(difference(one) <= 0.001, `${one.title}: ${one.kind} ${one.structures}`);
});

const degenerate = cases.filter(({ map }) => map === "square" || map === "flat");
for (const title of new Set(degenerate.map((one) => one.title))) {
  test(`where ${title}, every kind leaves exactly the labels that Python leaves, for square and flat pixels`, () => {
    const ours = degenerate.filter((one) => one.title === title);
    assert.equal(ours.length, 6);
    for (const one of ours) assert.equal(difference(one), 0, `${one.kind} ${one.map}`);
  });
}

test("the last row and column are exact whatever the size", () => {
  const ours = cases.filter(({ map }) => map.startsWith("side"));
  assert.equal(ours.length, 4);
  for (const one of ours) {
    assert.equal(difference(one), 0);
    const { width } = pages[one.map];
    assert.ok(unpacked(one.ids).some((id, i) => i % width === width - 1 && (id === 1 || id === 2)), "something is there");
  }
});

const HANDLES = [[20, 12], [40, 15], [30, 40], [16, 30]];

test("handles that rest change nothing", () => {
  const page = heart(60, 64);
  for (const kind of KINDS) {
    const warp = new Warp(page, { structures: [1, 2] });
    assert.deepEqual(warp.warped(HANDLES, HANDLES, kind), page.ids, kind);
  }
});

test("handles that all shift by whole pixels shift the structure, and sector is left behind", () => {
  const page = heart(60, 64);
  const [dx, dy] = [5, -3];
  for (const kind of KINDS) {
    const warp = new Warp(page, { structures: [3] });
    const found = warp.warped(HANDLES, HANDLES.map(([x, y]) => [x + dx, y + dy]), kind);
    const expected = page.ids.map((id) => (id === 3 ? 4 : id));
    page.ids.forEach((id, i) => id === 3 && (expected[i + dy * 60 + dx] = 3));
    assert.deepEqual(found, expected, kind);
  }
});

test("handles that all turn by a right angle turn the structure, also where pixels are flat", () => {
  const side = 81; // pixel centres turn into pixel centres about the middle
  const page = plain(side, side);
  for (let y = 20; y < 60; y++) page.ids.fill(1, y * side + 35, y * side + 45 + Math.floor((y - 20) / 4));
  const [cx, cy] = [40, 40];
  const turned = ([x, y]) => [cx - (y - cy), cy + (x - cx)];
  const expected = new Uint8Array(side * side).fill(4);
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      if (page.ids[y * side + x] !== 1) continue;
      const [u, v] = turned([x, y]);
      expected[v * side + u] = 1;
    }
  }
  for (const kind of KINDS) {
    const found = new Warp(page, { structures: [1] }).warped(HANDLES, HANDLES.map(turned), kind);
    assert.deepEqual(found, expected, kind);
  }
});

test("a rigid warp keeps the size where handles spread, a similarity and an affine map follow them", () => {
  const page = heart(80, 80);
  const count = (ids) => ids.reduce((sum, id) => sum + Number(id === 1), 0);
  const spread = HANDLES.map(([x, y]) => [40 + (x - 40) * 1.5, 35 + (y - 35) * 1.5]);
  const sizes = Object.fromEntries(KINDS.map((kind) =>
    [kind, count(new Warp(page, { structures: [1, 2] }).warped(HANDLES, spread, kind)) / count(page.ids)]));
  assert.ok(Math.abs(sizes.similarity - 2.25) < 0.1, `${sizes.similarity}`);
  assert.ok(Math.abs(sizes.affine - 2.25) < 0.1, `${sizes.affine}`);
  assert.ok(sizes.rigid < 1.6, `${sizes.rigid}`);
});

test("what is under a pinned handle stays there, what is under a dragged one goes with it", () => {
  const page = heart(80, 80);
  const [pinned, dragged] = [[40, 12], [40, 46]];
  for (const kind of KINDS) {
    const found = new Warp(page, { structures: [1, 2] }).warped([pinned, dragged], [pinned, [46, 60]], kind);
    assert.equal(found[12 * 80 + 40], page.ids[12 * 80 + 40]);
    assert.equal(found[60 * 80 + 46], page.ids[46 * 80 + 40]);
  }
});

test("handles that cross fold the map without inventing a label", () => {
  const page = heart(80, 80);
  const swapped = [HANDLES[2], HANDLES[3], HANDLES[0], HANDLES[1]];
  for (const kind of KINDS) {
    const found = new Warp(page, { structures: [1, 2] }).warped(HANDLES, swapped, kind);
    assert.ok(found.every((id) => id <= 4));
    assert.ok(found.every((id, i) => (page.ids[i] === 3 && ![1, 2].includes(id) ? id === 3 : true)), "the atrium stays");
  }
});

test("pixels of locked labels stay, unless their structure is what moves", () => {
  const page = heart(80, 80);
  const after = HANDLES.map(([x, y]) => [x, y + 25]);
  const found = new Warp(page, { structures: [1, 2], locked: [3, 2] }).warped(HANDLES, after, "rigid");
  page.ids.forEach((id, i) => id === 3 && assert.equal(found[i], 3));
  assert.notDeepEqual(found, page.ids);
  const free = new Warp(page, { structures: [1, 2] }).warped(HANDLES, after, "rigid");
  assert.ok(page.ids.some((id, i) => id === 3 && free[i] !== 3), "else the atrium is covered");
});

test("where a structure leaves, the outside shows where there is no sector", () => {
  const page = heart(60, 64);
  page.sector = page.ids.map((id) => Number(id === 4));
  const found = new Warp(page, { structures: [3] }).warped([[30, 50]], [[400, 50]], "rigid");
  assert.deepEqual(found, page.ids.map((id) => (id === 3 ? 0 : id)));
});

test("every frame starts from the map before the drag, also when the document is painted on meanwhile", () => {
  const page = heart(60, 64);
  const before = page.ids.slice();
  const warp = new Warp(page, { structures: [1, 2] });
  warp.warped(HANDLES, HANDLES.map(([x, y]) => [x + 20, y - 9]), "affine");
  page.ids.fill(0);
  assert.deepEqual(warp.warped(HANDLES, HANDLES, "affine"), before);
});
