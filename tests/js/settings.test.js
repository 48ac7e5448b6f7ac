import assert from "node:assert/strict";
import { test } from "node:test";

import { GenerationSettings, sampledWith } from "../../echo_studio/web/static/canvas/panels/generation_settings.js";

const GENERATORS = [
  { name: "slow", title: "Slow", nfe: 50, solver: "heun", guidance: true },
  { name: "edm-l64", title: "Quick", nfe: 16, solver: "dpm", look: true },
  { name: "gan", title: "One call", nfe: 1, solver: null, one_call: true },
];
const SOLVERS = [{ name: "euler", title: "Euler (first order)" }, { name: "heun", title: "Heun (second order)" }, { name: "dpm", title: "DPM-Solver++" }];

function offered() {
  const settings = new GenerationSettings();
  settings.know({ generators: GENERATORS, solvers: SOLVERS });
  const changes = [];
  settings.listeners.add((change) => changes.push(change));
  return { settings, changes };
}

test("the quickest generator is chosen first, with what it is best used with", () => {
  const { settings } = offered();
  const { generator, nfe, solver, schedule, guidance } = settings.values;
  assert.deepEqual([generator, nfe, solver, schedule, guidance], ["edm-l64", 16, "dpm", "", 0]);
});

test("another generator brings its advised values; guidance is left to those that can do it", () => {
  const { settings } = offered();
  settings.choose("slow");
  settings.set({ guidance: 1.5, schedule: "cosine" });
  assert.deepEqual(settings.advised, { nfe: 50, solver: "heun", schedule: "", guidance: 1.5, grain: "", coarseness: "" });
  settings.choose("edm-l64");
  assert.deepEqual([settings.values.nfe, settings.values.guidance, settings.values.schedule], [16, 0, ""]);
});

test("a look stays with those that can have one, and is drawn for each seed by the others", () => {
  const { settings } = offered();
  settings.set({ grain: 1.5 });
  settings.choose("edm-l64");
  assert.deepEqual(settings.look, { grain: 1.5, coarseness: "" });
  settings.choose("slow");
  assert.deepEqual([settings.values.grain, settings.values.coarseness], ["", ""]);
});

test("a record without guidance and look is of a time before them", () => {
  const old = { generator: "slow", solver: "heun", nfe: 3, seed: "4", view: "2CH" };
  const { view, ...sampling } = old;
  assert.deepEqual(sampledWith(old), { ...sampling, schedule: "", guidance: 0, grain: "", coarseness: "", precision: "float32" });
  assert.equal(sampledWith({ ...old, grain: 0, coarseness: null }).grain, 0, `zero is a look of ${view} too`);
});

test("a network that makes a frame in one call has one NFE, whatever is typed", () => {
  const { settings } = offered();
  settings.choose("gan");
  settings.set({ nfe: 40 });
  assert.equal(settings.values.nfe, 1);
  assert.equal(settings.values.solver, "dpm", "the solver that was chosen stays for the next generator");
});

test("the advice is in words", () => {
  const { settings } = offered();
  const advice = ["slow", "edm-l64", "gan"].map((name) => {
    settings.choose(name);
    return settings.advice;
  });
  assert.deepEqual(advice, ["advised 50, Heun", "advised 16, DPM-Solver++", "one call, no solver"]);
  assert.equal(new GenerationSettings().advice, "");
});

test("a generator that is gone gives way to the first choice; one that stays keeps what was typed", () => {
  const { settings } = offered();
  settings.choose("slow");
  settings.set({ nfe: 7 });
  settings.know({ generators: GENERATORS.slice(0, 2), solvers: SOLVERS });
  assert.deepEqual([settings.values.generator, settings.values.nfe], ["slow", 7]);
  settings.know({ generators: GENERATORS.slice(1), solvers: SOLVERS });
  assert.deepEqual([settings.values.generator, settings.values.nfe], ["edm-l64", 16]);
  settings.choose("unknown");
  assert.equal(settings.values.generator, "edm-l64", "the first there is");
  settings.know({ generators: [], solvers: SOLVERS });
  assert.equal(settings.values.generator, "");
});

test("who listens hears what was set, and nothing where nothing changed", () => {
  const { settings, changes } = offered();
  settings.set({ view: "2CH" });
  settings.set({ view: "2CH" });
  settings.set({ intended: [] });
  settings.set({ intended: ["hole"] });
  assert.deepEqual(changes, [{ view: "2CH" }, { intended: ["hole"] }]);
});

test("what is typed stays as it is typed", () => {
  const { settings } = offered();
  settings.set({ nfe: "abc", seed: "-1" });
  assert.deepEqual([settings.values.nfe, settings.values.seed], ["abc", "-1"]);
});

test("a new seed is a whole number below 2 to the 31st, in decimal", () => {
  const { settings } = offered();
  for (let k = 0; k < 50; k++) {
    settings.newSeed();
    assert.match(settings.values.seed, /^\d+$/);
    assert.ok(Number(settings.values.seed) < 2 ** 31);
  }
});
