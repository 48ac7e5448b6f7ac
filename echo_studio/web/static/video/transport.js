// The bar beneath the pictures: play, frame steps, scrubbing, ED and ES, loop, speed.

import { fillSelect } from "../common/dom.js";
import { SPEEDS } from "./clock.js";
import { frameWords } from "./words.js";

export class Transport {
  constructor(root, clock, stage) {
    this.root = root;
    this.clock = clock;
    this.stage = stage;
    this.part("play").addEventListener("click", () => clock.play());
    this.part("back").addEventListener("click", () => clock.step(-1));
    this.part("forward").addEventListener("click", () => clock.step(1));
    this.part("scrub").addEventListener("input", () => clock.seek(Number(this.part("scrub").value)));
    this.part("ed").addEventListener("click", () => clock.seek(0));
    this.part("to-es").addEventListener("click", () => this.toEs());
    this.part("loop").addEventListener("click", () => this.setLoop(!clock.loop));
    const speed = this.part("speed");
    fillSelect(speed, SPEEDS.map((value) => ({ name: String(value), title: `${value} ×` })));
    speed.value = "1";
    speed.addEventListener("change", () => (clock.speed = Number(speed.value)));
    clock.listeners.add(() => this.show());
    this.show();
  }

  part(name) {
    return this.root.querySelector(`[data-vid=${name}]`);
  }

  toEs() {
    if (this.stage.leading) this.clock.seek(this.stage.leading.es);
  }

  setLoop(on) {
    this.clock.loop = on;
    this.show();
  }

  faster(by) {
    this.clock.changeSpeed(by);
    this.part("speed").value = String(this.clock.speed);
  }

  show() {
    const { clock, stage } = this;
    const clip = stage.leading;
    for (const name of ["play", "back", "forward", "scrub", "ed", "to-es"]) this.part(name).disabled = !clip;
    const play = this.part("play");
    if (play.getAttribute("aria-pressed") !== String(clock.playing)) {
      play.setAttribute("aria-pressed", String(clock.playing));
      play.setAttribute("aria-label", clock.playing ? "Pause" : "Play");
    }
    this.part("loop").setAttribute("aria-pressed", String(clock.loop));
    const scrub = this.part("scrub");
    scrub.max = clock.frames - 1;
    scrub.value = clock.frame;
    scrub.setAttribute("aria-valuetext", `Frame ${clock.frame + 1} of ${clock.frames}`);
    this.part("frame").textContent = clip ? frameWords(clock) : "–";
    this.part("to-es").style.setProperty("--at", clip ? clip.es / (clock.frames - 1) : 0.4);
  }
}
