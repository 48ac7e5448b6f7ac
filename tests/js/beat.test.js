import assert from "node:assert/strict";
import { test } from "node:test";

import { settled } from "./stand_ins.js";

const { Beat } = await import("../../echo_studio/web/static/canvas/panels/beat.js");

const HEADER = { frames: 3, width: 1, height: 1, spacing: "", es: 1, heart_rate: 60 };
const packed = (header, ...bytes) => {
  const text = new TextEncoder().encode(JSON.stringify(header));
  return Uint8Array.of(text.length, 0, 0, 0, ...text, ...bytes);
};
const ENTRY = { name: "beat-l64", frame_by_frame: true, advised_nfe: 1, advised_solver: "", advised_guidance: 0, has_look: true };

/** A switch over a server on which every beat is done at once. */
function beatOn(generators = [{ name: "video-spade" }, ENTRY]) {
  globalThis.document = /** @type {any} */ ({ createElement: () => ({ getContext: () => context, width: 0, height: 0 }) });
  globalThis.requestAnimationFrame = /** @type {any} */ (() => 0);
  const context = { createImageData: () => ({ data: new Uint8ClampedArray(4) }), putImageData: () => {} };
  const [sent, said] = [[], []];
  let number = 0;
  const request = async (path, options) => {
    sent.push([path, options?.body ? JSON.parse((await options.body.text()).slice(1)) : null]);
    if (path.endsWith("/clip")) return new Response(packed(HEADER, 10, 20, 30, 1, 1, 1));
    return new Response(JSON.stringify({ video: ++number, state: "done", nfe: 1, total: 1, preview: 0 }));
  };
  const json = async (path) => (path === "/videos/catalog" ? { generators, motion: { ef: 55 } } : {});
  const listeners = new Set();
  const labels = { ids: new Uint8Array(1), width: 1, height: 1, spacing: "", revision: 1, listeners };
  const editor = { document: labels, say: (words) => said.push(words) };
  const settings = { values: { seed: "7", view: "2CH", grain: "", coarseness: "1" }, listeners: new Set() };
  const button = { addEventListener: (_kind, act) => (button.click = act), setAttribute: (_name, value) => (button.pressed = value) };
  const root = { dataset: {}, querySelector: () => button };
  const pane = { moving: null, redraw: () => {} };
  const beat = new Beat(root, /** @type {any} */ ({ request, json, events: {} }), editor, settings, pane);
  return { beat, button, root, pane, sent, said, labels, settings };
}

const starts = (sent) => sent.filter(([, body]) => body).map(([path, body]) => [path.split("?")[1].split("&")[0], body]);
const some = async () => {
  for (let k = 0; k < 20; k++) await settled();
};

test("the switch plays the heart on the canvas with the usual motion, its seed and its look, and stops", async () => {
  const { beat, button, root, pane, sent } = beatOn();
  button.click();
  await some();
  assert.equal(button.pressed, "true");
  assert.equal(root.dataset.beat, "on");
  const [[query, body]] = starts(sent);
  assert.equal(query, "drawn=true");
  assert.deepEqual([body.generator, body.nfe, body.seed, body.view, body.motion.ef, body.coarseness], ["beat-l64", 1, "7", "2CH", 55, "1"]);
  assert.equal(beat.clip.frames, 3);
  assert.ok(pane.moving);
  button.click();
  assert.equal(pane.moving, null);
  assert.equal(button.pressed, "false");
});

test("a change of the map makes it again, the same once more does not", async () => {
  const { beat, sent, labels } = beatOn();
  beat.set(true);
  await some();
  await beat.make();
  assert.equal(starts(sent).length, 1);
  labels.revision = 2;
  await beat.make();
  assert.equal(starts(sent).length, 2);
  beat.set(false);
});

test("without a generator that makes frame by frame it says so", async () => {
  const { beat, said } = beatOn([{ name: "video-spade" }]);
  beat.set(true);
  await some();
  assert.match(said[0], /checkpoints are missing/);
  beat.set(false);
});
