// Segments of the wall that do not take part in the beat: a row each.

import { fillSelect, make } from "../common/dom.js";

const KINDS = { akinetic: "does not move", dyskinetic: "moves outward while the rest contracts" };

export class RegionalList {
  /** `onChange` is called after each change that a person makes. */
  constructor(list, add, onChange) {
    this.list = list;
    this.add = add;
    this.onChange = onChange;
    this.values = [];
    this.segments = [];
    add.addEventListener("click", () => {
      const free = this.free();
      if (!free.length) return;
      this.values.push({ segment: free.includes("apex") ? "apex" : free[0], kind: "akinetic" });
      this.draw();
      this.list.lastElementChild.querySelector("select").focus();
      onChange();
    });
  }

  /** The segments that the view shows; those of another view go. */
  offer(segments) {
    this.segments = segments;
    this.values = this.values.filter(({ segment }) => segments.includes(segment));
    this.draw();
  }

  set(values) {
    this.values = values.map((one) => ({ ...one }));
    this.draw();
  }

  free() {
    return this.segments.filter((name) => !this.values.some(({ segment }) => segment === name));
  }

  draw() {
    this.add.disabled = !this.free().length;
    this.list.replaceChildren(...this.values.map((value, number) => this.row(value, number)));
  }

  row(value, number) {
    const segment = make("select", { title: "Segment of the wall" });
    const others = this.values.filter((one) => one !== value).map((one) => one.segment);
    fillSelect(segment, this.segments.filter((name) => !others.includes(name)).map((name) => ({ name, title: name })));
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
      this.values.splice(number, 1);
      this.draw();
      (this.list.children[Math.min(number, this.values.length - 1)]?.querySelector("select") || this.add).focus();
      this.onChange();
    });
    return make("li", {}, segment, kind, remove);
  }
}
