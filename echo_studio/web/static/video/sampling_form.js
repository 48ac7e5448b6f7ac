// How a video is made: generator, solver, NFE, guidance, start step, seed. A generator shows what it has, and what it advises.

import { fillSelect, make } from "../common/dom.js";

const SAMPLING_NUMBERS = [
  { name: "nfe", title: "NFE", least: 1, most: 100, hint: "Calls of the network; the field takes more than the slider" },
  { name: "guidance", title: "Guidance", least: 0, most: 10, step: 0.5, hint: "Scale of classifier-free guidance: 0 is off" },
  { name: "start_step", title: "Start step", least: 0, most: 63, hint: "Of 64 noise levels, those that are skipped: 0 begins with noise alone, 63 keeps nearly all of the starting video" },
];

export class SamplingForm {
  constructor(root, onChange) {
    this.root = root;
    this.onChange = onChange;
    this.values = { generator: "", solver: "", nfe: 20, guidance: 0, start_step: 0, seed: "0" };
    this.generators = [];
    this.inputs = {};
    for (const number of SAMPLING_NUMBERS) this.fill(number);
    this.part("generator").addEventListener("change", () => this.choose(this.part("generator").value));
    this.part("solver").addEventListener("change", () => this.set({ solver: this.part("solver").value }));
    this.part("seed").addEventListener("input", () => this.set({ seed: this.part("seed").value }));
    this.part("new-seed").addEventListener("click", () => this.newSeed());
  }

  part(name) {
    return this.root.querySelector(`[data-vid=${name}]`);
  }

  fill({ name, title, least, most, step = 1, hint }) {
    const slider = make("input", { type: "range", min: least, max: most, step, id: `vid-${name}`, title: hint });
    const field = make("input", { type: "number", min: least, step, title: hint, value: "" });
    field.setAttribute("aria-label", `${title}, number`);
    slider.addEventListener("input", () => this.set({ [name]: Number(slider.value) }));
    field.addEventListener("input", () => this.set({ [name]: field.value }));
    this.inputs[name] = [slider, field];
    const label = make("label", { htmlFor: slider.id, textContent: title });
    this.root.querySelector(`[data-number=${name}]`).replaceChildren(make("div", { className: "vid-slider", title: hint }, label, make("span", {}, field), slider));
  }

  get entry() {
    return this.generators.find(({ name }) => name === this.values.generator);
  }

  offer({ generators, solvers }) {
    this.generators = generators;
    fillSelect(this.part("generator"), generators);
    this.solvers = solvers;
    // A title says more in brackets: in the list there is room for the name alone.
    fillSelect(this.part("solver"), solvers.map(({ name, title }) => ({ name, title: title.split(" (")[0] })));
    this.values.solver = solvers[0].name;
    if (generators.length) this.choose(generators[0].name);
    else this.show();
  }

  /** A generator with what it is best used with. */
  choose(name) {
    this.values.generator = name;
    const { advised_nfe: nfe, advised_solver: solver, advised_start_step: start, advised_guidance: guidance } = this.entry;
    this.set({ nfe, solver: solver || this.values.solver, start_step: start || 0, guidance: guidance || 0 });
  }

  set(changes) {
    Object.assign(this.values, changes);
    this.show();
    this.onChange(changes);
  }

  restore({ generator, solver, nfe, guidance, start_step: start, seed }) {
    if (!this.generators.some(({ name }) => name === generator)) return;
    this.set({ generator, solver, nfe, guidance, start_step: start, seed });
  }

  newSeed() {
    this.set({ seed: String(Math.floor(Math.random() * 2 ** 31)) });
  }

  show() {
    const { values, entry } = this;
    for (const name of ["generator", "solver", "seed"]) {
      if (this.part(name).value !== String(values[name])) this.part(name).value = values[name];
    }
    for (const { name } of SAMPLING_NUMBERS) {
      const [slider, field] = this.inputs[name];
      slider.value = values[name];
      if (field.value !== String(values[name])) field.value = values[name];
    }
    this.root.querySelector("[data-number=guidance]").hidden = !entry?.guidance;
    this.root.querySelector("[data-number=start_step]").hidden = !entry?.starts;
    this.part("start").hidden = !entry?.starts;
    this.part("words").textContent = entry ? entry.description : "No video generator is there: its checkpoint is missing.";
    this.part("words").title = entry ? entry.description : "";
    this.part("advice").textContent = entry ? `Advised: ${this.advice}` : "";
    this.part("solver").title = this.solvers?.find(({ name }) => name === values.solver)?.title || "";
  }

  get advice() {
    const { advised_nfe: nfe, advised_solver: solver, advised_start_step: start, advised_guidance: guidance, starts } = this.entry;
    const { title } = this.solvers.find(({ name }) => name === solver) || { title: "" };
    return [`${nfe} NFE`, title.split(" (")[0], starts && `start step ${start}`, guidance > 0 && `guidance ${guidance}`].filter(Boolean).join(", ");
  }

  get order() {
    return { ...this.values };
  }
}
