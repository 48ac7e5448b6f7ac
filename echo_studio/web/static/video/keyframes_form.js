// The controls of the two keyframes.

import { fillSelect } from "../common/dom.js";

export class KeyframesForm {
  constructor(root, keyframes) {
    this.keyframes = keyframes;
    this.use = root.querySelector("[data-vid=use]");
    this.select = root.querySelector("[data-vid=es]");
    this.words = root.querySelector("[data-vid=heart]");
    this.use.addEventListener("click", () => keyframes.take());
    this.select.addEventListener("change", () => keyframes.choose(this.select.value));
    keyframes.listeners.add(() => this.draw());
  }

  draw() {
    const { ed, view, source, sources, stale } = this.keyframes;
    fillSelect(this.select, sources);
    this.select.value = source;
    this.words.textContent = ed ? `${view} · ${ed.width} × ${ed.height}` : "";
    this.use.classList.toggle("due", !ed || stale);
  }
}
