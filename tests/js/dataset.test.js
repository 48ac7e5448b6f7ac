import assert from "node:assert/strict";
import { test } from "node:test";

import { fillBorders } from "../../echo_studio/web/static/dataset/picture.js";
import { numbersOf } from "../../echo_studio/web/static/dataset/numbers.js";
import { ANY, SampleFilter } from "../../echo_studio/web/static/dataset/sample_filter.js";
import { comparedRows, sampleFacts, tileWords } from "../../echo_studio/web/static/dataset/sample_rows.js";
import { countTemplates, countWords, freeName, setRequest } from "../../echo_studio/web/static/dataset/set_request.js";
import { taskRows } from "../../echo_studio/web/static/dataset/task_rows.js";
import {
  entryWords,
  exportName,
  isClip,
  planWords,
  sampleWords,
  setWords,
  shownWords,
  taskWords,
} from "../../echo_studio/web/static/dataset/words.js";

test("a new filter lets everything through, in the order in which samples were made", () => {
  assert.deepEqual(new SampleFilter().request, { choices: {}, ranges: {}, flagged: null, text: "", sort: "number", descending: false });
});

test("every choice of a select is requested by its name, and “any” is not", () => {
  const filter = new SampleFilter();
  for (const [name, value] of [["verdict", "keep"], ["generator", "vp-256"], ["view", "4CH"], ["tag", "teaching"]]) filter.choose(name, value);
  filter.choose("view", ANY);
  assert.deepEqual(filter.request.choices, { verdict: ["keep"], generator: ["vp-256"], tag: ["teaching"] });
});

test("undecided samples and samples without a defect can be chosen: the empty word is a value", () => {
  const filter = new SampleFilter();
  filter.choose("verdict", "");
  filter.choose("defect", "");
  assert.deepEqual(filter.request.choices, { verdict: [""], defect: [""] });
});

test("a range has either bound or both, and none where its fields are empty", () => {
  const filter = new SampleFilter();
  filter.bound("adherence", 0, "0.95");
  filter.bound("ef", 1, "40");
  filter.bound("privacy", 0, "0.1");
  filter.bound("privacy", 0, "");
  assert.deepEqual(filter.request.ranges, { adherence: [0.95, null], ef: [null, 40] });
  filter.bound("adherence", 1, "0");
  assert.deepEqual(filter.request.ranges.adherence, [0.95, 0]);
});

test("text, flag, order and direction are requested as they are", () => {
  const filter = new SampleFilter();
  Object.assign(filter, { text: "  valve ", flagged: true, sort: "defect", descending: true });
  assert.deepEqual(filter.request, { choices: {}, ranges: {}, flagged: true, text: "valve", sort: "defect", descending: true });
});

test("clearing the filter shows all samples and keeps their order", () => {
  const filter = new SampleFilter();
  filter.choose("tag", "a");
  filter.bound("ef", 0, "10");
  Object.assign(filter, { text: "x", flagged: true, sort: "ef", descending: true });
  filter.reset();
  assert.deepEqual(filter.request, { choices: {}, ranges: {}, flagged: null, text: "", sort: "ef", descending: true });
});

const COUNTS = { verdict: { keep: 2, "": 1500 }, generator: { "vp-256": 3, "edm-l64": 2 }, defect: { "": 4, septal: 1 }, view: { "4CH": 5 }, phase: { ED: 5 }, tag: {} };

test("choices are offered with their counts, decisions always, and what has one value alone is hidden", () => {
  const offered = Object.fromEntries(new SampleFilter().offer(COUNTS).map((one) => [one.name, one]));
  assert.deepEqual(offered.verdict.choices.map(({ title }) => title), ["Decision: any", "Undecided (1,500)", "Kept (2)", "Rejected (0)"]);
  assert.deepEqual(offered.generator.choices.map(({ title }) => title), ["Generator: any", "edm-l64 (2)", "vp-256 (3)"]);
  assert.deepEqual(offered.defect.choices.map(({ title }) => title), ["Defect: any", "No defect (4)", "septal (1)"]);
  const hidden = Object.values(offered).filter((one) => one.hidden).map(({ name }) => name);
  assert.deepEqual(hidden, ["view", "phase", "tag"]);
  assert.equal(new SampleFilter().offer({ ...COUNTS, tag: { a: 1 } }).at(-1).hidden, false, "one tag is enough");
});

test("a chosen value stays offered while it is there, and is forgotten when no sample has it any more", () => {
  const filter = new SampleFilter();
  filter.choose("view", "4CH");
  assert.equal(filter.offer(COUNTS).find(({ name }) => name === "view").hidden, false);
  filter.choose("generator", "gone");
  filter.offer(COUNTS);
  assert.deepEqual(filter.request.choices, { view: ["4CH"] });
});

