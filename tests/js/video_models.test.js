import assert from "node:assert/strict";
import { test } from "node:test";

import { Slots } from "../../echo_studio/web/static/common/slots.js";
import { PLOT, beatScale, knownValues, phaseAt, polylines, shortNumber } from "../../echo_studio/web/static/video/curve.js";
import { Keyframes } from "../../echo_studio/web/static/video/keyframes.js";
import { Motion } from "../../echo_studio/web/static/video/motion.js";
import { areaLines, factWords } from "../../echo_studio/web/static/video/report_lines.js";
import { VideoSampling } from "../../echo_studio/web/static/video/sampling.js";

const CATALOG = {
  motion: { ef: 55, shortening: 0.17, thickening: 0.4, heart_rate: 70, regional: [] },
  usual: Array.from({ length: 81 }, (_, k) => ({ shortening: (k + 5) * 0.003, thickening: (k + 5) * 0.007 })), // EF 5 to 85
  limits: { ef: [5, 85], shortening: [0, 0.28], thickening: [0, 1], heart_rate: [30, 220] },
  frames: [4, 64],
  segments: { "4CH": ["basal septal", "apex", "basal lateral"], "2CH": ["basal inferior", "apex"] },
};

function motion() {
  const made = new Motion();
  made.offer(CATALOG);
  return made;
}

/** What Keyframes need of the Edit tab; `paint` changes its canvas. */
function editTab(width = 2, height = 2) {
  const listeners = { document: new Set(), settings: new Set() };
  const document = { ids: new Uint8Array(width * height).fill(1), width, height, spacing: "1,1", revision: 3, listeners: listeners.document };
  const settings = { values: { view: "4CH" }, listeners: listeners.settings };
  const slots = new Slots();
  const paint = (label) => {
    document.ids.fill(label);
    document.revision += 1;
    for (const listener of listeners.document) listener(null, true);
  };
  return { document, settings, slots, paint };
}

function keyframes(tab = editTab()) {
  const changes = [];
  const made = new Keyframes(/** @type {any} */ (tab), () => changes.push(made.version));
  return { tab, made, changes };
}

test("shortening and thickening follow the ejection fraction until they are moved themselves", () => {
  const made = motion();
  assert.equal(made.values.shortening, 0.17, "0.165 in whole percents");
  made.set("ef", 35);
  assert.equal(made.values.shortening, 0.11);
  assert.equal(made.values.thickening, 0.25);
  made.set("thickening", 0.3);
  made.set("ef", 20);
  assert.deepEqual([made.values.shortening, made.values.thickening], [0.06, 0.3]);
});

test("a moved number that is released follows again", () => {
  const made = motion();
  made.set("shortening", 0.02);
  made.set("ef", 80);
  assert.equal(made.values.shortening, 0.02);
  made.release("shortening");
  assert.equal(made.values.shortening, 0.24);
});

test("an ejection fraction beyond the limits takes what is usual at the limit", () => {
  const made = motion();
  made.set("ef", 120);
  assert.equal(made.values.shortening, 0.26);
  made.set("ef", -4);
  assert.equal(made.values.shortening, 0.02);
});

test("numbers out of range are said in the units that people read, without the noise of floating point", () => {
  const made = motion();
  assert.equal(made.problem, "");
  made.set("ef", 120);
  assert.equal(made.problem, "Ejection fraction: expected 5 to 85 %, got 120");
  made.set("ef", 55);
  made.set("shortening", 0.29);
  assert.equal(made.problem, "Longitudinal shortening: expected 0 to 28 %, got 29");
  made.release("shortening");
  made.set("frames", 6.5);
  assert.equal(made.problem, "Frames: expected 4 to 64, got 6.5");
});

test("segments are added one by one, the apex first, until none is free", () => {
  const made = motion();
  made.addSegment();
  made.addSegment();
  made.addSegment();
  made.addSegment();
  assert.deepEqual(made.regional.map(({ segment }) => segment), ["apex", "basal septal", "basal lateral"]);
  assert.ok(made.regional.every(({ kind }) => kind === "akinetic"));
  assert.deepEqual(made.free, []);
});

test("a heart of another view keeps the segments that it shows", () => {
  const made = motion();
  made.addSegment();
  made.addSegment();
  made.suit("2CH");
  assert.deepEqual(made.regional.map(({ segment }) => segment), ["apex"]);
  assert.deepEqual(made.free, ["basal inferior"]);
  assert.equal(made.request.view, "2CH");
});

test("what is requested of a motion does not change with the form afterwards", () => {
  const made = motion();
  made.addSegment();
  const { request } = made;
  assert.deepEqual(request, { view: "4CH", frames: 24, motion: { ef: 55, shortening: 0.17, thickening: 0.39, heart_rate: 70, regional: [{ segment: "apex", kind: "akinetic" }] } });
  made.set("ef", 30);
  made.regional[0].kind = "dyskinetic";
  assert.equal(request.motion.ef, 55);
  assert.equal(request.motion.regional[0].kind, "akinetic");
});

