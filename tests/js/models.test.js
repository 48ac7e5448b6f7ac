import assert from "node:assert/strict";
import { test } from "node:test";

import {
  cardFigures,
  isLoaded,
  loadState,
  originRows,
  partFigures,
  usedInEditor,
} from "../../echo_studio/web/static/models/card_words.js";
import { checkpointsAmong, chosenFiles, droppedFiles } from "../../echo_studio/web/static/models/checkpoint_files.js";
import {
  MEASURES,
  PLOT,
  bySolver,
  qualityRows,
  rowTitle,
  qualityScale,
  shortTitle,
  valueRange,
} from "../../echo_studio/web/static/models/quality.js";
import { bytes, duration, importWords, millions, scoreGroups } from "../../echo_studio/web/static/models/words.js";

const [DICE, , , FRECHET] = MEASURES;
const LIMITS = { card: 1000, weights: Infinity };

test("sizes are said in KiB and MiB", () => {
  assert.deepEqual([1, 1500, 2 ** 20, 6.25 * 2 ** 20, 30 * 2 ** 20].map(bytes), ["1 KiB", "2 KiB", "1.0 MiB", "6.3 MiB", "30 MiB"]);
});

test("parameters are said in thousands and millions, and nothing where they are not known", () => {
  assert.deepEqual([0, 12_345, 6_900_000, 41_200_000].map(millions), ["", "12.3 k", "6.9 M", "41 M"]);
});

test("training times are said in minutes, and in hours from one and a half on", () => {
  assert.deepEqual([12.4, 89, 90, 600].map(duration), ["12 min", "89 min", "1.5 h", "10.0 h"]);
});

test("an import of one checkpoint says whether, of several how many", () => {
  assert.deepEqual([importWords(1, 1), importWords(0, 1), importWords(1, 2)], ["Imported", "Nothing was imported", "1 of 2 checkpoints imported"]);
});

test("scores are grouped by set, named for people, without the rows of the plot", () => {
  const scores = { n: 4, lv_endo: 0.91234, edm_loss: 12.34, by_nfe: [{ nfe: 5 }], validation: { n: 200, la: 0.9, seed: 3, nfe_20: { dice_la: 1 } } };
  assert.deepEqual(scoreGroups(scores), [
    { title: "Measured (4)", values: [["LV cavity", "0.912"], ["Loss", "12.3"]] },
    { title: "Validation (200)", values: [["Left atrium", "0.900"], ["seed", "3"]] },
    { title: "Validation, at 20 NFE", values: [["Left atrium", "1"]] },
  ]);
});

test("adherence says whose it is", () => {
  const entry = { n: 8, la: 0.9, labeller: { la: 0.8 } };
  const groups = scoreGroups({ validation: { adherence_nfe_10_heun: entry, adherence_nfe_20_heun: { la: 0.7 } } });
  assert.deepEqual(groups.map(({ title }) => title), [
    "Validation, adherence at 10 NFE heun, judge (8)", "Validation, adherence at 10 NFE heun, labeller", "Validation, adherence at 20 NFE heun, labeller",
  ]);
});

test("a card without scores, or with foreign ones, has no groups", () => {
  for (const scores of [undefined, null, "text", [], { a: "b", c: null }]) assert.deepEqual(scoreGroups(scores), []);
});

test("rows of the plot are those with a number of NFE and the measure; foreign rows are left out", () => {
  const by = [{ solver: "<b>x</b>", nfe: 5, lv_endo: 0.5, n: 3 }, { nfe: "5" }, null, { nfe: -1, lv_endo: 2 }, { solver: "heun", nfe: 10 }, "row"];
  assert.deepEqual(qualityRows({ by_nfe: by }, DICE), [{ solver: "<b>x</b>", nfe: 5, value: 0.5, n: 3, by: "labeller" }]);
  assert.equal(qualityRows({ by_nfe: [{ ...by[0], labeller: { lv_endo: 0.6 } }] }, DICE)[0].by, "judge");
  assert.deepEqual(qualityRows({ by_nfe: by }, FRECHET), []);
  for (const scores of [undefined, null, {}, { by_nfe: "rows" }]) assert.deepEqual(qualityRows(scores, DICE), []);
});