test("numbers are read from lists and ranges, with or without spaces", () => {
  for (const text of ["25, 65", "25;65", "25 65", "25-65", "25 - 65", "25–65", " 25 – 65 "]) assert.deepEqual(numbersOf(text, "EF"), [25, 65], text);
  assert.deepEqual(numbersOf("0.9-1.1", "scale"), [0.9, 1.1]);
  assert.deepEqual(numbersOf("5", "NFE"), [5]);
});

test("a minus sign after a comma or a space belongs to its number", () => {
  assert.deepEqual(numbersOf("-5, 5", "x"), [-5, 5]);
  assert.deepEqual(numbersOf("5 -10", "x"), [5, -10]);
  assert.deepEqual(numbersOf("-10--5", "x"), [-10, -5]);
  assert.deepEqual(numbersOf("1e-3", "x"), [0.001]);
});

test("what is no number is said with what was expected", () => {
  assert.throws(() => numbersOf("ten", "NFE"), /Expected numbers as NFE, got “ten”/);
  assert.throws(() => numbersOf("5, x", "NFE"), /Expected numbers/);
  assert.throws(() => numbersOf(" , ", "NFE"), /Expected numbers/);
});

const FIELDS = {
  name: "desk", maps: "canvas", map_view: "", map_phase: "", solver: "", nfe: "", variations: "4", seeds: "1", seed: "0", workers: "1", ef: "",
  generators: ["edm-l64"], ranges: { rotation_deg: "", scale: "" }, defects: { septal: "0", aneurysm: "" },
};
const CANVAS = { revision: 7, view: "4CH", phase: "ED" };

test("a set is requested with what the form has, and with nothing where it is empty", () => {
  assert.deepEqual(setRequest(FIELDS, CANVAS), {
    name: "desk", maps: "canvas", revision: 7, view: "4CH", phase: "ED", map_view: "", map_phase: "", generators: ["edm-l64"], solver: "",
    nfe: [], variations: 4, seeds: 1, seed: 0, workers: 1, ranges: {}, defects: {}, ef: null,
  });
});

test("ranges, shares of defects, NFE and ejection fractions are requested as numbers", () => {
  const fields = { ...FIELDS, nfe: "5, 10", ef: "25-65", ranges: { rotation_deg: "12", scale: "0.9, 1.1" }, defects: { septal: "40", aneurysm: "0.5" } };
  const { nfe, ef, ranges, defects } = setRequest(fields, CANVAS);
  assert.deepEqual([nfe, ef], [[5, 10], [25, 65]]);
  assert.deepEqual(ranges, { rotation_deg: [12], scale: [0.9, 1.1] });
  assert.deepEqual(defects, { septal: 0.4, aneurysm: 0.005 });
});

test("a field that needs a whole number says what it got", () => {
  for (const [name, text] of [["variations", ""], ["seeds", "1.5"], ["seed", "-1"], ["workers", "two"]]) {
    assert.throws(() => setRequest({ ...FIELDS, [name]: text }, CANVAS), new RegExp(`whole number as ${name}, got “${text}”`));
  }
  assert.throws(() => setRequest({ ...FIELDS, nfe: "ten" }, CANVAS), /Expected numbers as NFE/);
  assert.throws(() => setRequest({ ...FIELDS, ef: "low" }, CANVAS), /Expected numbers as ejection fraction/);
});

test("the count multiplies maps, variations, seeds and settings, as the request has them", () => {
  const words = (more, maps = 1, clips = 0) => countWords({ ...FIELDS, ...more }, maps, clips);
  assert.equal(words({ variations: "30", generators: ["a", "b"] }), "1 map × 30 variations × 1 seed × 2 settings = 60 images");
  assert.equal(words({ variations: "0" }, 3), "3 maps × 1 variation × 1 seed × 1 setting = 3 images");
  assert.match(words({ nfe: "5-10" }), /× 2 settings = 8 images$/, "“5-10” are two NFE");
  assert.match(words({ nfe: "ten" }), /× 1 setting = 4 images$/);
  assert.match(words({}, 1, 1), /= 4 clips$/);
  assert.match(words({ generators: ["a", "b"] }, 1, 1), /= 8 samples$/);
  assert.match(words({ generators: [] }), /× 0 settings = 0 images$/);
});

test("bundled hearts are counted by the words of their names", () => {
  const templates = ["4ch-ed", "4ch-es", "2ch-ed", "4ch-ed-thick-wall"].map((name) => ({ name }));
  assert.equal(countTemplates(templates, "", ""), 4);
  assert.equal(countTemplates(templates, "4CH", ""), 3);
  assert.equal(countTemplates(templates, "4CH", "ED"), 2);
  assert.equal(countTemplates(templates, "2CH", "ES"), 0);
});

