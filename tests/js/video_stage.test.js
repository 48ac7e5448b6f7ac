import assert from "node:assert/strict";
import { test } from "node:test";

import { Clip } from "../../echo_studio/web/static/video/clip.js";
import { Clock } from "../../echo_studio/web/static/video/clock.js";
import { pressVideoKey } from "../../echo_studio/web/static/video/key_bindings.js";
import { LineGesture, placeOf } from "../../echo_studio/web/static/video/line_gesture.js";
import { StageState } from "../../echo_studio/web/static/video/stage_state.js";

function clipOf(frames, name = "") {
  const clip = new Clip({ frames, width: 4, height: 4, spacing: "", es: 2, heart_rate: 60, volumes: [], unit: "", ef: null }, null, new Uint8Array(16 * frames));
  return Object.assign(clip, { name });
}

const shownOn = (stage) => stage.shown.map(({ view, clip, badge, words }) => [view, clip?.name, badge, words]);

test("before there is a video the stage shows the label cycle, which leads, and says how to get a video", () => {
  const stage = new StageState();
  assert.deepEqual(shownOn(stage), [["current", undefined, "", ""]]);
  stage.showCycle(clipOf(6, "cycle"));
  assert.deepEqual(shownOn(stage), [["current", "cycle", "Label cycle: press G for the video", ""]]);
  assert.equal(stage.leading.name, "cycle");
  stage.showVideo({ clip: clipOf(6, "a"), words: "first" });
  assert.deepEqual(shownOn(stage), [["current", "a", "", "first"]]);
  assert.equal(stage.leading.name, "a");
});

test("a pinned video stands left of the next one, and alone while it is the newest", () => {
  const stage = new StageState();
  stage.pin();
  assert.equal(stage.pinned, null, "there is none to pin");
  stage.showVideo({ clip: clipOf(6, "a"), words: "first" });
  stage.pin();
  assert.deepEqual(shownOn(stage), [["current", "a", "Pinned", "first"]]);
  stage.showVideo({ clip: clipOf(12, "b"), words: "second" });
  assert.deepEqual(shownOn(stage), [["pinned", "a", "Pinned", "first"], ["current", "b", "", "second"]]);
  stage.unpin();
  assert.deepEqual(shownOn(stage), [["current", "b", "", "second"]]);
});

test("both videos show the same moment of the beat, by steps of the newest one's frames", () => {
  const stage = new StageState();
  const clock = new Clock(() => {});
  stage.showVideo({ clip: clipOf(6, "a"), words: "" });
  stage.pin();
  stage.showVideo({ clip: clipOf(12, "b"), words: "" });
  clock.lead(stage.leading);
  clock.seek(0);
  for (let k = 0; k < 6; k++) clock.step(1);
  assert.deepEqual(stage.shown.map(({ clip }) => clip.at(clock.phase) / clip.frames), [0.5, 0.5]);
});

test("a video on the way shows its middle frame over the older video, which comes back when it has ended", () => {
  const stage = new StageState();
  stage.showVideo({ clip: clipOf(6, "a"), words: "first" });
  stage.showComing({ picture: "half made", badge: "Middle frame · NFE 1 / 4", words: "" });
  const [view] = stage.shown;
  assert.deepEqual([view.picture, view.badge, view.clip.name], ["half made", "Middle frame · NFE 1 / 4", "a"]);
  stage.showComing(null);
  assert.deepEqual([stage.shown[0].picture, ...shownOn(stage)[0]], [null, "current", "a", "", "first"]);
  stage.showComing({ picture: "other", badge: "", words: "" });
  stage.showVideo({ clip: clipOf(6, "b"), words: "second" });
  assert.deepEqual(shownOn(stage), [["current", "b", "", "second"]]);
});

test("the M-mode opens once the line is drawn, and nothing moves meanwhile", () => {
  const stage = new StageState();
  const line = { x0: 0, y0: 0.5, x1: 1, y1: 0.5 };
  stage.setLine(line, false);
  assert.equal(stage.line, null, "a label cycle has no brightness");
  stage.showVideo({ clip: clipOf(6, "a"), words: "" });
  stage.setLine(line, false);
  assert.deepEqual([stage.stripped, stage.shownLine], [false, line]);
  stage.setLine(null, true);
  assert.deepEqual([stage.stripped, stage.shownLine], [true, line]);
  stage.setMMode(false);
  assert.deepEqual([stage.stripped, stage.shownLine], [false, null]);
  stage.setMMode(true);
  assert.equal(stage.shownLine, line, "the line is kept");
});