test("the range is a little wider than the values, and Dice ends at 1", () => {
  const rows = (...values) => values.map((value) => ({ value }));
  const [low, high] = valueRange(rows(0.5, 0.75), DICE);
  assert.deepEqual([low.toFixed(3), high.toFixed(3)], ["0.480", "0.770"]);
  assert.equal(valueRange(rows(0.9, 1), DICE)[1], 1);
  assert.equal(valueRange(rows(0, 1), DICE)[0], 0);
  assert.deepEqual(valueRange(rows(0.9), DICE).map((value) => value.toFixed(2)), ["0.89", "0.91"], "one value alone has room too");
  assert.deepEqual(valueRange(rows(50, 100), FRECHET), [46, 104]);
});

const rowsOf = (...pairs) => pairs.map(([solver, nfe, value]) => ({ solver, nfe, value }));

test("NFE lie on a logarithmic axis, and a better value lies higher", () => {
  const rows = rowsOf(["heun", 5, 0.8], ["heun", 10, 0.9], ["heun", 20, 0.95]);
  const { x, y, least, most } = qualityScale(rows, [0.7, 1]);
  assert.deepEqual([least, most], [5, 20]);
  assert.ok(Math.abs(x(10) - (x(5) + x(20)) / 2) < 1e-9);
  assert.ok(y(0.95) < y(0.9) && y(0.9) < y(0.8));
  assert.deepEqual([y(1), y(0.7)], [PLOT.top, PLOT.height - PLOT.bottom]);
  assert.ok(x(5) > PLOT.left && x(20) < PLOT.width - PLOT.right);
});

test("ticks are those between the least and the most NFE, and one NFE alone can be shown", () => {
  assert.deepEqual(qualityScale(rowsOf(["a", 4, 1], ["a", 60, 1]), [0, 1]).ticks, [5, 10, 20, 50]);
  const { x, ticks } = qualityScale(rowsOf(["a", 1, 1]), [1, 1]);
  assert.deepEqual(ticks, [1, 2]);
  assert.ok(Number.isFinite(x(1)) && Number.isFinite(qualityScale(rowsOf(["a", 1, 1]), [1, 1]).y(1)));
});

test("each solver has a line from the least NFE to the most", () => {
  const lines = bySolver(rowsOf(["heun", 20, 0.9], ["euler", 5, 0.5], ["heun", 5, 0.8]));
  assert.deepEqual(lines.map(([solver, rows]) => [solver, rows.map(({ nfe }) => nfe)]), [["heun", [5, 20]], ["euler", [5]]]);
});

test("rows of the judge and of the labeller are lines apart, and the labeller's say so", () => {
  const rows = [["judge", 10], ["labeller", 5], ["judge", 5]].map(([by, nfe]) => ({ solver: "heun", nfe, by }));
  assert.deepEqual(bySolver(rows).map(([, own]) => own.map(({ nfe }) => nfe)), [[5, 10], [5]]);
  assert.equal(rowTitle({ heun: "Heun" }, rows[0]), "Heun");
  assert.equal(rowTitle({ heun: "Heun" }, rows[1]), "Heun, scored by the labeller");
});

test("a solver's short title leaves out what stands in brackets; an unknown one keeps its name", () => {
  assert.equal(shortTitle({ heun: "Heun (second order)" }, "heun"), "Heun");
  assert.equal(shortTitle({}, "mine"), "mine");
});

/** A file as the browser gives it. */
const file = (name, text = "", path = "") => Object.assign(new File([text], name), { webkitRelativePath: path });
const checkpoint = (folder, card) => [
  { folder, file: file("card.json", typeof card === "string" ? card : JSON.stringify(card)) },
  { folder, file: file("model.safetensors", "weights") },
];

