import assert from "node:assert/strict";
import { test } from "node:test";

import {
  PLOT,
  beatScale,
  knownValues,
  phaseAt,
  polylines,
  shortNumber,
} from "../../echo_studio/web/static/video/curve.js";
import { areaLines, factWords } from "../../echo_studio/web/static/video/report_lines.js";
import { VideoSampling } from "../../echo_studio/web/static/video/sampling.js";

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
  assert.equal(factWords(status, { areas_px: [1], ef_percent: 50 }), "EF 54.3 % on the labels. EF 50.0 % as the judge finds it on the frames.");
  assert.match(factWords({ ef_drawn: null }, { areas_px: [1], ef_percent: null }), /^The judge finds no ventricle/);
  assert.equal(factWords({ ef_drawn: null }, { problem: "No segmenter." }), "No segmenter.");
});