test("a restored motion asks for the same again, and knows which numbers were moved", () => {
  const made = motion();
  made.set("ef", 40);
  made.set("thickening", 0.9);
  made.set("frames", 12);
  made.suit("2CH");
  made.addSegment();
  const { request } = made;
  const other = motion();
  other.restore(request);
  assert.deepEqual(other.request, request);
  assert.deepEqual([...other.moved], ["thickening"]);
});

test("before the server has said what can be chosen there are no segments", () => {
  assert.deepEqual(new Motion().free, []);
});

test("the canvas is copied as end diastole, and painting on makes it stale", () => {
  const { tab, made, changes } = keyframes();
  assert.equal(made.stale, true);
  made.take();
  assert.equal(made.stale, false);
  assert.equal(changes.length, 1);
  tab.paint(2);
  assert.equal(made.stale, true);
  assert.deepEqual([...made.ed.ids], [1, 1, 1, 1]);
  made.take();
  assert.deepEqual([...made.ed.ids], [2, 2, 2, 2]);
  assert.ok(changes[1] > changes[0], "another heart has another version");
});

test("another view of the settings makes the heart stale as well", () => {
  const { tab, made } = keyframes();
  made.take();
  tab.settings.values.view = "2CH";
  assert.equal(made.stale, true);
});

test("end systole from the canvas stays as it was drawn", () => {
  const { tab, made } = keyframes();
  made.take();
  made.choose("canvas");
  tab.paint(3);
  assert.deepEqual([...made.es.ids], [1, 1, 1, 1]);
  assert.equal(made.source, "kept");
  assert.deepEqual(made.sources.map(({ name }) => name), ["", "kept", "canvas"]);
  made.choose("");
  assert.equal(made.es, null);
});

test("end systole comes from a slot, and stays when the slot is cleared", () => {
  const { tab, made } = keyframes();
  made.take();
  tab.slots.set("4CH-ES", { width: 2, height: 2, spacing: "", ids: Uint8Array.of(1, 2, 3, 4), sector: null });
  assert.deepEqual(made.sources.at(-1), { name: "slot:4CH-ES", title: "Kept 4CH ES" });
  made.choose("slot:4CH-ES");
  assert.deepEqual([...made.es.ids], [1, 2, 3, 4]);
  tab.slots.set("4CH-ES", null);
  assert.equal(made.source, "kept");
  assert.deepEqual([...made.es.ids], [1, 2, 3, 4]);
});

test("a heart of another size lets the motion shape end systole again, in one change", () => {
  const { tab, made, changes } = keyframes();
  made.take();
  made.choose("canvas");
  Object.assign(tab.document, { width: 4, height: 1 });
  made.take();
  assert.equal(made.es, null);
  assert.equal(made.source, "");
  assert.equal(changes.length, 3);
});

test("restored keyframes are not stale where the canvas still holds them", () => {
  const { tab, made, changes } = keyframes();
  const same = { ids: Uint8Array.of(1, 1, 1, 1), width: 2, height: 2, spacing: "" };
  made.restore(same, null, "4CH");
  assert.equal(made.stale, false);
  made.restore({ ...same, ids: Uint8Array.of(1, 1, 1, 2) }, same, "4CH");
  assert.equal(made.stale, true);
  assert.equal(made.source, "kept");
  assert.equal(changes.length, 0, "nobody changed the heart");
  assert.equal(tab.document.revision, 3);
});

const GENERATORS = [
  { name: "video-spade", advised_nfe: 20, advised_solver: "heun", guidance: true, starts: false, advised_guidance: 1.5 },
  { name: "free-echo", advised_nfe: 29, advised_solver: "euler", advised_start_step: 35, guidance: false, starts: true },
  { name: "bare", advised_nfe: 1 },
];
const SOLVERS = [{ name: "heun", title: "Heun (second order)" }, { name: "euler", title: "Euler" }];

function sampling() {
  const changes = [];
  const made = new VideoSampling((changed) => changes.push(changed));
  made.offer({ generators: GENERATORS, solvers: SOLVERS });
  return { made, changes };
}

test("a generator is chosen with what it advises, and shows only what it has a use for", () => {
  const { made } = sampling();
  assert.deepEqual([made.values.nfe, made.values.guidance, made.values.start_step], [20, 1.5, 0]);
  assert.deepEqual(["nfe", "guidance", "start_step"].map((name) => made.uses(name)), [true, true, false]);
  made.choose("free-echo");
  assert.deepEqual([made.values.solver, made.values.nfe, made.values.guidance, made.values.start_step], ["euler", 29, 0, 35]);
  assert.deepEqual(["nfe", "guidance", "start_step"].map((name) => made.uses(name)), [true, false, true]);
});