test("checkpoints are found by folder, whatever else lies there", async () => {
  const files = [...checkpoint("runs/a", { name: "one" }), { folder: "runs/a", file: file("log.txt") }, { folder: "runs", file: file("card.json", "{}") }];
  const found = await checkpointsAmong(files, LIMITS);
  assert.deepEqual(found.map(({ folder, name, needs }) => [folder, name, needs]), [["a", "one", []]]);
  assert.equal(found[0].weights.name, "model.safetensors");
});

test("parts come before what needs them, however deep the needs go", async () => {
  const files = [
    ...checkpoint("a", { name: "video", needs: { frame: "1" } }),
    ...checkpoint("b", { name: "frame", needs: { vae: "2", prior: "3" } }),
    ...checkpoint("c", { name: "vae" }),
    ...checkpoint("d", { name: "prior", needs: { elsewhere: "4" } }),
  ];
  const names = (await checkpointsAmong(files, LIMITS)).map(({ name }) => name);
  assert.deepEqual(names, ["vae", "prior", "frame", "video"]);
});

test("checkpoints that need each other, or themselves, are all still imported", async () => {
  const files = [...checkpoint("a", { name: "a", needs: { b: "" } }), ...checkpoint("b", { name: "b", needs: { a: "" } }), ...checkpoint("c", { name: "c", needs: { c: "" } })];
  assert.deepEqual((await checkpointsAmong(files, LIMITS)).map(({ name }) => name).toSorted(), ["a", "b", "c"]);
});

test("a card that cannot be read, is too large or has no name has an empty one: the server says what is wrong", async () => {
  for (const card of ["nonsense", "null", JSON.stringify({ name: 5 }), JSON.stringify({ needs: {} }), JSON.stringify({ name: "x".repeat(2000) })]) {
    const [{ name, needs }] = await checkpointsAmong(checkpoint("a", card), LIMITS);
    assert.deepEqual([name, needs], ["", []], card.slice(0, 20));
  }
});

test("half a checkpoint says which file is alone, and no checkpoint what was expected", async () => {
  const [card, weights] = checkpoint("a", {});
  await assert.rejects(checkpointsAmong([card], LIMITS), /got card\.json alone/);
  await assert.rejects(checkpointsAmong([weights], LIMITS), /got model\.safetensors alone/);
  await assert.rejects(checkpointsAmong([card, { ...weights, folder: "b" }], LIMITS), /alone/, "files of two folders are no checkpoint");
  await assert.rejects(checkpointsAmong([], LIMITS), /Expected a folder with card\.json and model\.safetensors\. /);
});

test("files of a chosen folder know their folder", () => {
  const input = { files: [file("card.json", "", "runs/a/card.json"), file("loose.txt")] };
  assert.deepEqual(chosenFiles(input).map(({ folder, file: { name } }) => [folder, name]), [["runs/a", "card.json"], ["", "loose.txt"]]);
});

/** A dropped folder as the browser gives it; its reader gives `some` entries at a time. */
function directory(path, children, some = 2) {
  const name = path.split("/").at(-1);
  const createReader = () => {
    const rest = [...children];
    return { readEntries: (done) => done(rest.splice(0, some)) };
  };
  return { isDirectory: true, name, fullPath: path, createReader };
}
const entry = (path) => ({ isDirectory: false, name: path.split("/").at(-1), fullPath: path, file: (done) => done(file(path.split("/").at(-1))) });

test("dropped folders are read through, all of their parts, for cards and weights alone", async () => {
  const tree = directory("/runs", [
    directory("/runs/a", [entry("/runs/a/log.txt"), entry("/runs/a/events"), entry("/runs/a/card.json"), entry("/runs/a/x"), entry("/runs/a/model.safetensors")]),
    entry("/runs/card.json"),
  ]);
  const items = [{ kind: "string" }, { kind: "file", webkitGetAsEntry: () => tree, getAsFile: () => null }];
  const found = await droppedFiles({ items });
  assert.deepEqual(found.map(({ folder, file: { name } }) => [folder, name]), [["/runs/a", "card.json"], ["/runs/a", "model.safetensors"], ["/runs", "card.json"]]);
});