test("free names are proposed for sets and exports", () => {
  assert.equal(freeName([]), "set-1");
  assert.equal(freeName(["set-1", "set-3", "set-2"]), "set-4");
  assert.equal(exportName("desk", "png", []), "desk-png");
  assert.equal(exportName("desk", "png", ["desk-png", "desk-png-2"]), "desk-png-3");
  assert.equal(exportName("my-set", "nnunet", ["Dataset501_myset"]), "Dataset502_myset");
  assert.equal(exportName("--", "nnunet", []), "Dataset501_Echo");
});

test("a plan says how many, how long, with how much disk, and that room is lacking", () => {
  const plan = { samples: 60, finished: 0, clips: 0, minutes: 1, disk_bytes: 20e6, free_bytes: 1e12, workers: 1 };
  assert.equal(planWords(plan), "60 images · about 60 s with 1 worker · 20 MB.");
  assert.equal(planWords({ ...plan, samples: 2, clips: 2, minutes: 30, workers: 3 }), "2 clips · about 30 min with 3 workers · 20 MB.");
  assert.equal(planWords({ ...plan, finished: 10, clips: 20, minutes: 120 }), "60 samples (10 of them made), 20 of them clips · about 2.0 h with 1 worker · 20 MB.");
  assert.match(planWords({ ...plan, disk_bytes: 3.14e9, free_bytes: 1e9 }), / · 3\.1 GB\. NOT ENOUGH ROOM: 1\.0 GB free\.$/);
});

test("a task says its count, its pace and the time left", () => {
  const task = { state: "running", done: 1200, of: 5000, rate: 0, seconds: 0, ahead: 0, stopping: false, message: "" };
  assert.equal(taskWords("make", task), "Making: 1,200 of 5,000");
  assert.equal(taskWords("make", { ...task, rate: 2.5, seconds: 1520 }), "Making: 1,200 of 5,000 · 2.50 a second · 25 min left");
  assert.equal(taskWords("measure", { ...task, rate: 31.6, seconds: 60 }), "Measuring adherence: 1,200 of 5,000 · 32 a second · 60 s left");
  assert.equal(taskWords("measure", { ...task, of: 0 }), "Measuring adherence …");
});

test("a task says what it waits for and how it ended", () => {
  const task = { state: "waiting", done: 3, of: 4, ahead: 2, stopping: false, message: "" };
  assert.equal(taskWords("make", task), "Waits for 2 other runs");
  assert.equal(taskWords("make", { ...task, ahead: 0 }), "Starting …");
  assert.equal(taskWords("make", { ...task, stopping: true }), "Stopping after what is under way …");
  assert.equal(taskWords("make", { ...task, state: "cancelled" }), "Stopped: 3 of 4");
  assert.equal(taskWords("make", { ...task, state: "failed", message: "Disk full." }), "Disk full.");
  assert.equal(taskWords("measure", { ...task, state: "done" }), "Measured: 3 of 4");
  assert.equal(taskWords("export", { ...task, state: "done", outcome: { frames: 2, clips: 0, export: "desk-png" } }), "Exported 2 samples as desk-png");
});

test("a set that lacks samples can be continued, also after its task went with the server", () => {
  const running = taskRows({ tasks: { make: { state: "running", done: 1, of: 4 } }, samples: 1, planned: 4 }).get("make");
  assert.deepEqual([running.alive, running.percent, running.canContinue], [true, 25, false]);
  const stopped = taskRows({ tasks: { make: { state: "failed", done: 1, of: 4 } }, samples: 1, planned: 4 }).get("make");
  assert.deepEqual([stopped.alive, stopped.canContinue], [false, true]);
  const gone = taskRows({ tasks: {}, samples: 1, planned: 4 }).get("make");
  assert.deepEqual([gone.state, gone.percent, gone.canContinue], ["cancelled", 25, true]);
  assert.equal(taskRows({ tasks: {}, samples: 4, planned: 4 }).size, 0);
  const done = taskRows({ tasks: { make: { state: "done", done: 3, of: 4 }, measure: { state: "waiting", done: 0, of: 0 } }, samples: 3, planned: 4 });
  assert.deepEqual([...done.values()].map(({ percent, canContinue }) => [percent, canContinue]), [[100, false], [0, false]]);
});

