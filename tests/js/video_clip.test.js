import assert from "node:assert/strict";
import { test } from "node:test";

import { keyframe, postRequest, unpacked } from "../../echo_studio/web/static/common/packed.js";
import { Clip, paint } from "../../echo_studio/web/static/video/clip.js";
import { fillStrip, lineAcross, lineLength, sampleLine } from "../../echo_studio/web/static/video/line.js";

const HEADER = { frames: 2, width: 4, height: 3, spacing: "0.5,2", es: 1, heart_rate: 75, volumes: [1, 2], unit: "mL", ef: 50 };

/** A reply as the server packs it: the length of the header, the header as JSON, the bytes. */
function packedReply(header, bytes) {
  const json = new TextEncoder().encode(JSON.stringify(header));
  const whole = new Uint8Array(4 + json.length + bytes.length);
  new DataView(whole.buffer).setUint32(0, json.length, true);
  whole.set(json, 4);
  whole.set(bytes, 4 + json.length);
  return new Response(whole);
}

const counted = (size, from = 0) => Uint8Array.from({ length: size }, (_, i) => from + i);

/** A canvas that keeps what was painted on it. */
function fakeCanvas() {
  const canvas = { width: 0, height: 0, data: null };
  canvas.getContext = () => ({
    createImageData: (width, height) => ({ data: new Uint8ClampedArray(4 * width * height) }),
    putImageData: (image) => (canvas.data = image.data),
  });
  return canvas;
}

/** Stands for the browser's Path2D. */
class FakePath {
  constructor() {
    this.points = [];
  }
  moveTo(x, y) {
    this.points.push([x, y]);
  }
  lineTo(x, y) {
    this.points.push([x, y]);
  }
  closePath() {}
}

function clipOf(frames, width, height, { grey, ids = new Uint8Array(frames * width * height), spacing = "" }) {
  return new Clip({ ...HEADER, frames, width, height, spacing }, grey, ids);
}

test("a packed reply gives its header and every byte behind it", async () => {
  const { header, bytes } = await unpacked(packedReply({ title: "Äpex", n: 1 }, counted(300)));
  assert.deepEqual(header, { title: "Äpex", n: 1 });
  assert.deepEqual(bytes, counted(300));
});

test("keyframes are sent as their bytes and the request as JSON, with their sizes in the address", async () => {
  const sent = [];
  const link = { request: async (path, options) => sent.push([path, options]) };
  const ed = { ids: counted(6), width: 3, height: 2, spacing: "0.5,0.5" };
  await postRequest(link, "/videos", { ed, es: null }, { seed: "7" });
  await postRequest(link, "/videos/cycle", { ed, es: { ids: counted(4, 9), width: 2, height: 2 } }, {});
  const [[path, { method, body }], [other, { body: both }]] = sent;
  assert.equal(method, "POST");
  assert.equal(path, "/videos?width=3&height=2&spacing=0.5%2C0.5");
  const bytes = new Uint8Array(await body.arrayBuffer());
  assert.deepEqual(bytes.slice(0, 6), counted(6));
  assert.equal(new TextDecoder().decode(bytes.slice(6)), '{"seed":"7"}');
  assert.match(other, /^\/videos\/cycle\?.*es_width=2&es_height=2$/);
  assert.deepEqual(new Uint8Array(await both.arrayBuffer()).slice(6, 10), counted(4, 9));
});

test("a keyframe of the server is its labels alone, with size and spacing from the headers", async () => {
  const reply = new Response(counted(12), { headers: { "X-Width": "3", "X-Height": "2", "X-Spacing": "1,2" } });
  assert.deepEqual(await keyframe(reply), { ids: counted(6), width: 3, height: 2, spacing: "1,2" });
  const bare = new Response(counted(4), { headers: { "X-Width": "2", "X-Height": "2" } });
  assert.equal((await keyframe(bare)).spacing, "");
});

test("a video has grey levels and labels of every frame, pixel for pixel", async () => {
  const clip = await Clip.ofVideo(packedReply(HEADER, counted(48)));
  assert.deepEqual(clip.greyOf(1), counted(12, 12));
  assert.deepEqual(clip.labelsOf(0), counted(12, 24));
  assert.deepEqual(clip.labelsOf(1), counted(12, 36));
  assert.equal(clip.seconds, 0.8);
  assert.deepEqual(clip.spacingMm, [0.5, 2]);
});

test("a label cycle has labels alone", async () => {
  const cycle = await Clip.ofCycle(packedReply({ ...HEADER, spacing: "" }, counted(24)));
  assert.equal(cycle.grey, null);
  assert.deepEqual(cycle.labelsOf(1), counted(12, 12));
  assert.equal(cycle.spacingMm, null);
});

test("a phase gives its frame, and the end of the beat the last one", () => {
  const clip = clipOf(4, 1, 1, {});
  assert.deepEqual([0, 0.24, 0.25, 0.5, 0.99, 1].map((phase) => clip.at(phase)), [0, 0, 1, 2, 3, 3]);
});

test("clips of 6 and 12 frames show the same moment of the beat", () => {
  for (let k = 0; k < 12; k++) {
    const phase = (k + 0.5) / 12;
    assert.equal(clipOf(6, 1, 1, {}).at(phase), Math.floor(k / 2));
    assert.equal(clipOf(12, 1, 1, {}).at(phase), k);
  }
});

test("the area of the ventricle is counted in every frame", () => {
  const clip = clipOf(2, 2, 2, { ids: Uint8Array.of(1, 1, 2, 1, 4, 3, 1, 0) });
  assert.deepEqual(clip.areas, [3, 1]);
});

