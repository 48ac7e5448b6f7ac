import assert from "node:assert/strict";
import { test } from "node:test";

import { Slots } from "../../echo_studio/web/static/common/slots.js";
import { ComparePlan } from "../../echo_studio/web/static/compare/plan.js";
import { COMPARE_AXES, listedValues } from "../../echo_studio/web/static/compare/values.js";

const CATALOG = () => ({
  generators: [{ name: "edm-l64", title: "Latent EDM" }, { name: "vp-256", title: "VP" }],
  solvers: ["heun", "euler", "dpm", "unipc"].map((name) => ({ name, title: `${name} (in brackets)` })),
  schedules: ["karras", "cosine"],
  templates: [{ name: "4ch-ed", title: "Four-chamber" }, { name: "blank", title: "Blank sector" }],
});

function plan() {
  const settings = { values: { view: "4CH", phase: "ED", generator: "vp-256", seed: "12" } };
  const slots = new Slots();
  const made = new ComparePlan(/** @type {any} */ ({ slots, settings }));
  made.offer(CATALOG());
  return { made, slots, settings };
}

test("at first all generators are compared at three NFE, with what the Edit tab has", () => {
  const { made } = plan();
  assert.deepEqual(made.size, [2, 3]);
  assert.equal(made.countWords, "2 × 3 = 6 cells");
  assert.deepEqual(made.request(5), {
    rows: { name: "generator", values: ["edm-l64", "vp-256"] },
    columns: { name: "nfe", values: ["5", "10", "20"] },
    fixed: { solver: "", schedule: "", seed: "12", guidance: "" },
    maps: [{ kind: "canvas", name: "" }],
    revision: 5, view: "4CH", phase: "ED",
  });
});

test("lists of numbers are read with commas, semicolons and spaces, as text", () => {
  assert.deepEqual(listedValues("5, 10;20  advised ,"), ["5", "10", "20", "advised"]);
  assert.deepEqual(listedValues("  "), []);
  const { made } = plan();
  made.axes.columns = "seed";
  made.listed.seed = `7, ${2n ** 60n}`;
  assert.deepEqual(made.request(0).columns.values, ["7", "1152921504606846976"], "no digit of a long seed is lost");
});

test("the two sides never vary the same, and what neither varies is the same in every cell", () => {
  const { made } = plan();
  assert.ok(!made.axesFor("rows").some(({ name }) => name === "nfe"));
  assert.ok(made.axesFor("rows").some(({ name }) => name === "generator"));
  assert.ok(!made.axesFor("columns").some(({ name }) => name === "generator"));
  assert.deepEqual(made.fixedAxes.map(({ name }) => name), COMPARE_AXES.map(({ name }) => name).filter((name) => !["generator", "nfe"].includes(name)));
  made.axes.rows = "seed";
  assert.ok("generator" in made.request(0).fixed);
  assert.ok(!("seed" in made.request(0).fixed));
});

test("names are requested in the order of the catalog, whatever the order of choosing", () => {
  const { made } = plan();
  made.axes.columns = "solver";
  made.listed.solver = ["unipc", "heun"];
  assert.deepEqual(made.request(0).columns.values, ["heun", "unipc"]);
});

test("values of an axis are kept while another one is chosen", () => {
  const { made } = plan();
  made.listed.nfe = "1 2";
  made.axes.columns = "guidance";
  assert.deepEqual(made.valuesOf("columns"), ["0", "1", "2"]);
  made.axes.columns = "nfe";
  assert.deepEqual(made.valuesOf("columns"), ["1", "2"]);
});

test("64 cells can run, 66 are refused in words, and none cannot run either", () => {
  const { made } = plan();
  made.listed.nfe = Array.from({ length: 32 }, (_, k) => k + 1).join(" ");
  assert.equal(made.canRun, true);
  made.listed.nfe += " 33";
  assert.equal(made.tooMany, true);
  assert.equal(made.canRun, false);
  assert.match(made.countWords, /^2 × 33 = 66 cells: at most 64 /);
  made.listed.nfe = "";
  assert.deepEqual([made.tooMany, made.canRun, made.countWords], [false, false, "2 × 0 = 0 cells"]);
});

test("label maps are the canvas, kept views and bundled hearts; as an axis each is requested by kind and name", () => {
  const { made, slots } = plan();
  slots.set("4CH-ES", { width: 1, height: 1, spacing: "", ids: Uint8Array.of(4), sector: null });
  made.axes.rows = "label_map";
  made.listed.label_map = ["template:blank", "slot:4CH-ES", "canvas:"];
  assert.deepEqual(made.choices("label_map").map(({ name }) => name), ["canvas:", "slot:4CH-ES", "template:4ch-ed", "template:blank"]);
  const { maps, rows, fixed } = made.request(0);
  assert.deepEqual(maps, [{ kind: "canvas", name: "" }, { kind: "slot", name: "4CH-ES" }, { kind: "template", name: "blank" }]);
  assert.equal(rows.values.length, maps.length);
  assert.ok(!("label_map" in fixed));
  slots.set("4CH-ES", null);
  assert.equal(made.size[0], 2, "a view that is not kept any more is not compared");
});

test("a fixed label map is requested alone", () => {
  const { made } = plan();
  made.fixed.label_map = "template:4ch-ed";
  assert.deepEqual(made.request(0).maps, [{ kind: "template", name: "4ch-ed" }]);
});

test("a solver's chip has its name alone, and its whole title as words", () => {
  const { made } = plan();
  assert.deepEqual(made.choices("solver")[0], { name: "heun", title: "heun", words: "heun (in brackets)" });
});

test("a generator that was removed is not compared, and the fixed one is replaced", () => {
  const { made } = plan();
  made.renew([{ name: "edm-l64", title: "" }, { name: "mine", title: "" }]);
  assert.deepEqual(made.valuesOf("rows"), ["edm-l64"], "a new one waits to be chosen");
  assert.deepEqual(made.choices("generator").map(({ name }) => name), ["edm-l64", "mine"]);
  assert.equal(made.fixed.generator, "edm-l64");
  made.renew([]);
  assert.equal(made.fixed.generator, "");
});

test("a restored plan requests the same again", () => {
  const { made } = plan();
  made.axes = { rows: "label_map", columns: "seed" };
  made.listed.label_map = ["canvas:", "template:blank"];
  made.listed.seed = "4 5";
  made.fixed.nfe = "2";
  const request = made.request(9);
  const { made: other } = plan();
  other.restore(request);
  assert.deepEqual(other.request(9), request);
  assert.equal(other.listed.seed, "4, 5");
  const { made: third } = plan();
  third.restore({ ...request, rows: { name: "generator", values: ["vp-256"] }, maps: [{ kind: "template", name: "blank" }] });
  assert.equal(third.fixed.label_map, "template:blank");
});
