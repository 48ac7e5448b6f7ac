// Two samples side by side, in place of the gallery, until it is closed.

import { button, make } from "../common/dom.js";
import { Picture } from "./picture.js";
import { comparedRows } from "./sample_rows.js";

export class Pair {
  constructor(place, samples, display, acts) {
    this.place = place;
    this.samples = samples;
    this.display = display;
    this.acts = acts;
  }

  get open() {
    return !this.place.hidden;
  }

  show(numbers, outlined) {
    const { samples, place } = this;
    const shown = numbers.map((number) => samples.details.get(number));
    if (shown.some((one) => !one)) return;
    const sides = shown.map((one, side) => {
      const picture = new Picture(`${side ? "Right" : "Left"}: ${one.id}`, this.display);
      picture.show(samples, one.number, outlined).catch((problem) => this.acts.say(problem.message));
      return make("figure", {}, picture.canvas, make("figcaption", {}, one.id));
    });
    const [left, right] = shown;
    const rows = comparedRows(left, right).map((row) => (
      make("tr", { className: row.differs ? "differs" : "" }, make("td", {}, row.left), make("th", { scope: "row" }, row.name), make("td", {}, row.right))
    ));
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
