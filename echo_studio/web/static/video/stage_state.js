// What is on the stage, without the page: the newest video or, before there is one, the label cycle; beside it a pinned video.

import { lineAcross } from "./line.js";

export class StageState {
  constructor() {
    this.video = null; // {clip, words, signature}
    this.pinned = null;
    this.cycle = null;
    this.coming = null; // {picture, spacing, badge, words} of a video on the way, or {clip, badge, words} of its frames
    this.line = null;
    this.placing = false; // the pointer is drawing the line
    this.mmode = false;
    this.overlay = { on: false, opacity: 0.35 };
  }

  /** Show what has changed: the page does. */
  show() {}

  /** What leads the clock. */
  get leading() {
    return this.coming?.clip || this.video?.clip || this.cycle;
  }

  showCycle(cycle) {
    this.cycle = cycle;
    this.show();
  }

  showVideo(video) {
    Object.assign(this, { video, coming: null });
    this.show();
  }

  /** A video on the way, its middle frame or the frames that are there, or null when it has ended. */
  showComing(coming) {
    this.coming = coming;
    this.show();
  }

  pin() {
    if (!this.video) return;
    this.pinned = this.video;
    this.show();
  }

  unpin() {
    this.pinned = null;
    this.show();
  }

  /** The strip opens when the line is there: the pictures must not move under the pointer that places it. */
  setLine(line, settled) {
    if (!this.video) return;
    if (settled) this.mmode = true;
    else this.line = line;
    this.placing = !settled;
    this.show();
  }

  setMMode(on) {
    if (on && !this.video) return;
    this.mmode = on;
    if (on && !this.line) this.line = lineAcross(this.video.clip);
    this.show();
  }

  setOverlay(changes) {
    Object.assign(this.overlay, changes);
    this.show();
  }

  /** The line that the pictures show, or null. */
  get shownLine() {
    return this.mmode || this.placing ? this.line : null;
  }

  /** Whether there are M-mode strips. */
  get stripped() {
    return Boolean(this.mmode && this.line && this.video);
  }

  /** What each view shows, from the left: [{view, clip, picture, spacing, badge, words}]; `spacing` is the picture's. */
  get shown() {
    const { video, pinned, coming, cycle } = this;
    const current = { view: "current", picture: null, clip: video?.clip };
    if (coming) Object.assign(current, coming);
    else if (video) Object.assign(current, { badge: pinned === video ? "Pinned" : "", words: video.words });
    else Object.assign(current, { clip: cycle, badge: cycle ? "Label cycle: press G for the video" : "", words: "" });
    if (!pinned || pinned === video) return [current];
    return [{ view: "pinned", picture: null, clip: pinned.clip, badge: "Pinned", words: pinned.words }, current];
  }
}
