import assert from "node:assert/strict";
import { test } from "node:test";

import { captionLines, cellWords } from "../../echo_studio/web/static/compare/cell_words.js";
import { differenceRange, fillDifference } from "../../echo_studio/web/static/compare/difference.js";
import { Lens } from "../../echo_studio/web/static/compare/lens.js";
import { RANKINGS, ranked } from "../../echo_studio/web/static/compare/ranking.js";
import { tileSide } from "../../echo_studio/web/static/compare/tile_size.js";
import { sameWords, shareOf, stateWords } from "../../echo_studio/web/static/compare/words.js";

const GREY = Uint8Array.of(100, 110, 90, 200);
const SECTOR = Uint8Array.of(4, 1, 2, 0);

test("a difference is grey where frames agree, orange where brighter, blue where darker, and clear outside", () => {
  const data = new Uint8ClampedArray(16);
  fillDifference(data, GREY, Uint8Array.of(100, 90, 110, 0), SECTOR, 20);
  const pixel = (k) => [...data.slice(4 * k, 4 * k + 4)];
  assert.deepEqual(pixel(0), [96, 98, 102, 255]);
  assert.deepEqual(pixel(1), [255, 140, 40, 255]);
  assert.deepEqual(pixel(2), [60, 150, 255, 255]);
  assert.deepEqual(pixel(3), [0, 0, 0, 0]);
});

test("the colours grow with the difference up to the range, and no further", () => {
  const red = (level, range) => {
    const data = new Uint8ClampedArray(4);
    fillDifference(data, Uint8Array.of(level), Uint8Array.of(0), Uint8Array.of(1), range);
    return data[0];
  };
  assert.deepEqual([0, 10, 20, 200].map((level) => red(level, 20)), [96, 176, 255, 255]);
});

test("the range is at least 10 grey levels, in fives, and counts the sector alone", () => {
  const reference = new Uint8Array(4).fill(100);
  assert.equal(differenceRange([[Uint8Array.of(100, 101, 99, 255), SECTOR]], reference), 10, "255 lies outside the sector");
  assert.equal(differenceRange([[Uint8Array.of(100, 117, 99, 100), SECTOR]], reference), 20);
  assert.equal(differenceRange([], reference), 10);
});

test("one bad frame of many does not hide the differences of the others", () => {
  const reference = new Uint8Array(4).fill(100);
  const frame = (level) => [new Uint8Array(4).fill(100 + level), SECTOR];
  assert.equal(differenceRange([frame(12), frame(12), frame(13), frame(14), frame(150)], reference), 15);
});

test("one pixel in a thousand does not set the range", () => {
  const size = 1000;
  const grey = new Uint8Array(size).fill(112);
  grey[0] = 250;
  assert.equal(differenceRange([[grey, new Uint8Array(size).fill(1)]], new Uint8Array(size).fill(100)), 15);
});

const at = (lens, px, py, [width, height] = [200, 100], aspect = 1, side = 300) => {
  const { scale, left, top } = lens.place({ width, height }, aspect, side);
  return [left + px * scale, top + py * scale * aspect];
};
const near = (one, other) => one.forEach((value, i) => assert.ok(Math.abs(value - other[i]) < 1e-9, `${one} is not ${other}`));

test("a whole frame lies in the middle of its tile", () => {
  const lens = new Lens();
  near(at(lens, 0, 0), [0, 75]);
  near(at(lens, 200, 100), [300, 225]);
});

test("zooming keeps the point under the pointer where it is", () => {
  const lens = new Lens();
  const [dx, dy] = [0.2, -0.1]; // in tiles from the middle
  const point = [100 + dx * 200, 50 + dy * 200];
  near(at(lens, ...point), [150 + 60, 150 - 30]);
  lens.zoomAt(dx, dy, 3);
  near(at(lens, ...point), [210, 120]);
  lens.zoomAt(dx, dy, 1.7);
  near(at(lens, ...point), [210, 120]);
});

