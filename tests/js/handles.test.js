import assert from "node:assert/strict";
import { test } from "node:test";

import {
  HandleSet,
  partsOf,
  sharesOf,
  structureAt,
  structuresMovedBy,
} from "../../echo_studio/web/static/canvas/tools/handles.js";
import { pageOf } from "./stand_ins.js";

const handle = (key, structure, place, pinned = false) => ({ key, structure, place, pinned });
const FOUND = [
  { key: "apex", structure: 2, place: [50, 10] },
  { key: "endo-1", structure: 1, place: [50, 20] },
  { key: "epi-1", structure: 2, place: [30, 40] },
  { key: "hinge-left", structure: 1, place: [40, 80] },
  { key: "atrium-1", structure: 3, place: [50, 110] },
];

test("handles that are found again keep their pins, stay removed and stay chosen; added ones stay", () => {
  const set = new HandleSet();
  set.adopt(FOUND);
  const by = (key) => set.list.find((one) => one.key === key);
  by("epi-1").pinned = true;
  set.remove(by("apex"));
  const own = set.add(1, [55, 55]);
  set.chosen = by("endo-1");
  set.adopt(FOUND.map((one) => ({ ...one, place: [one.place[0] + 5, one.place[1]] })));
  assert.deepEqual(set.list.map(({ key, pinned }) => [key, pinned]), [
    ["endo-1", false], ["epi-1", true], ["hinge-left", false], ["atrium-1", false], [own.key, false],
  ]);
  assert.deepEqual(set.chosen, by("endo-1"));
  assert.deepEqual(set.chosen.place, [55, 20]);
  set.forget();
  set.adopt(FOUND);
  assert.equal(set.list.length, 5, "forgotten: removed ones are back");
  assert.equal(set.chosen, null);
});

test("adopted handles are copies", () => {
  const set = new HandleSet();
  set.adopt(FOUND);
  set.list[0].place[0] = -1;
  assert.equal(FOUND[0].place[0], 50);
  const copy = set.copy();
  set.list[1].pinned = true;
  assert.equal(copy[1].pinned, false);
});

test("the handle after the last is the first, and with none chosen the way decides", () => {
  const set = new HandleSet();
  set.step(1);
  assert.equal(set.chosen, null, "there is none");
  set.adopt(FOUND);
  const keys = [1, 1, -1, -1, -1].map((direction) => {
    set.step(direction);
    return set.chosen.key;
  });
  assert.deepEqual(keys, ["apex", "endo-1", "apex", "atrium-1", "hinge-left"]);
  set.chosen = null;
  set.step(-1);
  assert.equal(set.chosen.key, "atrium-1");
});

test("a removed handle is chosen no more, and an added one is chosen at once", () => {
  const set = new HandleSet();
  set.adopt(FOUND);
  const added = set.add(3, [1, 2]);
  assert.equal(set.chosen, added);
  set.remove(added);
  assert.deepEqual([set.chosen, set.list.length], [null, 5]);
  assert.notEqual(set.add(3, [1, 2]).key, added.key, "keys are used once");
});

test("the nearest handle that is hit counts; places are pixel centres", () => {
  const set = new HandleSet();
  set.adopt([handle("a", 1, [10, 10]), handle("b", 1, [14, 10])]);
  const near = (x, y, radius) => set.nearest(x, y, ([hx, hy]) => Math.hypot(hx - x, hy - y) < radius)?.key;
  assert.equal(near(10.5, 10.5, 0.01), "a");
  assert.equal(near(13, 10.5, 9), "b");
  assert.equal(near(12, 14, 2), undefined);
});

test("cavity and wall go together, the atrium alone, and with the annulus unless it is locked", () => {
  const moved = (key, structure, linked, ...locked) => structuresMovedBy(handle(key, structure, [0, 0]), linked, new Set(locked));
  assert.deepEqual(moved("endo-1", 1, true), [1, 2]);
  assert.deepEqual(moved("endo-1", 1, false), [1]);
  assert.deepEqual(moved("epi-1", 2, false), [2]);
  assert.deepEqual(moved("hinge-left", 1, true), [1, 2, 3]);
  assert.deepEqual(moved("hinge-left", 1, true, 3), [1, 2]);
  assert.deepEqual(moved("hinge-left", 1, false), [1]);
  assert.deepEqual(moved("atrium-1", 3, true), [3]);
  assert.deepEqual(moved("atrium-1", 3, false), [3]);
});

test("the handles of a wall are its own and the cavity's, of the atrium its own and the annulus", () => {
  const keys = (...structures) => partsOf(FOUND, structures).map(({ key }) => key);
  assert.deepEqual(keys(1, 2), ["apex", "endo-1", "epi-1", "hinge-left"]);
  assert.deepEqual(keys(2), ["apex", "endo-1", "epi-1", "hinge-left"]);
  assert.deepEqual(keys(1), ["endo-1", "hinge-left"]);
  assert.deepEqual(keys(3), ["hinge-left", "atrium-1"]);
});

test("neighbours follow less with distance; pinned ones, the annulus and other structures stay", () => {
  const parts = [
    handle("dragged", 2, [0, 0]),
    handle("near", 2, [0, 5]),
    handle("far", 2, [0, 20]),
    handle("beyond", 2, [0, 90]),
    handle("pinned", 2, [0, 4], true),
    handle("hinge-left", 1, [0, 3]),
    handle("other", 1, [0, 2]),
    handle("edge", 2, [100, 100]),
  ];
  const shares = sharesOf(parts, parts[0], [2], 1);
  assert.equal(shares[0], 1);
  assert.ok(shares[1] > shares[2] && shares[2] > 0 && shares[1] < 1);
  assert.deepEqual(shares.slice(3), [0, 0, 0, 0, 0]);
  assert.equal(sharesOf([{ ...parts[0], pinned: true }, parts[7]], parts[0], [2], 1)[1], 0);
});

test("distances between handles count in millimetres", () => {
  const parts = [handle("dragged", 2, [0, 0]), handle("across", 2, [20, 0]), handle("down", 2, [0, 10]), handle("edge", 2, [100, 50])];
  const [, across, down] = sharesOf(parts, parts[0], [2], 2);
  assert.ok(across > 0 && Math.abs(across - down) < 1e-12);
});

test("a point finds the structure beneath it, or beside a border the nearest one within reach", () => {
  const page = pageOf(["000000", "044144", "044144", "044444", "044444"]);
  assert.deepEqual(structureAt(page, 3.2, 1.7, () => false), { structure: 1, place: [2.7, 1.2] });
  const near = (x, y, reach) => structureAt(page, x, y, ([px, py]) => Math.hypot(px - x, py - y) < reach);
  assert.deepEqual(near(5.5, 2.5, 3), { structure: 1, place: [3, 2] });
  assert.equal(near(5.5, 2.5, 1), null);
  assert.equal(near(-4, -4, 3), null);
});
