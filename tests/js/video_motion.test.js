import assert from "node:assert/strict";
import { test } from "node:test";

import { Slots } from "../../echo_studio/web/static/common/slots.js";
import { Keyframes } from "../../echo_studio/web/static/video/keyframes.js";
import { Motion } from "../../echo_studio/web/static/video/motion.js";

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

test("a recording's motion is taken as the server says it, and nothing follows until the hand moves it", () => {
  const made = motion();
  made.set("shortening", 0.05);
  made.record({ motion: { ef: 47, shortening: 0.135, thickening: 0.123, heart_rate: 64, regional: [] }, frames: 31 });
  assert.deepEqual(made.request, { view: "4CH", frames: 31, motion: { ef: 47, shortening: 0.135, thickening: 0.123, heart_rate: 64, regional: [] } });
  made.set("ef", 30);
  assert.equal(made.values.shortening, made.usualOf("shortening"));
});
