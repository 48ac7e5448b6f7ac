// One cell: its picture, what it was made with, its figures, and what can be done with it.

import { captionLines, cellWords } from "./cell_words.js";
import { Tile } from "./tile.js";

export class CompareCell {
  /** `acts` are functions by name: reference, open, hold (with true and false). */
  constructor(number, lens, acts) {
    this.number = number;
    this.state = "waiting";
    this.tile = new Tile(lens);
    this.element = Object.assign(document.createElement("figure"), { className: "cmp-cell" });
    this.words = Object.assign(document.createElement("p"), { className: "cmp-words" });
    this.rank = Object.assign(document.createElement("span"), { className: "cmp-rank", hidden: true });
    this.badge = Object.assign(document.createElement("span"), { className: "cmp-badge", textContent: "Reference", hidden: true });
    const picture = Object.assign(document.createElement("div"), { className: "cmp-picture surface" });
    picture.append(this.tile.canvas, this.words, this.rank, this.badge);
    this.caption = document.createElement("figcaption");
    this.buttons = Object.assign(document.createElement("div"), { className: "cmp-buttons" });
    this.reference = this.button("Reference", "Compare every cell with this one", () => acts.reference(number));
    this.holding = this.button("Hold", "Show the reference here while held", null);
    holds(this.holding, (on) => acts.hold(on, number));
    this.open = this.button("Open", "Open in editor: put this label map and these settings into the Edit tab", () => acts.open(number));
    this.buttons.append(this.reference, this.holding, this.open);
    this.element.append(picture, this.caption, this.buttons);
  }

  button(label, title, act) {
    const button = Object.assign(document.createElement("button"), { type: "button", textContent: label, title });
    if (act) button.addEventListener("click", act);
    return button;
  }

  /** `status` is the server's; `names` is what row and column are called, `axes` which settings vary, `reference` whether this is the one. */
  update(status, names, axes, reference) {
    this.status = status;
    this.state = status.state;
    this.element.dataset.state = this.state;
    this.element.classList.toggle("reference", reference);
    this.badge.hidden = !reference;
    const done = this.state === "done";
    const words = cellWords(status);
    if (this.words.textContent !== words) this.words.textContent = words;
    this.words.hidden = done;
    this.write(captionLines(status, axes));
    for (const button of [this.reference, this.holding, this.open]) button.disabled = !done;
    this.reference.setAttribute("aria-pressed", String(reference));
    this.holding.disabled = !done || reference;
    const spoken = { "Reference": this.reference, "Hold to compare": this.holding, "Open in editor": this.open };
    for (const [what, button] of Object.entries(spoken)) button.setAttribute("aria-label", `${what}: ${names}`);
    this.tile.canvas.setAttribute("aria-label", `${names}: ${done ? "synthetic frame" : words}`);
  }

  // Kept where nothing changed, so that a selection in it and a screen reader's place survive.
  write(lines) {
    const text = JSON.stringify(lines);
    if (text === this.written) return;
    this.written = text;
    this.caption.replaceChildren(...lines.map(([kind, words]) => Object.assign(document.createElement(kind), { textContent: words, title: words })));
  }
}

/** A button that is on while it is pressed, by pointer or by key. */
export function holds(button, act) {
  const release = () => button.classList.contains("held") && (button.classList.remove("held"), act(false));
  const press = () => {
    button.classList.add("held");
    act(true);
  };
  button.addEventListener("pointerdown", press);
  for (const kind of ["pointerup", "pointercancel", "pointerleave", "blur"]) button.addEventListener(kind, release);
  button.addEventListener("keydown", ({ key, repeat }) => (key === " " || key === "Enter") && !repeat && press());
  button.addEventListener("keyup", ({ key }) => (key === " " || key === "Enter") && release());
}
