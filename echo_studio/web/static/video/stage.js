// What is played: pictures and M-mode strips, all in step.

import { MMode } from "./mmode.js";
import { StageState } from "./stage_state.js";
import { VideoView } from "./view.js";

export class Stage extends StageState {
  constructor(root, clock, display, onChange) {
    super();
    this.clock = clock;
    this.onChange = onChange;
    const line = (place, settled) => this.setLine(place, settled);
    this.views = { pinned: new VideoView("Pinned video", display, line), current: new VideoView("Video", display, line) };
    this.strips = { pinned: new MMode("Pinned video"), current: new MMode("Video") };
    this.place = root.querySelector("[data-vid=views]");
    this.mark = root.querySelector("[data-vid=mark]");
    this.stripPlace = root.querySelector("[data-vid=mmodes]");
    clock.listeners.add(() => this.move());
    this.show();
  }

  show() {
    const { views, strips, shown, stripped } = this;
    if (this.leading) this.clock.lead(this.leading);
    this.arrange(this.place, shown.map(({ view }) => views[view]));
    for (const view of Object.values(views)) {
      view.opacity = this.overlay.on ? this.overlay.opacity : 0;
      view.line = this.shownLine;
    }
    for (const { view, ...content } of shown) views[view].show(content);
    this.stripPlace.hidden = !stripped;
    this.arrange(this.stripPlace, shown.map(({ view }) => strips[view]));
    if (stripped) {
      strips.current.show(this.video.clip, this.line);
      if (shown.length > 1) strips.pinned.show(this.pinned.clip, this.line);
    }
    this.mark.textContent = this.leading?.edited ? "EDITED REAL FRAME, PERSONAL DATA" : "SYNTHETIC";
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
