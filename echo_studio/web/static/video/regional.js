// Segments of the wall that do not take part in the beat: a row each.

import { fillSelect, make } from "../common/dom.js";

const KINDS = { akinetic: "does not move", dyskinetic: "moves outward while the rest contracts" };

export class RegionalList {
  /** `motion` has the segments; `onChange` is called after each change that a person makes. */
  constructor(list, add, motion, onChange) {
    this.list = list;
    this.add = add;
    this.motion = motion;
    this.onChange = onChange;
    this.shown = false;
    add.addEventListener("click", () => {
      motion.addSegment();
      this.draw();
      this.list.lastElementChild.querySelector("select").focus();
      onChange();
    });
  }

  draw() {
    this.shown = true;
    this.add.disabled = !this.motion.free.length;
    this.list.replaceChildren(...this.motion.regional.map((value, number) => this.row(value, number)));
  }

  row(value, number) {
    const { motion } = this;
    const segment = make("select", { title: "Segment of the wall" });
    const choices = motion.names.filter((name) => name === value.segment || motion.free.includes(name));
    fillSelect(segment, choices.map((name) => ({ name, title: name })));
    segment.value = value.segment;
    segment.setAttribute("aria-label", `Segment ${number + 1}`);
    const kind = make("select", { title: `How the segment moves: ${Object.entries(KINDS).map((one) => one.join(" ")).join("; ")}` });
    fillSelect(kind, Object.keys(KINDS).map((name) => ({ name, title: name })));
    kind.value = value.kind;
    kind.setAttribute("aria-label", `Motion of the ${value.segment} segment`);
    for (const [control, name] of [[segment, "segment"], [kind, "kind"]]) {
      control.addEventListener("change", () => {
        value[name] = control.value;
        this.draw();
        this.list.children[number].querySelectorAll("select")[name === "kind" ? 1 : 0].focus();
        this.onChange();
      });
    }
    const remove = make("button", { type: "button", textContent: "×", title: `Let the ${value.segment} segment move with the others` });
    remove.setAttribute("aria-label", `Remove the ${value.segment} segment`);
    remove.addEventListener("click", () => {
      motion.regional.splice(number, 1);
      this.draw();
      (this.list.children[Math.min(number, motion.regional.length - 1)]?.querySelector("select") || this.add).focus();
      this.onChange();
    });
    return make("li", {}, segment, kind, remove);
  }
}
