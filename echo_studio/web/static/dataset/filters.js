// Which samples are shown, in which order: selects for what there is, ranges for figures.

import { button, fillSelect, make } from "../common/dom.js";
import { VERDICTS } from "./words.js";

const FILTERS = [
  { name: "verdict", title: "Decision" }, { name: "generator", title: "Generator" }, { name: "defect", title: "Defect" },
  { name: "view", title: "View" }, { name: "phase", title: "Phase" }, { name: "tag", title: "Tag" },
];
const ORDERS = [
  { name: "number", title: "As made" }, { name: "adherence", title: "Adherence" }, { name: "lv_endo", title: "LV cavity" },
  { name: "lv_epi", title: "Epicardium" }, { name: "la", title: "Left atrium" }, { name: "privacy", title: "Privacy distance" },
  { name: "ef", title: "EF" }, { name: "generator", title: "Generator" }, { name: "defect", title: "Defect" },
  { name: "view", title: "View" }, { name: "verdict", title: "Decision" }, { name: "at", title: "Decided at" },
];
const RANGED = [
  { name: "adherence", title: "Adherence", step: 0.01 },
  { name: "privacy", title: "Privacy", step: 0.01 },
  { name: "ef", title: "EF %", step: 1 },
];
const ANY = "*";
const TYPED_MS = 250;

export class Filters {
  constructor(place, acts) {
    this.place = place;
    this.acts = acts;
    this.selects = new Map();
    this.bounds = new Map();
    for (const { name, title } of FILTERS) {
      const select = make("select", { label: title, title: `Show samples by ${title.toLowerCase()}` });
      fillSelect(select, [{ name: ANY, title: `${title}: any` }]); // "" is a value: no decision, no defect
      select.addEventListener("change", () => acts.changed());
      this.selects.set(name, select);
    }
    const ranges = RANGED.map(({ name, title, step }) => {
      const pair = ["least", "greatest"].map((which) => {
        const field = make("input", { type: "number", step, label: `${title}, ${which}`, placeholder: which === "least" ? "from" : "to", title: `${title}: ${which}` });
        field.addEventListener("input", () => this.typed());
        return field;
      });
      this.bounds.set(name, pair);
      return make("span", { className: "ds-range", data: { range: name } }, title, ...pair);
    });
    this.text = make("input", { type: "text", label: "Search id, map or reason", placeholder: "Search …", title: "Part of an id, a map's name or a reason", spellcheck: false });
    this.text.addEventListener("input", () => this.typed());
    this.flagged = make("input", { type: "checkbox" });
    this.flagged.addEventListener("change", () => acts.changed());
    this.flag = make("label", { className: "ds-tick", title: "Nearer to a training image than real hearts of two patients are" }, this.flagged, "Flagged");
    this.order = make("select", { label: "Order", title: "What the samples are ordered by" });
    fillSelect(this.order, ORDERS);
    this.order.addEventListener("change", () => acts.changed());
    this.way = button("↑", "Least first; press for greatest first", () => this.turn(), { label: "Greatest first" });
    this.way.setAttribute("aria-pressed", "false");
    this.clear = button("Clear", "Show all samples", () => this.reset());
    this.labels = button("Labels", "Show the borders of the labels (L)", () => acts.outline());
    this.labels.setAttribute("aria-pressed", "false");
    const size = make("input", { type: "range", min: 96, max: 256, step: 4, value: 132, label: "Size of the pictures", title: "How large the pictures are" });
    size.addEventListener("input", () => acts.size(Number(size.value)));
    place.append(
      ...this.selects.values(), ...ranges, this.flag, this.text, this.clear, make("span", { className: "ds-space" }),
      make("label", { className: "ds-order" }, "Order ", this.order), this.way, this.labels, size,
    );
  }

  typed() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.acts.changed(), TYPED_MS);
  }

  turn() {
    const down = this.way.getAttribute("aria-pressed") !== "true";
    this.way.setAttribute("aria-pressed", String(down));
    this.way.textContent = down ? "↓" : "↑";
    this.acts.changed();
  }

  reset() {
    for (const select of this.selects.values()) select.value = ANY;
    for (const field of [...this.bounds.values()].flat()) field.value = "";
    this.text.value = "";
    this.flagged.checked = false;
    this.acts.changed();
  }

  /** Offer what there is in the set; a choice that only one value has is not shown. */
  offer({ choices, with_privacy: measured, samples, unmeasured }) {
    for (const { name, title } of FILTERS) {
      const counts = choices[name];
      const select = this.selects.get(name);
      const values = name === "verdict" ? Object.keys(VERDICTS) : Object.keys(counts).sort();
      const words = (value) => (name === "verdict" ? VERDICTS[value] : value || `No ${title.toLowerCase()}`);
      const offered = values.map((value) => ({ name: value, title: `${words(value)} (${(counts[value] || 0).toLocaleString("en")})` }));
      const said = JSON.stringify(offered);
      if (select.dataset.said !== said) {
        select.dataset.said = said;
        fillSelect(select, [{ name: ANY, title: `${title}: any` }, ...offered]);
      }
      select.hidden = name !== "verdict" && values.length < (name === "tag" ? 1 : 2) && select.value === ANY;
    }
    const known = { adherence: samples > unmeasured, privacy: measured > 0, ef: this.acts.hasEf() };
    for (const { name } of RANGED) this.place.querySelector(`[data-range=${name}]`).hidden = !known[name];
    this.flag.hidden = !measured;
  }

  get filter() {
    const choices = {};
    for (const [name, select] of this.selects) if (select.value !== ANY && select.value !== undefined && select.selectedIndex > 0) choices[name] = [select.value];
    const ranges = {};
    for (const [name, pair] of this.bounds) {
      const bounds = pair.map(({ value }) => (value === "" ? null : Number(value)));
      if (bounds.some((bound) => bound !== null)) ranges[name] = bounds;
    }
    const descending = this.way.getAttribute("aria-pressed") === "true";
    return { choices, ranges, flagged: this.flagged.checked || null, text: this.text.value.trim(), sort: this.order.value, descending };
  }
}
