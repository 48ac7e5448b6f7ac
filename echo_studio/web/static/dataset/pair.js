// Two samples side by side, in place of the gallery, until it is closed.

import { button, make } from "../common/dom.js";
import { Picture } from "./picture.js";
import { VERDICTS, figure, percent } from "./words.js";

const COMPARED = [
  ["Decision", ({ verdict, reason }) => [VERDICTS[verdict], reason].filter(Boolean).join(": ")],
  ["Adherence", ({ adherence }) => figure(adherence)],
  ["LV cavity", ({ lv_endo: value }) => figure(value)],
  ["Epicardium", ({ lv_epi: value }) => figure(value)],
  ["Left atrium", ({ la }) => figure(la)],
  ["Generator", ({ generator, solver, nfe }) => [generator, solver, nfe && `${nfe} NFE`].filter(Boolean).join(" · ")],
  ["Label map", ({ map, base, view, phase }) => [map || base, view, phase || "clip"].filter(Boolean).join(" · ")],
  ["Ejection fraction", ({ ef }) => percent(ef) || "as drawn"],
  ["Defect", ({ defect }) => defect || "none"],
  ["Tags", ({ tags }) => tags.join(", ") || "none"],
];

export class Pair {
  constructor(place, samples, acts) {
    this.place = place;
    this.samples = samples;
    this.acts = acts;
  }

  get open() {
    return !this.place.hidden;
  }

  show(numbers, outlined) {
    const { samples, place } = this;
    const told = numbers.map((number) => samples.details.get(number));
    if (told.some((one) => !one)) return;
    const sides = told.map((one, side) => {
      const picture = new Picture(`${side ? "Right" : "Left"}: ${one.id}`);
      picture.show(samples, one.number, outlined).catch((problem) => this.acts.say(problem.message));
      return make("figure", {}, picture.canvas, make("figcaption", {}, one.id));
    });
    const rows = COMPARED.map(([name, words]) => {
      const [left, right] = told.map(words);
      return make("tr", { className: left === right ? "" : "differs" }, make("td", {}, left), make("th", { scope: "row" }, name), make("td", {}, right));
    });
    const close = button("Close", "Back to the gallery (Esc)", () => this.close());
    place.replaceChildren(make("div", { className: "ds-sides" }, ...sides), make("table", {}, make("tbody", {}, ...rows)), close);
    place.hidden = false;
    close.focus();
  }

  close() {
    this.place.hidden = true;
    this.place.replaceChildren();
    this.acts.back();
  }
}