test("dropped files without a folder belong together", async () => {
  const items = ["card.json", "model.safetensors"].map((name) => ({ kind: "file", webkitGetAsEntry: () => null, getAsFile: () => file(name, "{}") }));
  const found = await checkpointsAmong(await droppedFiles({ items }), LIMITS);
  assert.equal(found.length, 1);
  assert.equal(found[0].folder, "");
});

const CARD = {
  makes: "frame", kind: "edm", title: "Latent EDM", advised_nfe: 20, advised_solver: "heun", resolution: 256, needs: { "gamma-vae-64": "1".repeat(64) },
  data: "CAMUS", split: "400 / 50 / 50", licence: "CC BY-NC-SA 4.0", images_seen: 1_200_000, minutes: 240, machine: "one GPU",
};
const MODEL = { name: "edm-l64", own: false, state: "not loaded", card: CARD, fault: "", parameters: 6_900_000, file_bytes: 13 * 2 ** 20, memory_bytes: 30 * 2 ** 20, one_call: false };

test("a card says what it advises, its size and what it takes in memory", () => {
  assert.deepEqual(cardFigures(MODEL, { heun: "Heun (second order)" }), [
    ["Advised", "20 NFE", "Heun"], ["Image", "256²", "pixels"], ["Parameters", "6.9 M", "kind edm"], ["On disk", "13 MiB", "30 MiB loaded"],
  ]);
});

test("a generator of one call has no solver, and what is missing is said", () => {
  const figures = cardFigures({ ...MODEL, one_call: true, parameters: null, file_bytes: 0 }, {});
  assert.deepEqual(figures.map((row) => row.slice(1)), [["20 NFE", "no solver"], ["256²", "pixels"], ["unknown", "kind edm"], ["missing", "30 MiB loaded"]]);
  assert.equal(partFigures({ ...MODEL, file_bytes: 0 }), "edm, 6.9 M parameters, no weights on disk, for images of 256² pixels");
});

test("a card says where it comes from, with the start of every hash that it needs", () => {
  assert.deepEqual(originRows(CARD), [
    ["Needs", "gamma-vae-64 (111111111111…)"], ["Data", "CAMUS"], ["Split", "400 / 50 / 50"], ["Licence", "CC BY-NC-SA 4.0"], ["Training", "1,200,000 images, 4.0 h, one GPU"],
  ]);
  assert.deepEqual(originRows({ ...CARD, needs: {}, split: "", images_seen: 0, minutes: 0, machine: "" }), [["Data", "CAMUS"], ["Licence", "CC BY-NC-SA 4.0"]]);
});

test("a card says whether its model is loaded, and what is under way", () => {
  assert.deepEqual(loadState(MODEL, ""), { state: "not loaded", words: "Not loaded", hidden: false });
  assert.deepEqual(loadState({ ...MODEL, state: "loaded" }, ""), { state: "loaded", words: "Loaded, 30 MiB", hidden: false });
  assert.deepEqual(loadState({ ...MODEL, state: "unloading" }, ""), { state: "unloading", words: "Unloading after the run, 30 MiB", hidden: false });
  assert.deepEqual(loadState(MODEL, "Loading …"), { state: "loading", words: "Loading …", hidden: false });
  assert.deepEqual(["not loaded", "loading", "loaded", "unloading"].map((state) => isLoaded({ state })), [false, false, true, true]);
});

test("only a generator of frames without a fault is loaded and used in the editor; of others it is said while they are removed", () => {
  const others = [{ ...MODEL, fault: "Expected a card." }, { ...MODEL, card: null }, { ...MODEL, card: { ...CARD, makes: "video" } }, { ...MODEL, card: { ...CARD, makes: "" } }];
  assert.deepEqual([MODEL, ...others].map(usedInEditor), [true, false, false, false, false]);
  for (const other of others) {
    assert.equal(loadState(other, "").hidden, true);
    assert.equal(loadState(other, "Removing …").hidden, false);
  }
});