test("a generator that advises no solver keeps the chosen one", () => {
  const { made } = sampling();
  made.set({ solver: "euler" });
  made.choose("bare");
  assert.equal(made.values.solver, "euler");
});

test("what a generator advises is said in one line", () => {
  const { made } = sampling();
  assert.equal(made.advice, "20 NFE, Heun, guidance 1.5");
  made.choose("free-echo");
  assert.equal(made.advice, "29 NFE, Euler, start step 35");
  made.choose("bare");
  assert.equal(made.advice, "1 NFE");
});

test("every change of the sampling is announced by name", () => {
  const { made, changes } = sampling();
  made.set({ nfe: "7" });
  assert.deepEqual(changes.at(-1), { nfe: "7" });
  made.choose("free-echo");
  assert.equal(changes.at(-1).start_step, 35);
  assert.equal(changes.at(-1).generator, "free-echo");
});

test("a new seed is a whole number below 2^31, as text", () => {
  const { made } = sampling();
  for (let k = 0; k < 20; k++) {
    made.newSeed();
    assert.match(made.values.seed, /^\d+$/);
    assert.ok(Number(made.values.seed) < 2 ** 31);
  }
});

test("a restored sampling is the request's; that of a generator which is gone is left alone", () => {
  const { made } = sampling();
  const request = { generator: "free-echo", solver: "heun", nfe: 5, guidance: 0, start_step: 12, seed: "3" };
  made.restore(request);
  assert.deepEqual(made.request, request);
  made.restore({ ...request, generator: "gone", nfe: 99 });
  assert.deepEqual(made.request, request);
});

test("without a generator there is none to choose, and nothing breaks", () => {
  const made = new VideoSampling(() => {});
  made.offer({ generators: [], solvers: SOLVERS });
  assert.equal(made.entry, undefined);
  assert.equal(made.uses("start_step"), false);
});

test("a plot reaches from 0 to a little above the greatest value, over the whole beat", () => {
  const { high, x, y } = beatScale([50, 100]);
  assert.equal(high, 106);
  assert.equal(x(0), PLOT.left);
  assert.equal(x(1), PLOT.width - PLOT.right);
  assert.equal(y(0), PLOT.height - PLOT.bottom);
  assert.equal(y(high), PLOT.top);
  assert.equal(beatScale([0, 0]).high, 1, "zeros alone have a scale too");
});

test("a line closes the beat with its first value", () => {
  assert.deepEqual(polylines([1, 2], (phase) => 100 * phase, (value) => value), ["0.0,1.0 50.0,2.0 100.0,1.0"]);
});

test("frames without a value leave gaps, and a single frame between two gaps has no line", () => {
  const lines = polylines([1, 2, null, 4, null, 6], (phase) => 6 * phase, (value) => value);
  assert.deepEqual(lines, ["0.0,1.0 1.0,2.0", "5.0,6.0 6.0,1.0"]);
  assert.deepEqual(polylines([null, 5], (phase) => phase, (value) => value), []);
  assert.deepEqual(knownValues([{ values: [1, null] }, { values: [null, 3] }]), [1, 3]);
});

test("a press on the plot gives its phase, and never the end of the beat", () => {
  const at = (x) => phaseAt(x / PLOT.width);
  assert.equal(at(PLOT.left), 0);
  assert.ok(Math.abs(at((PLOT.left + PLOT.width - PLOT.right) / 2) - 0.5) < 1e-9);
  assert.equal(at(0), 0);
  assert.ok(at(PLOT.width) < 1);
});

test("numbers of an axis are short", () => {
  assert.deepEqual([0, 4.25, 12.4, 9999, 23456].map(shortNumber), ["0", "4.3", "12", "9999", "23k"]);
});

test("areas are in cm² where the size of a pixel is known, and gaps of the measurement stay gaps", () => {
  const clip = { areas: [1000, 500], spacingMm: [0.5, 0.4] };
  const { unit, lines } = areaLines(clip, { areas_px: [900, null] });
  assert.equal(unit, "cm²");
  assert.deepEqual(lines.map(({ name, values }) => [name, values]), [["asked", [2, 1]], ["measured", [1.8, null]]]);
  const bare = areaLines({ areas: [7], spacingMm: null }, null);
  assert.deepEqual([bare.unit, bare.lines.length, bare.lines[0].values], ["px", 1, [7]]);
});

test("a report says the ejection fractions that it has, and why one is missing", () => {
  const status = { ef_drawn: 54.26 };
  assert.equal(factWords(status, null), "EF 54.3 % on the labels. Measuring …");
  assert.equal(factWords(status, { areas_px: [1], ef_percent: 50 }), "EF 54.3 % on the labels. EF 50.0 % as the segmenter finds it on the frames.");
  assert.match(factWords({ ef_drawn: null }, { areas_px: [1], ef_percent: null }), /^The segmenter finds no ventricle/);
  assert.equal(factWords({ ef_drawn: null }, { problem: "No segmenter." }), "No segmenter.");
});