test("pixels that are no squares fill the tile with their longer side, and stay under the pointer", () => {
  for (const [aspect, corner] of [[0.593 / 0.723, [0, 150 * (1 - 0.593 / 0.723)]], [1.5, [50, 0]]]) {
    const lens = new Lens();
    const { wide, high } = lens.place({ width: 256, height: 256 }, aspect, 300);
    near([high / wide, Math.max(wide, high)], [aspect, 300]);
    near(at(lens, 0, 0, [256, 256], aspect), corner);
    const [x, y] = at(lens, 90, 140, [256, 256], aspect);
    lens.zoomAt(x / 300 - 0.5, y / 300 - 0.5, 7);
    near(at(lens, 90, 140, [256, 256], aspect), [x, y]);
    const before = at(lens, 90, 140, [256, 256], aspect);
    lens.pan(0.01, -0.02);
    near(at(lens, 90, 140, [256, 256], aspect), [before[0] + 3, before[1] - 6]);
  }
});

test("the zoom has limits, and zooming out ends with the whole frame", () => {
  const lens = new Lens();
  lens.zoomAt(0.4, 0.4, 1000);
  assert.equal(lens.zoom, 24);
  lens.zoomAt(-0.4, 0.1, 0.0001);
  assert.deepEqual([lens.zoom, lens.x, lens.y], [1, 0, 0]);
});

test("panning moves the picture with the pointer, at every zoom, and never out of the tile", () => {
  const lens = new Lens();
  lens.pan(0.5, 0.5);
  near([lens.x, lens.y], [0, 0]);
  lens.zoomAt(0, 0, 4);
  const before = at(lens, 100, 50);
  lens.pan(0.1, 0);
  near(at(lens, 100, 50), [before[0] + 30, before[1]]);
  lens.pan(50, -50);
  assert.deepEqual([lens.x, lens.y], [-0.375, 0.375]);
});

test("frames of two sizes show the same part of the heart", () => {
  const lens = new Lens();
  lens.zoomAt(0.3, 0.2, 3);
  near(at(lens, 80, 60, [256, 256]), at(lens, 35, 26.25, [112, 112]));
});

test("fitting shows the whole frame, and listeners hear of every change", () => {
  const lens = new Lens();
  let heard = 0;
  lens.listeners.add(() => heard++);
  lens.zoomAt(0.1, 0, 2);
  lens.pan(0.1, 0);
  lens.fit();
  assert.equal(heard, 3);
  assert.deepEqual([lens.zoom, lens.x, lens.y], [1, 0, 0]);
});

const cellsWith = (name, values) => values.map((value) => ({ figures: value === undefined ? {} : { [name]: value } }));

test("cells are ranked by a figure, the least first where less is better", () => {
  assert.deepEqual(ranked(cellsWith("nfe", [3, 1, 2]), "nfe"), { known: [1, 2, 0], rest: [] });
  assert.deepEqual(ranked(cellsWith("lv_endo", [0.8, 0.95, 0.9]), "lv_endo").known, [1, 2, 0]);
  assert.deepEqual(RANKINGS.filter(({ less }) => less).map(({ name }) => name), ["seconds", "nfe", "rmse"]);
});

test("equal figures keep the order of rows and columns, and cells without one come last", () => {
  assert.deepEqual(ranked(cellsWith("nfe", [2, 1, 2, 1]), "nfe").known, [1, 3, 0, 2]);
  assert.deepEqual(ranked(cellsWith("la", [undefined, 0.5, null, 0.7]), "la"), { known: [3, 1], rest: [0, 2] });
});

const SETTINGS = { label_map: "Canvas", view: "4CH", phase: "ED", generator: "vp-256", solver: "heun", schedule: "", nfe: 2, seed: "3", guidance: 0 };
const FIGURES = { seconds: 1.234, rmse: 0, lv_endo: 0.9, lv_epi: 0.91, la: null };

