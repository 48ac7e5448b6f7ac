// The controls of how a video is made.

import { fillSelect, make } from "../common/dom.js";
import { SAMPLING_NUMBERS } from "./sampling.js";

export class SamplingForm {
  constructor(root, sampling) {
    this.root = root;
    this.sampling = sampling;
    this.inputs = {};
    for (const number of SAMPLING_NUMBERS) this.fill(number);
    this.part("generator").addEventListener("change", () => sampling.choose(this.part("generator").value));
    this.part("solver").addEventListener("change", () => sampling.set({ solver: this.part("solver").value }));
    this.part("seed").addEventListener("input", () => sampling.set({ seed: this.part("seed").value }));
    this.part("new-seed").addEventListener("click", () => sampling.newSeed());
    sampling.listeners.add(() => this.show());
  }

  part(name) {
    return this.root.querySelector(`[data-vid=${name}]`);
  }

  fill({ name, title, least, most, step = 1, hint }) {
    const slider = make("input", { type: "range", min: least, max: most, step, id: `vid-${name}`, title: hint });
    const field = make("input", { type: "number", min: least, step, title: hint, value: "" });
    field.setAttribute("aria-label", `${title}, number`);
    slider.addEventListener("input", () => this.sampling.set({ [name]: Number(slider.value) }));
    field.addEventListener("input", () => this.sampling.set({ [name]: field.value }));
    this.inputs[name] = [slider, field];
    const label = make("label", { htmlFor: slider.id, textContent: title });
    this.root.querySelector(`[data-number=${name}]`).replaceChildren(make("div", { className: "vid-slider", title: hint }, label, make("span", {}, field), slider));
  }

  offer(catalog) {
    const { sampling } = this;
    fillSelect(this.part("generator"), catalog.generators);
    // In the list there is room for the name alone.
    fillSelect(this.part("solver"), catalog.solvers.map(({ name, title }) => ({ name, title: title.split(" (")[0] })));
    sampling.offer(catalog);
  }

  show() {
    const { sampling } = this;
    const { values, entry } = sampling;
    for (const name of ["generator", "solver", "seed"]) {
      if (this.part(name).value !== String(values[name])) this.part(name).value = values[name];
    }
    for (const { name } of SAMPLING_NUMBERS) {
      const [slider, field] = this.inputs[name];
      slider.value = values[name];
      if (field.value !== String(values[name])) field.value = values[name];
      this.root.querySelector(`[data-number=${name}]`).hidden = !sampling.uses(name);
    }
    this.part("start").hidden = !sampling.uses("start_step");
    this.part("words").textContent = entry ? entry.description : "No video generator is there: its checkpoint is missing.";
    this.part("words").title = entry ? entry.description : "";
    this.part("advice").textContent = entry ? `Advised: ${sampling.advice}` : "";
    this.part("solver").title = sampling.solvers.find(({ name }) => name === values.solver)?.title || "";
  }
}
