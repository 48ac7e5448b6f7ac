import assert from "node:assert/strict";
import { test } from "node:test";

import {
  brushCell,
  cellsBetween,
  discSpans,
  polygonSpans,
  regionSpans,
} from "../../echo_studio/web/static/canvas/document/raster.js";
import { pageOf, random } from "./stand_ins.js";

/** The pixels of spans as "x,y", and an error where one is reported twice. */
function pixels(report) {
  const found = new Set();
  report((y, x0, x1) => {
    assert.ok(x0 <= x1);
    for (let x = x0; x <= x1; x++) {
      assert.ok(!found.has(`${x},${y}`), "each pixel once");
      found.add(`${x},${y}`);
    }
  });
  return found;
}

test("a brush of odd diameter sits on a pixel, of even diameter on a corner", () => {
  assert.deepEqual([0.01, 0.99, -0.01].map((position) => brushCell(position, 5)), [0, 0, -1]);
  assert.deepEqual([0.49, 0.5, 1.49].map((position) => brushCell(position, 4)), [0, 1, 1]);
});

test("a disc holds exactly the pixels whose centres lie within half its diameter", () => {
  for (let diameter = 1; diameter <= 40; diameter++) {
    const disc = pixels((span) => discSpans(50, 60, diameter, span));
    const centre = diameter % 2 ? [50.5, 60.5] : [50, 60];
    for (let y = 30; y < 90; y++) {
      for (let x = 20; x < 80; x++) {
        const inside = (x + 0.5 - centre[0]) ** 2 + (y + 0.5 - centre[1]) ** 2 <= diameter ** 2 / 4;
        assert.equal(disc.has(`${x},${y}`), inside, `${diameter}: ${x},${y}`);
      }
    }
  }
});

test("discs are symmetric about their centre", () => {
  for (const diameter of [1, 2, 3, 4, 11, 12]) {
    const mirror = diameter % 2 ? 0 : -1;
    const disc = pixels((span) => discSpans(0, 0, diameter, span));
    for (const pixel of disc) {
      const [x, y] = pixel.split(",").map(Number);
      assert.ok(disc.has(`${mirror - x},${y}`) && disc.has(`${x},${mirror - y}`) && disc.has(`${y},${x}`), `${diameter}: ${pixel}`);
    }
  }
});

test("between two cells there is no gap, and the way ends at the second one", () => {
  const next = random(1);
  for (let trial = 0; trial < 200; trial++) {
    const [from, to] = [0, 1].map(() => [0, 1].map(() => Math.floor(next() * 60 - 30)));
    const way = [from, ...cellsBetween(from, to)];
    assert.deepEqual(way.at(-1), to);
    for (let k = 1; k < way.length; k++) {
      const step = [0, 1].map((axis) => Math.abs(way[k][axis] - way[k - 1][axis]));
      assert.equal(Math.max(...step), 1, `${from} to ${to}`);
    }
  }
  assert.deepEqual(cellsBetween([3, 4], [3, 4]), []);
});

test("a polygon on whole pixels is that rectangle, however its corners run round", () => {
  for (const points of [[[2, 1], [6, 1], [6, 4], [2, 4]], [[2, 4], [6, 4], [6, 1], [2, 1]]]) {
    const found = pixels((span) => polygonSpans(points, 10, span));
    assert.equal(found.size, 12);
    for (let y = 1; y < 4; y++) for (let x = 2; x < 6; x++) assert.ok(found.has(`${x},${y}`));
  }
});

test("a centre on the outline is inside on a left or upper edge, outside on a right or lower one", () => {
  const found = pixels((span) => polygonSpans([[1.5, 1.5], [3.5, 1.5], [3.5, 3.5], [1.5, 3.5]], 10, span));
  assert.deepEqual([...found].sort(), ["1,1", "1,2", "2,1", "2,2"]);
});

test("what an outline goes round twice is outside", () => {
  const outer = [[0, 0], [12, 0], [12, 12], [0, 12]];
  const inner = [[4, 4], [8, 4], [8, 8], [4, 8]];
  const found = pixels((span) => polygonSpans([...outer, outer[0], inner[0], ...inner.slice(1), inner[0]], 20, span));
  assert.equal(found.size, 144 - 16);
  assert.ok(!found.has("5,5") && found.has("3,3") && found.has("8,8"));
});

test("polygons that share an edge leave no gap and do not overlap", () => {
  const next = random(2);
  for (let trial = 0; trial < 50; trial++) {
    const [a, b] = [0, 1].map(() => [next() * 20, next() * 20]);
    const whole = [[0, 0], [20, 0], [20, 20], [0, 20]];
    const top = a[0] < b[0] ? [a, b] : [b, a];
    const upper = pixels((span) => polygonSpans([[0, 0], [20, 0], [20, top[1][1]], top[1], top[0], [0, top[0][1]]], 20, span));
    const lower = pixels((span) => polygonSpans([[0, 20], [20, 20], [20, top[1][1]], top[1], top[0], [0, top[0][1]]], 20, span));
    const all = pixels((span) => polygonSpans(whole, 20, span));
    assert.equal(upper.size + lower.size, all.size);
    for (const pixel of upper) assert.ok(!lower.has(pixel));
  }
});

test("rows beyond the map are left out", () => {
  const rows = new Set();
  polygonSpans([[0, -50], [9, -50], [9, 50], [0, 50]], 5, (y) => rows.add(y));
  assert.deepEqual([...rows].sort(), [0, 1, 2, 3, 4]);
});

test("a region is what four neighbours connect, not what touches at a corner", () => {
  const { ids, width, height } = pageOf(["14411", "14141", "11414", "44111"]);
  const found = pixels((span) => regionSpans(ids, width, height, 0, 0, span));
  assert.deepEqual([...found].sort(), ["0,0", "0,1", "0,2", "1,2"]);
  assert.equal(pixels((span) => regionSpans(ids, width, height, 4, 0, span)).size, 3);
  assert.equal(pixels((span) => regionSpans(ids, width, height, 2, 1, span)).size, 1);
});

test("a region may be written into while it is reported", () => {
  const { ids, width, height } = pageOf(["11111", "14441", "11111"]);
  regionSpans(ids, width, height, 0, 0, (y, x0, x1) => ids.fill(3, y * width + x0, y * width + x1 + 1));
  assert.deepEqual([...ids], [3, 3, 3, 3, 3, 3, 4, 4, 4, 3, 3, 3, 3, 3, 3]);
});

test("regions of random maps are those of a search pixel by pixel", () => {
  const next = random(3);
  for (let trial = 0; trial < 30; trial++) {
    const [width, height] = [4 + Math.floor(next() * 12), 4 + Math.floor(next() * 12)];
    const ids = Uint8Array.from({ length: width * height }, () => (next() < 0.6 ? 1 : 2));
    const [x, y] = [Math.floor(next() * width), Math.floor(next() * height)];
    const reached = new Set();
    const open = [[x, y]];
    while (open.length) {
      const [px, py] = open.pop();
      if (px < 0 || py < 0 || px >= width || py >= height || reached.has(`${px},${py}`)) continue;
      if (ids[py * width + px] !== ids[y * width + x]) continue;
      reached.add(`${px},${py}`);
      open.push([px - 1, py], [px + 1, py], [px, py - 1], [px, py + 1]);
    }
    const found = pixels((span) => regionSpans(ids, width, height, x, y, span));
    assert.deepEqual([...found].sort(), [...reached].sort());
  }
});
