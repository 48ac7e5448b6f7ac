// Three steps for who opens the editor for the first time. They lie at the foot of the inspector, never on the canvas.

import { remember, remembered } from "../../common/remembered.js";

const FIRST_STEPS_STORED = "echo-studio.first-steps";
const FIRST_STEPS = [
  { title: "Paint or deform", words: "Start from a template, then paint with the brush (B) or drag handles with Deform (D). Every step can be undone." },
  { title: "Look at the frame", words: "Live preview draws a synthetic frame after every edit. Generate (G) draws one at once, New (R) another heart." },
  { title: "Pin or download", words: "Pin (K) keeps a frame in the tray; Download gives the frame with its label map. Press ? for all keys." },
];

export class FirstSteps {
  constructor(root, labels) {
    this.root = root;
    this.card = root.querySelector("#first-steps");
    this.part("next").addEventListener("click", () => this.show(this.step + 1));
    this.part("close").addEventListener("click", () => this.close());
    // Who paints has understood the first step.
    labels.journals.add((op) => op && !this.card.hidden && this.step === 0 && this.show(1));
    if (!remembered(FIRST_STEPS_STORED).seen) this.begin();
  }

  part(name) {
    return this.card.querySelector(`[data-step="${name}"]`);
  }

  begin() {
    remember(FIRST_STEPS_STORED, { seen: true });
    this.show(0);
  }

  show(step) {
    if (step >= FIRST_STEPS.length) {
      this.close();
      return;
    }
    const { title, words } = FIRST_STEPS[step];
    this.step = step;
    this.card.hidden = false;
    this.root.dataset.firstStep = step + 1; // CSS marks what the step is about
    this.part("title").textContent = `${step + 1} of ${FIRST_STEPS.length}: ${title}`;
    this.part("words").textContent = words;
    this.part("next").textContent = step + 1 < FIRST_STEPS.length ? "Next" : "Done";
  }

  close() {
    this.card.hidden = true;
    delete this.root.dataset.firstStep;
  }
}
