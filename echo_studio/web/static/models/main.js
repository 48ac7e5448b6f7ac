// The Models tab. Requests go the way of the Edit tab, which renews a session that ended.

import { mountTab } from "../common/mount_tab.js";
import { showTab } from "../common/open_in_editor.js";
import { ModelCard } from "./card.js";
import { Importer } from "./importer.js";
import { MEASURES, qualityRows, valueRange } from "./quality.js";

const REFRESH_MS = 2000; // while the tab is seen: frames of other tabs load models too

class ModelsTab {
  constructor(root, studio, signal) {
    this.root = root;
    this.studio = studio;
    this.link = studio.link;
    this.cards = new Map();
    this.offered = "";
    this.titles = {};
    this.turn = 0;
    this.generators = root.querySelector("[data-part=generators]");
    this.parts = root.querySelector("[data-part=parts]");
    this.problem = root.querySelector("[data-part=problem]");
    this.measures = root.querySelector("[data-part=measure]");
    this.measures.replaceChildren(...MEASURES.map(({ key, title }) => new Option(title, key)));
    this.measures.addEventListener("change", () => this.draw());
    this.importer = new Importer(root, this.link, () => this.refresh());
    new IntersectionObserver(() => this.seen && this.refresh()).observe(root);
    const timer = setInterval(() => this.seen && !this.waiting && this.refresh(), REFRESH_MS);
    signal.addEventListener("abort", () => clearInterval(timer));
  }

  async enter() {
    await this.refresh();
  }

  get seen() {
    return this.root.offsetParent !== null && !document.hidden;
  }

  async refresh() {
    const { turn } = this;
    this.waiting = true;
    try {
      const models = await this.link.json("/models");
      if (turn !== this.turn) return; // something was done meanwhile: this list is older
      this.show(models);
      if (this.problem.dataset.from !== "act") this.say("");
    } catch (problem) {
      this.say(problem.message);
    } finally {
      this.waiting = false;
    }
  }

  /** `from` is "act" where the problem stays until the person does something else. */
  say(words, from = "") {
    this.problem.dataset.from = from;
    this.problem.textContent = words;
    this.problem.hidden = !words;
  }

  show({ models, solvers, limits }) {
    this.importer.limits = limits;
    this.titles = Object.assign(this.titles, solvers);
    const before = this.cards;
    this.cards = new Map();
    for (const model of models) {
      const key = `${model.own} ${model.name}`;
      const card = before.get(key) || new ModelCard(model, this.acts(), this.titles);
      card.show(model);
      this.cards.set(key, card);
    }
    const all = [...this.cards.values()];
    const isPart = ({ model: { card } }) => Boolean(card) && !card.makes;
    place(this.generators, all.filter((card) => !isPart(card)));
    place(this.parts, all.filter(isPart));
    this.draw();
    this.offer(models);
  }

  /** Other tabs offer the generators too: they hear when there are others. */
  offer(models) {
    const usable = models.filter(({ card, fault }) => card && card.makes && !fault);
    const offered = JSON.stringify(usable.map(({ name, card }) => [name, card.sha256]));
    if (this.offered && this.offered !== offered) this.studio.settings.renewals.dispatchEvent(new Event("renew"));
    this.offered = offered;
  }

  draw() {
    const measure = MEASURES.find(({ key }) => key === this.measures.value);
    const cards = [...this.cards.values()];
    const rows = cards.flatMap(({ model }) => (model.card ? qualityRows(model.card.scores, measure) : []));
    const range = rows.length ? valueRange(rows, measure) : [0, 1]; // one for all plots, so that they can be compared
    this.measures.parentElement.hidden = !cards.some(({ model }) => model.card && MEASURES.some((one) => qualityRows(model.card.scores, one).length));
    for (const card of cards) card.draw(measure, range);
  }

  acts() {
    const action = (words, method, path) => ({ name, own }) => {
      const card = this.cards.get(`${own} ${name}`);
      return this.acting(card, words, () => this.link.json(`/models/${encodeURIComponent(name)}${path}`, { method }));
    };
    return {
      load: action("Loading …", "POST", "/load"),
      unload: action("Unloading …", "POST", "/unload"),
      remove: action("Removing …", "DELETE", ""),
      edit: ({ name }) => this.choose(name).catch((problem) => this.say(problem.message, "act")),
    };
  }

  /** Go to the Edit tab with a generator; one that was just imported may be new to it. */
  async choose(name) {
    const { settings } = this.studio;
    settings.renew((await this.link.json("/catalog")).generators);
    settings.choose(name);
    showTab("Edit");
  }

  /** Do what the person chose; `send` promises the list. Its problem stays until the next action. */
  async acting(card, words, send) {
    this.say("");
    this.turn += 1;
    card.wait(words);
    try {
      this.show(await send());
    } catch (problem) {
      this.say(problem.message, "act");
    } finally {
      this.turn += 1;
      card.wait("");
    }
  }
}

/** Put cards in their order, without taking those out that stay: the focus is in one of them. */
function place(parent, cards) {
  const elements = cards.map(({ element: one }) => one);
  for (const child of [...parent.children]) if (!elements.includes(child)) child.remove();
  elements.forEach((one, number) => {
    if (parent.children[number] !== one) parent.insertBefore(one, parent.children[number] || null);
  });
}

/** Mount the tab inside its gr.HTML component, whose `element` it is. */
export function mount({ element }) {
  const root = element.querySelector(".models");
  return mountTab("models", root, (studio, signal) => new ModelsTab(root, studio, signal));
}