test("an M-mode without a line gets one across the ventricle, and one without a video does not open", () => {
  const stage = new StageState();
  stage.setMMode(true);
  assert.equal(stage.mmode, false);
  stage.showVideo({ clip: clipOf(6, "a"), words: "" });
  stage.setMMode(true);
  assert.deepEqual(stage.line, { x0: 0.5, y0: 0.1, x1: 0.5, y1: 0.9 });
});

test("a drawn line runs from where the pointer went down to where it is; a click draws none", () => {
  const lines = [];
  const gesture = new LineGesture((line, settled) => lines.push([line, settled]));
  gesture.move([0.5, 0.5]);
  gesture.begin([0.2, 0.3]);
  gesture.move([0.21, 0.3]);
  gesture.end();
  assert.deepEqual(lines, []);
  gesture.begin([0.2, 0.3]);
  gesture.move([0.5, 0.3]);
  gesture.move([0.7, 0.4]);
  gesture.end();
  gesture.move([0.9, 0.9]);
  assert.deepEqual(lines, [[{ x0: 0.2, y0: 0.3, x1: 0.5, y1: 0.3 }, false], [{ x0: 0.2, y0: 0.3, x1: 0.7, y1: 0.4 }, false], [null, true]]);
});

test("the pointer's place is a share of the picture, and stays within it", () => {
  const place = { left: 10, top: 20, wide: 200, high: 100 };
  assert.deepEqual(placeOf(110, 70, place), [0.5, 0.5]);
  assert.deepEqual(placeOf(0, 1000, place), [0, 1]);
});

function keyboard() {
  const calls = [];
  const called = (name) => (...values) => calls.push([name, ...values].join(" "));
  const stage = Object.assign(new StageState(), { setMMode: called("mmode"), pin: called("pin"), unpin: called("unpin") });
  stage.cycle = clipOf(6);
  const clock = Object.assign(new Clock(() => {}), { play: called("play"), step: called("step"), seek: called("seek") });
  const tab = {
    clock, stage, transport: { setLoop: called("loop"), faster: called("faster"), toEs: called("es") },
    generate: called("generate"), cancel: called("cancel"), setOverlay: called("overlay"),
    sampling: { newSeed: called("seed") }, keyframes: { take: called("take") },
  };
  const press = (key, place = {}, more = {}) => pressVideoKey(tab, { key, shiftKey: false, repeat: false, ...more }, place);
  return { stage, calls, press };
}

test("each key of the Video tab does what its button does, once a press", () => {
  const { calls, press } = keyboard();
  for (const key of ["g", "Escape", "r", "u", "o", "m", "k", "l", ",", "."]) assert.ok(press(key));
  press("K", {}, { shiftKey: true });
  assert.deepEqual(calls, ["generate", "cancel", "seed", "take", "overlay true", "mmode true", "pin", "loop false", "faster -1", "faster 1", "unpin"]);
  assert.equal(press("g", {}, { repeat: true }), true);
  assert.equal(calls.length, 11);
  assert.equal(press("q"), false);
});

test("Space plays, arrows step, Home and End go to end diastole and end systole", () => {
  const { calls, press } = keyboard();
  for (const key of [" ", "ArrowLeft", "ArrowRight", "Home", "End"]) assert.ok(press(key));
  assert.deepEqual(calls, ["play", "step -1", "step 1", "seek 0", "es"]);
});

test("a button keeps Space, a slider its arrows, and the scrubber steps frames all the same", () => {
  const { calls, press } = keyboard();
  assert.equal(press(" ", { onButton: true }), false);
  for (const key of ["ArrowLeft", "Home", "End"]) assert.equal(press(key, { onSlider: true }), false);
  assert.equal(press("ArrowRight", { onTabs: true }), false);
  assert.deepEqual(calls, []);
  assert.equal(press("ArrowRight", { onSlider: true, onScrubber: true }), true);
  assert.deepEqual(calls, ["step 1"]);
});

test("without anything on the stage Space and arrows do nothing, and the page does not scroll by them", () => {
  const { stage, calls, press } = keyboard();
  stage.cycle = null;
  assert.equal(press(" "), true);
  assert.equal(press("ArrowRight"), true);
  assert.deepEqual(calls, []);
});
