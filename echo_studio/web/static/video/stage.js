// What is played: the newest video or, before there is one, the label cycle; beside it a pinned video. All in step.

import { lineAcross } from "./line.js";
import { MMode } from "./mmode.js";
import { onStage } from "./on_stage.js";
import { VideoView } from "./view.js";

export class Stage {
  constructor(root, clock, onChange) {
    this.root = root;
    this.clock = clock;
    this.onChange = onChange;
    const line = (place, settled) => this.setLine(place, settled);
    this.views = { pinned: new VideoView("Pinned video", line), current: new VideoView("Video", line) };
    this.strips = { pinned: new MMode("Pinned video"), current: new MMode("Video") };
    this.place = root.querySelector("[data-vid=views]");
    this.stripPlace = root.querySelector("[data-vid=mmodes]");
    this.video = null; // {clip, words, signature}
    this.pinned = null;
    this.cycle = null;
    this.coming = null; // {picture, badge, words} of a video on the way
    this.line = null;
    this.mmode = false;
    this.placing = false; // the pointer is drawing the line
    this.overlay = { on: false, opacity: 0.35 };
    clock.listeners.add(() => this.move());
    this.show();
  }

  /** What leads the clock. */
  get leading() {
    return this.video?.clip || this.cycle;
  }

  showCycle(cycle) {
    this.cycle = cycle;
    this.show();
  }

  showVideo(video) {
    Object.assign(this, { video, coming: null });
    this.show();
  }

  /** The middle frame of a video on the way, or null when it has ended. */
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

  show() {
    const { views, strips, pinned, video } = this;
    if (this.leading) this.clock.lead(this.leading);
    const shown = onStage(this);
    this.arrange(this.place, shown.map(({ view }) => views[view]));
    for (const view of Object.values(views)) {
      view.opacity = this.overlay.on ? this.overlay.opacity : 0;
      view.line = this.mmode || this.placing ? this.line : null;
    }
    for (const { view, ...content } of shown) views[view].show(content);
    const stripped = this.mmode && this.line && video;
    this.stripPlace.hidden = !stripped;
    this.arrange(this.stripPlace, shown.map(({ view }) => strips[view]));
    if (stripped) {
      strips.current.show(video.clip, this.line);
      if (shown.length > 1) strips.pinned.show(pinned.clip, this.line);
    }
    this.move();
    this.onChange();
  }

  // Only what changed: a canvas that is put in anew loses the focus.
  arrange(place, parts) {
    const next = parts.map(({ element: one }) => one);
    const now = [...place.children];
    if (now.length !== next.length || now.some((one, k) => one !== next[k])) place.replaceChildren(...next);
  }

  move() {
    const { phase } = this.clock;
    for (const view of Object.values(this.views)) view.move(phase);
    if (!this.stripPlace.hidden) for (const strip of Object.values(this.strips)) strip.move(phase);
  }
}
