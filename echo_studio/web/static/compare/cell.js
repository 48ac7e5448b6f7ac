// One cell: its picture, what it was made with, its figures, and what can be done with it.

import { Tile } from "./tile.js";

const DICE = [["lv_endo", "LV"], ["lv_epi", "epi"], ["la", "LA"]];

// What the first line of a caption does not tell; told where it varies.
const MORE = {
  seed: ({ seed }) => `seed ${seed}`,
  schedule: ({ schedule }) => `schedule ${schedule || "own"}`,
  guidance: ({ guidance }) => `guidance ${guidance}`,
  label_map: ({ label_map: name }) => name,
};

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

  /** What the server tells; `names` is what row and column are called, `axes` which settings vary, `reference` whether this is the one. */
  update(told, names, axes, reference) {
    const { title, settings, figures, state, note, message, nfe } = told;
    this.told = told;
    this.state = state;
    this.element.dataset.state = state;
    this.element.classList.toggle("reference", reference);
    this.badge.hidden = !reference;
    const done = state === "done";
    const words = {
      waiting: "Waiting",
      running: nfe ? `NFE ${nfe} / ${settings.nfe}` : "Starting …",
      cancelled: nfe ? `Cancelled at NFE ${nfe}` : "Cancelled",
      failed: message,
      done: "",
    }[state];
    if (this.words.textContent !== words) this.words.textContent = words;
    this.words.hidden = done;
    const lines = [["b", title]];
    const varied = Object.keys(MORE).filter((name) => axes.includes(name)).map((name) => MORE[name](settings));
    if (varied.length) lines.push(["span", varied.join(" · ")]);
    // There from the start, so that nothing moves when the figures come.
    lines.push(["span", done ? `${figures.seconds.toFixed(2)} s · RMSE ${shownFigure(figures.rmse, 2)}` : "\u00a0"]);
    lines.push(["span", done ? DICE.map(([name, short]) => `${short} ${shownFigure(figures[name], 3)}`).join("  ") : "\u00a0"]);
    if (note) lines.push(["em", note]);
    if (done && message) lines.push(["em", message]);
    this.write(lines);
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

function shownFigure(value, decimals) {
  return typeof value === "number" ? value.toFixed(decimals) : "–";
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