test("a cell says how far it is until its frame is there", () => {
  const words = (more) => cellWords({ settings: SETTINGS, nfe: 0, message: "", ...more });
  assert.equal(words({ state: "waiting" }), "Waiting");
  assert.equal(words({ state: "running" }), "Starting …");
  assert.equal(words({ state: "running", nfe: 1 }), "NFE 1 / 2");
  assert.equal(words({ state: "cancelled", nfe: 1 }), "Cancelled at NFE 1");
  assert.equal(words({ state: "failed", message: "Expected label dropout." }), "Expected label dropout.");
  assert.equal(words({ state: "done" }), "");
});

test("a caption has the figures of its cell, and a dash for one that is not known", () => {
  const cell = { title: "vp-256 · heun · 2 NFE", settings: SETTINGS, figures: FIGURES, state: "done", note: "", message: "" };
  assert.deepEqual(captionLines(cell, ["generator", "nfe"]), [["b", cell.title], ["span", "1.23 s · RMSE 0.00"], ["span", "LV 0.900  epi 0.910  LA –"]]);
});

test("a caption says what varies and its title leaves out, and keeps its height before the figures come", () => {
  const cell = { title: "t", settings: SETTINGS, figures: {}, state: "running", note: "", message: "" };
  assert.deepEqual(captionLines(cell, ["seed", "schedule"]), [["b", "t"], ["span", "seed 3 · schedule own"], ["span", "\u00a0"], ["span", "\u00a0"]]);
  assert.deepEqual(captionLines({ ...cell, state: "done", figures: FIGURES, note: "one call", message: "not measured" }, []).slice(3), [["em", "one call"], ["em", "not measured"]]);
});

const cells = (...states) => states.map((state) => ({ state, nfe: 1, settings: SETTINGS }));

test("a comparison says which cell runs, how many failed, and how it ended", () => {
  const words = (state, list, more = {}) => stateWords({ state, cells: list, ahead: 0, stopping: false, message: "", ...more });
  assert.equal(words("running", cells("done", "failed", "running", "waiting")), "Cell 3 of 4 · 1 failed");
  assert.equal(words("done", cells("done", "done")), "2 of 2 cells done");
  assert.equal(words("done", cells("done", "failed")), "1 of 2 cells done · 1 failed");
  assert.equal(words("cancelled", cells("done", "cancelled")), "Cancelled: 1 of 2 cells done");
  assert.equal(words("waiting", cells("waiting"), { ahead: 3 }), "Waiting: 3 ahead");
  assert.equal(words("running", cells("running"), { stopping: true }), "Stopping after this NFE …");
  assert.equal(words("failed", cells("waiting"), { message: "Gone." }), "Gone.");
});

test("a running cell counts by its NFE, one that ended counts whole", () => {
  assert.deepEqual(cells("waiting", "running", "done", "failed", "cancelled").map(shareOf), [0, 0.5, 1, 1, 1]);
});

test("what is the same in every cell is said in one line, without what is off", () => {
  const [one, other] = [{ settings: SETTINGS }, { settings: { ...SETTINGS, nfe: 5, generator: "edm-l64" } }];
  assert.equal(sameWords([one, other]), "Canvas · 4CH · ED · heun · seed 3");
  assert.equal(sameWords([{ settings: { ...SETTINGS, guidance: 2, schedule: "karras" } }]), "Canvas · 4CH · ED · vp-256 · heun · schedule karras · 2 NFE · seed 3 · guidance 2");
});

test("tiles fill the place, stay readable where only height lacks, and have a least and a greatest size", () => {
  assert.equal(tileSide(1120, 2000, { rows: 1, columns: 4 }), 240);
  assert.equal(tileSide(1120, 500, { rows: 5, columns: 4 }), 216);
  assert.equal(tileSide(1120, 500, { rows: 1, columns: 20 }), 150);
  assert.equal(tileSide(3000, 3000, { rows: 1, columns: 1 }), 480);
});
