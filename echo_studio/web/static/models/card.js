// One model as the person sees it: a card for a generator, a row for a part. State and buttons change in place.

import { make } from "../common/dom.js";
import { cardFigures, isLoaded, loadState, originRows, partFigures, usedInEditor } from "./card_words.js";
import { qualityPlot } from "./plot.js";
import { qualityRows } from "./quality.js";
import { scoreGroups } from "./words.js";

export class ModelCard {
  /** `acts` are {load, unload, remove, edit}, each called with the model. */
  constructor(model, acts, titles) {
    this.acts = acts;
    this.titles = titles;
    this.busy = "";
    this.element = make("article", { className: "model-card" });
    this.state = make("span", { className: "load-state" });
    this.plot = make("div", { className: "plot-place" });
    // One button loads and unloads, so that the focus stays on it.
    this.buttons = {
      load: this.button("Load", "", () => this.acts[isLoaded(this.model) ? "unload" : "load"](this.model)),
      edit: this.button("Use in editor", "Choose this generator in the Edit tab", () => this.acts.edit(this.model)),
      remove: this.button("Remove", "Delete this imported checkpoint from this computer", (button) => this.remove(button)),
    };
    this.show(model);
  }

  button(label, title, press) {
    const made = make("button", { type: "button", title });
    made.dataset.label = label;
    made.addEventListener("click", () => this.busy || press(made));
    made.addEventListener("blur", () => this.calm(made));
    return made;
  }

  /** The first click asks for a second one, which removes the checkpoint. */
  remove(button) {
    if (button.dataset.sure) {
      this.calm(button);
      this.acts.remove(this.model);
      return;
    }
    button.dataset.sure = "yes";
    this.say(button, "Really remove?");
  }

  calm(button) {
    delete button.dataset.sure;
    this.say(button, button.dataset.label);
  }

  /** What a button says, for those who hear it with the name of its model. */
  say(button, label) {
    button.textContent = label;
    button.setAttribute("aria-label", `${label}: ${this.model.name}`);
  }

  /** Something that the person started is under way, in words; "" once it is done. */
  wait(words) {
    this.busy = words;
    this.showState();
  }

  /** What the card says; its body is made anew only where it says something else. */
  show(model) {
    const { state: _state, ...rest } = model;
    const key = JSON.stringify(rest);
    this.model = model;
    if (key !== this.shown) {
      this.shown = key;
      this.element.replaceChildren(...this.body(model));
      for (const button of Object.values(this.buttons)) this.calm(button);
    }
    this.showState();
  }

  showState() {
    const { model, buttons, busy } = this;
    const { state, words, hidden } = loadState(model, busy);
    this.state.dataset.state = state;
    this.state.textContent = words;
    this.state.hidden = hidden;
    const loaded = isLoaded(model);
    buttons.load.dataset.label = loaded ? "Unload" : "Load";
    buttons.load.title = loaded ? "Free the memory; a run in progress finishes first" : "Load the weights now, so that the next frame does not wait for them";
    this.calm(buttons.load);
    buttons.load.hidden = buttons.edit.hidden = !usedInEditor(model);
    buttons.remove.hidden = !model.own;
    for (const button of Object.values(buttons)) button.setAttribute("aria-disabled", String(Boolean(busy)));
  }

  body(model) {
    const { card } = model;
    const own = model.own ? make("span", { className: "own", title: "You imported this checkpoint" }, "Imported") : null;
    const head = make("header", {}, make("h3", {}, card ? card.title : model.name), make("code", {}, model.name), own, this.state);
    const fault = model.fault ? make("p", { className: "models-problem" }, `Cannot be used: ${model.fault}`) : null;
    const buttons = make("div", { className: "card-buttons" }, ...Object.values(this.buttons));
    if (!card) return [head, fault, buttons];
    const words = make("p", {}, card.caution ? `${card.description} ${card.caution}` : card.description);
    const paper = make("p", { className: "paper" }, card.paper);
    const known = card.makes
      ? [this.figures(model), this.plot, this.scores(card), this.origin(card)]
      : [make("p", { className: "paper" }, partFigures(model)), this.scores(card), this.origin(card)];
    return [head, fault, words, paper, ...known, buttons].filter(Boolean);
  }

  figures(model) {
    const figures = cardFigures(model, this.titles);
    return make("dl", { className: "figures" }, ...figures.map(([name, value, more]) => make("div", {}, make("dt", {}, name), make("dd", {}, value), make("dd", { className: "more", title: more }, more))));
  }

  scores(card) {
    const groups = scoreGroups(card.scores).map(({ title, values }) => [
      make("dt", {}, title),
      make("dd", {}, ...values.map(([name, value]) => make("span", {}, `${name} `, make("b", {}, value)))),
    ]);
    return groups.length ? make("dl", { className: "scores" }, ...groups.map((group) => make("div", {}, ...group))) : null;
  }

  origin(card) {
    const list = originRows(card).map(([name, value]) => make("div", {}, make("dt", {}, name), make("dd", {}, value)));
    return make("dl", { className: "origin" }, ...list, make("div", {}, make("dt", {}, "sha256"), make("dd", {}, this.hash(card.sha256))));
  }

  hash(sha256) {
    const button = make("button", { type: "button", className: "hash", title: `Copy ${sha256}` }, `${sha256.slice(0, 16)}…`);
    button.setAttribute("aria-label", `Copy the sha256 of ${this.model.name}`);
    button.addEventListener("click", async () => {
      const copied = await navigator.clipboard.writeText(sha256).then(() => true, () => false); // needs a secure page
      button.textContent = copied ? "Copied" : sha256;
      setTimeout(() => (button.textContent = `${sha256.slice(0, 16)}…`), copied ? 1500 : 20000);
    });
    return button;
  }

  /** The plot for a measure; nothing where nothing was measured. */
  draw(measure, range) {
    const { card } = this.model;
    const rows = card ? qualityRows(card.scores, measure) : [];
    const key = JSON.stringify([rows, measure.key, range]);
    if (key === this.plotted) return;
    this.plotted = key;
    // A generator of one call has no solver, whatever the measurement was set to use.
    const titles = this.model.one_call ? Object.fromEntries(rows.map(({ solver }) => [solver, "One call"])) : this.titles;
    this.plot.replaceChildren(...(rows.length ? [qualityPlot(rows, { measure, range, advised: card.advised_nfe, titles })] : []));
  }
}
