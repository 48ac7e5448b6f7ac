import assert from "node:assert/strict";
import { test } from "node:test";

import { RealFrame } from "../../echo_studio/web/static/canvas/panels/real_frame.js";

/** A real frame on stand-ins; `sent` are the requests, `told` what its listeners heard. */
function begun() {
  const [sent, told] = [[], []];
  const link = {
    flush: async () => 7,
    json: async (path, { method, body = null }) => sent.push([method, path, body]),
  };
  const result = { original: undefined, showOriginal: (page) => (result.original = page) };
  const realFrame = new RealFrame(link, result);
  realFrame.listeners.add((changed) => told.push(changed));
  realFrame.begin();
  return { realFrame, sent, told, result };
}

test("its look is kept from the start, wholly and only where the map was edited", () => {
  const { realFrame, told } = begun();
  assert.deepEqual(realFrame.source, { keep: 1, whole_frame: false });
  assert.deepEqual(told, [false], "the labels that go on the canvas bring the first picture");
});

test("what is chosen goes into every request, and each choice asks for a new picture", () => {
  const { realFrame, told } = begun();
  realFrame.set({ keep: 0.4 });
  realFrame.set({ wholeFrame: true });
  assert.deepEqual(realFrame.source, { keep: 0.4, whole_frame: true });
  realFrame.set({ keepLook: false });
  assert.equal(realFrame.source, null);
  assert.deepEqual(told, [false, true, true, true]);
});

test("another frame begins with its own choices", () => {
  const { realFrame } = begun();
  realFrame.set({ keep: 0, keepLook: false });
  realFrame.begin();
  assert.deepEqual(realFrame.source, { keep: 1, whole_frame: false });
});

test("a frame that the canvas has left is forgotten, once, here and by the server", async () => {
  const { realFrame, sent, result } = begun();
  await realFrame.end();
  await realFrame.end();
  assert.deepEqual(sent, [["DELETE", "/real-frame", null]]);
  assert.equal(realFrame.source, null);
  assert.equal(result.original, null);
});

test("corrected labels become the frame's own, of the revision that the server has", async () => {
  const { realFrame, sent, told } = begun();
  await realFrame.adopt();
  assert.deepEqual(sent, [["PUT", "/real-frame/label-map", { revision: 7 }]]);
  assert.equal(told.at(-1), true);
});

test("a recording's beat is kept until another file is opened or the frame is left", async () => {
  const { realFrame, sent } = begun();
  realFrame.opened(12);
  await realFrame.labelLoop();
  assert.ok(realFrame.beat);
  assert.equal(sent.at(-1)[1], "/recording/beat");
  realFrame.opened(3);
  assert.equal(realFrame.beat, null);
  await realFrame.labelLoop();
  await realFrame.end();
  assert.deepEqual([realFrame.beat, realFrame.frames], [null, 1]);
});
