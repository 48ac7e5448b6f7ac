// What is played: the newest video or, before there is one, the label cycle; beside it a pinned video. All in step.

import { MMode, lineAcross } from "./mmode.js";
import { VideoView } from "./view.js";

export class Stage {
  constructor(root, clock, onChange) {
    this.root = root;
    this.clock = clock;
    this.onChange = onChange;
    const line = (drawn, settled) => this.setLine(drawn, settled);
    this.views = { pinned: new VideoView("Pinned video", line), current: new VideoView("Video", line) };
    this.strips = { pinned: new MMode("Pinned video"), current: new MMode("Video") };
    this.place = root.querySelector("[data-vid=views]");
    this.stripPlace = root.querySelector("[data-vid=mmodes]");
    this.video = null; // {clip, words, order}
    this.pinned = null;
    this.cycle = null;
    this.coming = null; // {picture, words} of a video on the way
    this.line = null;
    this.mmode = false;
    this.overlay = { on: false, opacity: 0.35 };
    clock.listeners.add(() => this.move());
    this.show();
  }

  /** What leads the clock. */
  get leading() {
    return this.video?.clip || this.cycle;
  }

  takeCycle(cycle) {
    this.cycle = cycle;
    this.show();
  }

  takeVideo(video) {
    Object.assign(this, { video, coming: null });
    this.show();
  }

  /** The middle frame of a video on the way, or null when it has ended. */
  takeComing(coming) {
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

  /** The strip opens when the line is there: the pictures must not move under the pointer that draws it. */
  setLine(line, settled) {
    if (!this.video) return;
    if (settled) this.mmode = true;
    else this.line = line;
    this.drawing = !settled;
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
    const { views, strips, pinned, video, coming, cycle } = this;
    if (this.leading) this.clock.lead(this.leading);
    const both = pinned && pinned !== video;
    const shown = both ? [views.pinned, views.current] : [views.current];
    this.arrange(this.place, shown);
    for (const view of Object.values(views)) {
      view.opacity = this.overlay.on ? this.overlay.opacity : 0;
      view.line = this.mmode || this.drawing ? this.line : null;
    }
    if (both) views.pinned.show({ clip: pinned.clip, badge: "Pinned", words: pinned.words });
    if (coming) views.current.show({ clip: video?.clip, picture: coming.picture, badge: coming.badge, words: coming.words });
    else if (video) views.current.show({ clip: video.clip, badge: pinned === video ? "Pinned" : "", words: video.words });
    else views.current.show({ clip: cycle, badge: cycle ? "Label cycle: press G for the video" : "", words: "" });
    const stripped = this.mmode && this.line && video;
    this.stripPlace.hidden = !stripped;
    this.arrange(this.stripPlace, (both ? [strips.pinned, strips.current] : [strips.current]));
    if (stripped) {
      strips.current.show(video.clip, this.line);
      if (both) strips.pinned.show(pinned.clip, this.line);
    }
    this.move();
    this.onChange();
  }

  // Only what changed: a canvas that is put in anew loses the focus.
  arrange(place, parts) {
    const wanted = parts.map(({ element: one }) => one);
    const now = [...place.children];
    if (now.length !== wanted.length || now.some((one, k) => one !== wanted[k])) place.replaceChildren(...wanted);
  }

  move() {
    const { phase } = this.clock;
    for (const view of Object.values(this.views)) view.move(phase);
    if (!this.stripPlace.hidden) for (const strip of Object.values(this.strips)) strip.move(phase);
  }
}
