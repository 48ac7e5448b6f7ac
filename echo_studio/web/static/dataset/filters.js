// The controls of which samples are shown, in which order: selects for what there is, ranges for figures.

import { button, fillSelect, make } from "../common/dom.js";
import { ANY, FILTERS, RANGED, SORTS, SampleFilter } from "./sample_filter.js";

const TYPED_MS = 250;

export class Filters {
  constructor(place, acts) {
    this.place = place;
    this.acts = acts;
    this.filter = new SampleFilter();
    this.selects = new Map();
    const { filter } = this;
    for (const { name, title } of FILTERS) {
      const select = make("select", { label: title, title: `Show samples by ${title.toLowerCase()}` });
      fillSelect(select, [{ name: ANY, title: `${title}: any` }]);
      select.addEventListener("change", () => {
        filter.choose(name, select.value);
        acts.changed();
      });
      this.selects.set(name, select);
    }
    this.fields = []; // of the ranges
    const ranges = RANGED.map(({ name, title, step }) => {
      const pair = ["least", "greatest"].map((which, side) => {
        const field = make("input", { type: "number", step, label: `${title}, ${which}`, placeholder: side ? "to" : "from", title: `${title}: ${which}` });
        field.addEventListener("input", () => this.typed(() => filter.bound(name, side, field.value)));
        return field;
      });
      this.fields.push(...pair);
      return make("span", { className: "ds-range", data: { range: name } }, title, ...pair);
    });
    this.text = make("input", { type: "text", label: "Search id, map or reason", placeholder: "Search …", title: "Part of an id, a map's name or a reason", spellcheck: false });
    this.text.addEventListener("input", () => this.typed(() => (filter.text = this.text.value)));
    this.flagged = make("input", { type: "checkbox" });
    this.flagged.addEventListener("change", () => {
      filter.flagged = this.flagged.checked;
      acts.changed();
    });
    this.flag = make("label", { className: "ds-tick", title: "Nearer to a training image than real hearts of two patients are" }, this.flagged, "Flagged");
    const sort = make("select", { label: "Order", title: "What the samples are ordered by" });
    fillSelect(sort, SORTS);
    sort.addEventListener("change", () => {
      filter.sort = sort.value;
      acts.changed();
    });
    this.direction = button("↑", "Least first; press for greatest first", () => this.turn(), { label: "Greatest first" });
    this.direction.setAttribute("aria-pressed", "false");
    this.clear = button("Clear", "Show all samples", () => this.reset());
    this.labels = button("Labels", "Show the borders of the labels (L)", () => acts.outline());
    this.labels.setAttribute("aria-pressed", "false");
    const size = make("input", { type: "range", min: 96, max: 256, step: 4, value: 132, label: "Size of the pictures", title: "How large the pictures are" });
    size.addEventListener("input", () => acts.size(Number(size.value)));
    place.append(
      ...this.selects.values(), ...ranges, this.flag, this.text, this.clear, make("span", { className: "ds-space" }),
      make("label", { className: "ds-order" }, "Order ", sort), this.direction, this.labels, size,
    );
  }

  /** The samples are searched for once the person has stopped typing. */
  typed(take) {
    take();
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.acts.changed(), TYPED_MS);
  }

  turn() {
    const { filter, direction } = this;
    filter.descending = !filter.descending;
    direction.setAttribute("aria-pressed", String(filter.descending));
    direction.textContent = filter.descending ? "↓" : "↑";
    this.acts.changed();
  }

  reset() {
    this.filter.reset();
    for (const select of this.selects.values()) select.value = ANY;
    for (const field of this.fields) field.value = "";
    this.text.value = "";
    this.flagged.checked = false;
    this.acts.changed();
  }

  /** Offer what there is in the set. */
  offer({ choices: counts, with_privacy: measured, samples, unmeasured }) {
    for (const { name, choices, hidden } of this.filter.offer(counts)) {
      const select = this.selects.get(name);
      const key = JSON.stringify(choices);
      if (select.dataset.choices !== key) {
        select.dataset.choices = key;
        fillSelect(select, choices);
      }
      select.hidden = hidden;
    }
    const known = { adherence: samples > unmeasured, privacy: measured > 0, ef: this.acts.hasEf() };
    for (const { name } of RANGED) this.place.querySelector(`[data-range=${name}]`).hidden = !known[name];
    this.flag.hidden = !measured;
  }
}
