import assert from "node:assert/strict";
import { test } from "node:test";

import { Clock, SPEEDS } from "../../echo_studio/web/static/video/clock.js";
import { frameWords } from "../../echo_studio/web/static/video/words.js";

/** A clock of `frames` frames and a beat of one second; `frame(ms)` lets time pass up to the next picture. */
function started(frames = 10) {
  const due = [];
  const clock = new Clock((step) => due.push(step));
  clock.lead({ frames, seconds: 1 });
  const frame = (ms) => due.shift()(clock.before + ms);
  return { clock, due, frame };
}

test("a beat takes its seconds, and the frame is that of the phase", () => {
  const { clock, frame } = started(10);
  clock.play();
  frame(250);
  assert.ok(Math.abs(clock.phase - 0.25) < 1e-9);
  assert.equal(clock.frame, 2);
  frame(500);
  assert.equal(clock.frame, 7);
});

test("the speed stretches the beat", () => {
  const { clock, frame } = started();
  clock.speed = 0.5;
  clock.play();
  frame(500);
  assert.ok(Math.abs(clock.phase - 0.25) < 1e-9);
  clock.speed = 2;
  frame(100);
  assert.ok(Math.abs(clock.phase - 0.45) < 1e-9);
});

test("slower and faster go along the speeds and stop at their ends", () => {
  const { clock } = started();
  assert.equal(clock.speed, 1);
  clock.changeSpeed(1);
  clock.changeSpeed(1);
  assert.equal(clock.speed, SPEEDS.at(-1));
  for (let k = 0; k < 10; k++) clock.changeSpeed(-1);
  assert.equal(clock.speed, SPEEDS[0]);
});

test("with the loop on a beat begins again, however late the picture comes", () => {
  const { clock, frame } = started();
  clock.play();
  frame(3200);
  assert.ok(Math.abs(clock.phase - 0.2) < 1e-9);
  assert.ok(clock.playing);
});

test("without the loop playing ends at the last frame, and playing again starts at the first", () => {
  const { clock, due, frame } = started(10);
  clock.loop = false;
  clock.play();
  frame(1200);
  assert.equal(clock.playing, false);
  assert.equal(clock.frame, 9);
  assert.equal(due.length, 0, "no further picture is due");
  clock.play();
  assert.equal(clock.frame, 0);
});

test("seeking shows exactly that frame of any number of frames, stops playing, and stays within the clip", () => {
  const { clock } = started();
  for (const frames of [2, 3, 7, 24, 49, 120]) {
    clock.lead({ frames, seconds: 0.8 });
    for (let k = 0; k < frames; k++) {
      clock.play(true);
      clock.seek(k);
      assert.equal(clock.frame, k);
      assert.equal(clock.playing, false);
    }
  }
  clock.seek(-3);
  assert.equal(clock.frame, 0);
  clock.seek(1000);
  assert.equal(clock.frame, 119);
});

test("steps go round the beat in both directions", () => {
  const { clock } = started(6);
  clock.step(1);
  clock.step(1);
  clock.step(-1);
  assert.equal(clock.frame, 1);
  clock.step(-1);
  clock.step(-1);
  assert.equal(clock.frame, 5);
  clock.step(1);
  assert.equal(clock.frame, 0);
});

test("another clip is shown at the same moment of the beat", () => {
  const { clock } = started(6);
  clock.seek(3);
  const { phase } = clock;
  clock.lead({ frames: 12, seconds: 0.5 });
  assert.equal(clock.phase, phase);
  assert.equal(clock.frame, Math.floor(phase * 12));
});

test("a pause leaves the phase, and pictures that were due change nothing", () => {
  const { clock, frame } = started();
  clock.play();
  frame(300);
  clock.play(false);
  frame(300);
  assert.ok(Math.abs(clock.phase - 0.3) < 1e-9);
});

test("listeners hear of every change, and playing twice starts one run of pictures", () => {
  const { clock, due, frame } = started();
  let heard = 0;
  clock.listeners.add(() => heard++);
  clock.play(true);
  clock.play(true);
  assert.equal(due.length, 1);
  frame(10);
  clock.seek(2);
  assert.ok(heard >= 4);
});

test("the frame is said from 1 on, with the time since end diastole", () => {
  assert.equal(frameWords({ frame: 4, frames: 6, seconds: 0.9 }), "5 / 6  600 ms");
  assert.equal(frameWords({ frame: 0, frames: 24, seconds: 60 / 70 }), "1 / 24  0 ms");
});
