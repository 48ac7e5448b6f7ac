import assert from "node:assert/strict";
import { test } from "node:test";

import { deepestPlace, traceBorders } from "../../echo_studio/web/static/canvas/document/borders.js";
import { addLoop, outlines, smoothed, structureContours } from "../../echo_studio/web/static/common/contours.js";
import { heart, pageOf, plain, random } from "./stand_ins.js";

const outlined = ({ ids, width, height }, ...members) => outlines(ids, width, height, members);

/** What twice the area inside a loop is, with its sign: positive where the inside lies on the right. */
const doubleArea = (loop) => loop.reduce((sum, [x, y], i) => {
  const [u, v] = loop[(i + 1) % loop.length];
  return sum + x * v - u * y;
}, 0);

class PathRecorder {
  constructor() {
    this.moves = [];
  }

  moveTo(x, y) {
    this.moves.push(["move", x, y]);
  }

  lineTo(x, y) {
    this.moves.push(["line", x, y]);
  }

  closePath() {
    this.moves.push(["close"]);
  }
}

test("every structure that a map holds has its contour, fluid and masses too", (context) => {
  const before = globalThis.Path2D;
  context.after(() => { globalThis.Path2D = before; });
  globalThis.Path2D = /** @type {any} */ (PathRecorder);
  const of = (rows) => {
    const { ids, width, height } = pageOf(rows);
    return structureContours(ids, width, height).map(({ label, path }) => [label, path.moves.filter(([kind]) => kind === "close").length]);
  };
  assert.deepEqual(of(["44444", "41124", "41664", "45544"]), [[2, 1], [1, 1], [5, 1], [6, 1]]);
  assert.deepEqual(of(["44444", "43334"]), [[3, 1]]);
  assert.deepEqual(of(["444"]), []);
});

test("a rectangle of pixels has one outline through its corner points, clockwise", () => {
  const loops = outlined(pageOf(["4444", "4114", "4444"]), 1);
  assert.equal(loops.length, 1);
  assert.equal(loops[0].length, 6);
  assert.equal(doubleArea(loops[0]), 2 * 2);
  const corners = new Set(loops[0].map(String));
  for (const corner of ["1,1", "2,1", "3,1", "3,2", "2,2", "1,2"]) assert.ok(corners.has(corner));
});

test("a hole has an outline of its own, the other way round", () => {
  const areas = outlined(pageOf(["111", "141", "111"]), 1).map(doubleArea);
  assert.deepEqual(areas.sort((a, b) => a - b), [-2, 18]);
});

test("the edge of the map closes an outline, and labels of one structure share it", () => {
  assert.deepEqual(outlined(plain(5, 3, 1), 1).map(doubleArea), [30]);
  assert.deepEqual(outlined(pageOf(["12", "21"]), 1, 2).map(doubleArea), [8]);
  assert.deepEqual(outlined(plain(5, 3), 1), []);
});

test("outlines enclose as many pixels as there are, whatever the map, and each step is one pixel side", () => {
  const next = random(6);
  for (let trial = 0; trial < 40; trial++) {
    const [width, height] = [3 + Math.floor(next() * 9), 3 + Math.floor(next() * 9)];
    const ids = Uint8Array.from({ length: width * height }, () => (next() < 0.5 ? 1 : 4));
    const loops = outlined({ ids, width, height }, 1);
    const area = loops.reduce((sum, loop) => sum + doubleArea(loop), 0) / 2;
    assert.equal(area, ids.filter((id) => id === 1).length);
    for (const loop of loops) {
      loop.forEach(([x, y], i) => {
        const [u, v] = loop[(i + 1) % loop.length];
        assert.equal(Math.abs(x - u) + Math.abs(y - v), 1);
      });
    }
  }
});

test("smoothing keeps specks as they are and takes the steps out of large outlines without moving them", () => {
  const [speck] = outlined(pageOf(["444", "414", "444"]), 1);
  assert.deepEqual(smoothed(speck), speck);
  const page = heart(80, 80);
  const [wall] = outlined(page, 1, 2);
  const smooth = smoothed(wall);
  assert.equal(smooth.length, wall.length);
  smooth.forEach(([x, y], i) => assert.ok(Math.hypot(x - wall[i][0], y - wall[i][1]) < 1.6));
  assert.ok(Math.abs(doubleArea(smooth) / doubleArea(wall) - 1) < 0.02);
  const length = (loop) => loop.reduce((sum, [x, y], i) => sum + Math.hypot(x - loop[(i + 1) % loop.length][0], y - loop[(i + 1) % loop.length][1]), 0);
  assert.ok(length(smooth) < 0.85 * length(wall));
});

test("a loop becomes a closed path", () => {
  const path = new PathRecorder();
  addLoop(path, [[1, 2], [3, 4]]);
  assert.deepEqual(path.moves, [["move", 1, 2], ["line", 3, 4], ["close"]]);
});

test("borders run along every edge between two labels, and edges in one line are one", () => {
  const path = new PathRecorder();
  traceBorders(path, pageOf(["4411", "4411", "4444"]).ids, 4, 3);
  assert.deepEqual(path.moves, [["move", 2, 2], ["line", 4, 2], ["move", 2, 0], ["line", 2, 2]]);
});

test("borders of random maps are as long as there are pairs of neighbours that differ", () => {
  const next = random(7);
  const [width, height] = [17, 13];
  const ids = Uint8Array.from({ length: width * height }, () => Math.floor(next() * 3));
  const path = new PathRecorder();
  traceBorders(path, ids, width, height);
  let drawn = 0;
  for (let i = 0; i < path.moves.length; i += 2) {
    const [[, x0, y0], [, x1, y1]] = path.moves.slice(i, i + 2);
    drawn += x1 - x0 + y1 - y0;
  }
  let pairs = 0;
  ids.forEach((id, i) => {
    pairs += Number(i % width > 0 && id !== ids[i - 1]) + Number(i >= width && id !== ids[i - width]);
  });
  assert.equal(drawn, pairs);
});

test("a label's number goes where it is deepest, and nowhere near it where there is no such label", () => {
  const page = plain(60, 40);
  for (let y = 10; y < 31; y++) page.ids.fill(1, y * 60 + 20, y * 60 + 41);
  const { place, depth } = deepestPlace(page.ids, 60, 40, 1);
  assert.deepEqual(place, [30.5, 20.5]);
  assert.equal(depth, 11);
  assert.equal(deepestPlace(page.ids, 60, 40, 3).depth, 0);
  assert.equal(deepestPlace(plain(9, 5, 2).ids, 9, 5, 2).depth, 3, "the edge of the map is a border too");
});

test("on large maps the place is found on a coarser grid, within a cell of it", () => {
  const page = heart(400, 400);
  const { place, depth } = deepestPlace(page.ids, 400, 400, 3);
  assert.ok(Math.hypot(place[0] - 200, place[1] - 328) < 12, `${place}`);
  assert.ok(depth > 25 && depth < 50, `${depth}`);
  assert.equal(page.ids[Math.floor(place[1]) * 400 + Math.floor(place[0])], 3);
});