const SAMPLE = {
  id: "000012", verdict: "", reason: "", adherence: 0.9, measured: true, lv_endo: 0.91, lv_epi: 0.92, la: null, generator: "vp-256", solver: "heun", nfe: 20,
  map: "canvas", base: "b", view: "4CH", phase: "ED", ef: null, defect: "", tags: [], privacy: null, flagged: false, at: "", reviewer: "",
};

test("a tile says its figures, and its defect, tags and flag instead of its generator", () => {
  assert.deepEqual(tileWords(SAMPLE), ["0.90 · 4CH · ED", "vp-256"]);
  assert.deepEqual(tileWords({ ...SAMPLE, adherence: null, phase: "", ef: 48.6, defect: "septal", tags: ["a", "b"], flagged: true }), ["4CH · clip · EF 49 %", "⚑ near a training image septal #a #b"]);
});

test("a tile is heard with its decision and what is special about it", () => {
  assert.equal(sampleWords(SAMPLE), "000012, undecided, adherence 0.90");
  assert.equal(sampleWords({ ...SAMPLE, verdict: "keep", phase: "", ef: 50, adherence: null, defect: "septal", tags: ["x"] }), "000012, kept, clip, ejection fraction 50 %, defect septal, x");
  assert.deepEqual([isClip(SAMPLE), isClip({ phase: "" }), isClip(undefined)], [false, true, false]);
});

test("one sample's facts leave out what is not known", () => {
  assert.deepEqual(sampleFacts(SAMPLE), [["Adherence", "0.900 (LV/epi/LA 0.91 / 0.92 / –)"], ["Made with", "vp-256 · heun · 20 NFE"], ["Label map", "canvas · 4CH · ED"]]);
  const more = Object.fromEntries(sampleFacts({ ...SAMPLE, measured: false, map: "", phase: "", privacy: 0.1234, flagged: true, at: "2026-01-02T03:04:05", reviewer: "Ada", defect: "septal" }));
  assert.equal(more.Adherence, "not measured yet");
  assert.equal(more["Label map"], "b · 4CH · clip");
  assert.equal(more.Privacy, "0.123 from the nearest training image ⚑");
  assert.equal(more.Decided, "Ada, 2026-01-02 03:04");
});

test("two samples are compared row by row, and rows that differ are marked", () => {
  const other = { ...SAMPLE, verdict: "reject", reason: "no valve", la: 0.5, ef: 40 };
  const rows = Object.fromEntries(comparedRows(SAMPLE, other).map((row) => [row.name, row]));
  assert.deepEqual(rows.Decision, { name: "Decision", left: "Undecided", right: "Rejected: no valve", differs: true });
  assert.deepEqual(Object.values(rows).filter(({ differs }) => differs).map(({ name }) => name), ["Decision", "Left atrium", "Ejection fraction"]);
  assert.deepEqual([rows["Ejection fraction"].left, rows.Tags.left, rows.Defect.left, rows["Left atrium"].left], ["as drawn", "none", "none", "–"]);
});

test("a decision of the log is one line", () => {
  assert.equal(entryWords({ act: "tag", what: "teaching", samples: 1, reviewer: "Ada" }), "1 sample tagged “teaching” · Ada");
  assert.equal(entryWords({ act: "untag", what: "x", samples: 2, reviewer: "" }), "2 samples untagged “x”");
  assert.equal(entryWords({ act: "decide", what: "kept", samples: 1200, reviewer: "" }), "1,200 samples kept");
});

test("a set says how many samples it has, of how many, and what was decided", () => {
  assert.equal(setWords({ samples: 1200, planned: 2000, choices: { verdict: { keep: 7 } } }), "1,200 of 2,000 samples · 7 kept · 0 rejected");
  assert.equal(setWords({ samples: 4, planned: 4, choices: { verdict: {} } }), "4 samples · 0 kept · 0 rejected");
  assert.equal(shownWords(3, 1200, 1), "3 of 1,200 samples · 1 chosen");
  assert.equal(shownWords(1, 1, 0), "1 sample · 0 chosen");
});

test("borders are the outermost pixels of the three structures; sector and outside have none", () => {
  const ids = Uint8Array.from([
    4, 4, 4, 4, 4, 4,
    4, 1, 1, 1, 4, 4,
    4, 1, 1, 1, 4, 4,
    4, 1, 1, 1, 4, 4,
    4, 4, 4, 4, 4, 4,
  ]);
  const data = new Uint8ClampedArray(4 * 30);
  fillBorders(data, ids, 6, 5, [[0, 0, 0], [9, 0, 0], [8, 0, 0], [7, 0, 0], [6, 0, 0]]);
  const painted = [...ids.keys()].filter((i) => data[4 * i]);
  assert.deepEqual(painted, [7, 8, 9, 13, 15, 19, 20, 21], "all but the middle");
});
