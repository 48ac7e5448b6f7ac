// Which samples are shown, in which order, without the page.

import { VERDICTS } from "./words.js";

export const ANY = "*"; // "" is a value: no decision, no defect
export const FILTERS = [
  { name: "verdict", title: "Decision" }, { name: "generator", title: "Generator" }, { name: "defect", title: "Defect" },
  { name: "view", title: "View" }, { name: "phase", title: "Phase" }, { name: "tag", title: "Tag" },
];
export const SORTS = [
  { name: "number", title: "As made" }, { name: "adherence", title: "Adherence" }, { name: "lv_endo", title: "LV cavity" },
  { name: "lv_epi", title: "Epicardium" }, { name: "la", title: "Left atrium" }, { name: "privacy", title: "Privacy distance" },
  { name: "ef", title: "EF" }, { name: "generator", title: "Generator" }, { name: "defect", title: "Defect" },
  { name: "view", title: "View" }, { name: "verdict", title: "Decision" }, { name: "at", title: "Decided at" },
];
export const RANGED = [
  { name: "adherence", title: "Adherence", step: 0.01 },
  { name: "privacy", title: "Privacy", step: 0.01 },
  { name: "ef", title: "EF %", step: 1 },
];

export class SampleFilter {
  constructor() {
    this.sort = "number";
    this.descending = false;
    this.reset();
  }

  /** All samples; the order stays. */
  reset() {
    this.choices = {}; // a value by the name of a filter
    this.bounds = {}; // [least, greatest] as typed, by the name of a figure
    this.text = "";
    this.flagged = false;
  }

  choose(name, value) {
    this.choices[name] = value;
    if (value === ANY) delete this.choices[name];
  }

  /** `side` is 0 for the least and 1 for the greatest value. */
  bound(name, side, text) {
    this.bounds[name] = this.bounds[name] || ["", ""];
    this.bounds[name][side] = text;
  }

  /**
   * What can be chosen in a set: [{name, choices: [{name, title}], hidden}]. A filter that has one value alone is hidden,
   * and a chosen value that no sample has any more is forgotten.
   */
  offer(counts) {
    return FILTERS.map(({ name, title }) => {
      const decision = name === "verdict";
      const values = decision ? Object.keys(VERDICTS) : Object.keys(counts[name]).sort();
      if (!values.includes(this.choices[name])) delete this.choices[name];
      const words = (value) => (decision ? VERDICTS[value] : value || `No ${title.toLowerCase()}`);
      const choices = values.map((value) => ({ name: value, title: `${words(value)} (${(counts[name][value] || 0).toLocaleString("en")})` }));
      const hidden = !decision && values.length < (name === "tag" ? 1 : 2) && this.choices[name] === undefined;
      return { name, choices: [{ name: ANY, title: `${title}: any` }, ...choices], hidden };
    });
  }

  /** What the server is sent. */
  get request() {
    const choices = Object.fromEntries(Object.entries(this.choices).map(([name, value]) => [name, [value]]));
    const numbers = (pair) => pair.map((text) => (text === "" ? null : Number(text)));
    const bounded = Object.entries(this.bounds).filter(([, pair]) => pair.some((text) => text !== ""));
    const ranges = Object.fromEntries(bounded.map(([name, pair]) => [name, numbers(pair)]));
    return { choices, ranges, flagged: this.flagged || null, text: this.text.trim(), sort: this.sort, descending: this.descending };
  }
}