test("grey levels are painted opaque, each frame its own, on a canvas of the clip's size", () => {
  const clip = clipOf(2, 2, 1, { grey: Uint8Array.of(10, 20, 30, 40) });
  const canvas = fakeCanvas();
  clip.paintGrey(1, canvas);
  assert.deepEqual([canvas.width, canvas.height], [2, 1]);
  assert.deepEqual([...canvas.data], [30, 30, 30, 255, 40, 40, 40, 255]);
});

test("labels are painted in the person's colours, outside clear and the sector as faint as it is said", () => {
  const clip = clipOf(1, 3, 1, { ids: Uint8Array.of(0, 2, 4) });
  const colours = [[0, 0, 0], [1, 1, 1], [9, 8, 7], [3, 3, 3], [5, 5, 5]];
  const canvas = fakeCanvas();
  clip.paintLabels(0, canvas, colours, 60);
  assert.deepEqual([...canvas.data], [0, 0, 0, 0, 9, 8, 7, 255, 5, 5, 5, 60]);
});

test("painting keeps a canvas that has the size already", () => {
  const canvas = fakeCanvas();
  let resized = 0;
  Object.defineProperty(canvas, "width", {
    get: () => 2,
    set() {
      resized += 1;
    },
  });
  canvas.height = 1;
  paint(canvas, { width: 2, height: 1 }, () => {});
  assert.equal(resized, 0, "setting a size would clear it");
});

test("outlines of a frame are those of its structures, and are made once", () => {
  globalThis.Path2D = /** @type {any} */ (FakePath);
  const ids = new Uint8Array(2 * 25);
  ids[25 + 12] = 1; // one pixel of the second frame
  const clip = clipOf(2, 5, 5, { ids });
  const outline = clip.outline(1);
  assert.deepEqual(outline.map(({ label }) => label), [1], "what a frame does not hold has no outline");
  assert.deepEqual(outline[0].path.points.toSorted(), [[2, 2], [2, 3], [3, 2], [3, 3]]);
  assert.equal(clip.outline(1), outline);
  assert.deepEqual(clip.outline(0), []);
});

test("a line is measured in mm along both spacings, in pixels where they are not known", () => {
  const size = { width: 100, height: 200 };
  const line = { x0: 0.1, y0: 0.5, x1: 0.4, y1: 0.7 };
  assert.equal(lineLength({ ...size, spacingMm: [0.5, 0.5] }, line), "25 mm");
  assert.equal(lineLength({ ...size, spacingMm: [0.25, 1] }, { x0: 0, y0: 0, x1: 0.3, y1: 0.8 }), "50 mm");
  assert.equal(lineLength({ ...size, spacingMm: null }, line), "50 px");
});

test("the line is sampled in every frame, from its first end to its last", () => {
  const width = 8, height = 4;
  const grey = Uint8Array.from({ length: 2 * width * height }, (_, i) => (i % width) * 10 + (i >= width * height ? 100 : 0));
  const clip = clipOf(2, width, height, { grey });
  const { rows, values } = sampleLine(clip, { x0: 0.5 / 8, y0: 0.5, x1: 7.5 / 8, y1: 0.5 });
  assert.equal(rows, 7, "about a sample for each pixel");
  const column = (frame) => Array.from({ length: rows }, (_, row) => values[row * 2 + frame]);
  assert.equal(column(0)[0], 0);
  assert.equal(column(0).at(-1), 70);
  assert.deepEqual(column(1), column(0).map((value) => value + 100));
  const back = sampleLine(clip, { x0: 7.5 / 8, y0: 0.5, x1: 0.5 / 8, y1: 0.5 });
  assert.equal(back.values[0], 70, "a line drawn the other way runs the other way");
});

test("between pixels the brightness is bilinear, and beyond the edge it is that of the edge", () => {
  const clip = clipOf(1, 2, 2, { grey: Uint8Array.of(0, 100, 40, 200) });
  const middle = sampleLine(clip, { x0: 0.5, y0: 0.5, x1: 0.5, y1: 0.5 });
  assert.deepEqual([...middle.values], [85, 85]);
  const corners = sampleLine(clip, { x0: 0, y0: 0, x1: 1, y1: 1 });
  assert.equal(corners.values[0], 0);
  assert.equal(corners.values.at(-1), 200);
});

test("a strip repeats the beat, with a column of the beat next to it at both ends", () => {
  const values = Uint8Array.of(1, 2, 3, 11, 12, 13); // two rows, three frames
  const data = new Uint8ClampedArray(4 * 2 * (3 * 2 + 2));
  fillStrip(data, values, { rows: 2, frames: 3, beats: 2 });
  const grey = Array.from({ length: 16 }, (_, i) => data[4 * i]);
  assert.deepEqual(grey.slice(0, 8), [3, 1, 2, 3, 1, 2, 3, 1]);
  assert.deepEqual(grey.slice(8), [13, 11, 12, 13, 11, 12, 13, 11]);
  assert.ok(Array.from({ length: 16 }, (_, i) => data[4 * i + 3]).every((alpha) => alpha === 255));
});

test("the first line crosses the ventricle half way down, in the middle of that row of pixels", () => {
  const width = 20, height = 10;
  const ids = new Uint8Array(width * height);
  for (let y = 2; y < 7; y++) ids.fill(1, y * width + 8, y * width + 13);
  const { x0, y0, x1, y1 } = lineAcross(clipOf(1, width, height, { ids }));
  assert.equal(y0, 4.5 / height);
  assert.equal(y1, y0);
  assert.ok(x0 * width < 8 && x1 * width > 12, "into the wall on both sides");
  assert.ok(x0 >= 0 && x1 <= 1);
});

test("without a ventricle the first line runs down the middle", () => {
  assert.deepEqual(lineAcross(clipOf(1, 4, 4, {})), { x0: 0.5, y0: 0.1, x1: 0.5, y1: 0.9 });
});
