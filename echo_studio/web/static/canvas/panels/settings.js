// What a frame is generated with: view, phase, generator, solver, NFE, schedule, guidance, seed; whether edits are previewed.
// `values` is the truth; the controls of the Generate panel show and change it.

import { fillSelect } from "../../common/dom.js";

const FIRST_GENERATOR = "edm-l64"; // the quickest: every edit is previewed with it

export class Settings {
  constructor(root) {
    this.root = root;
    this.values = { view: "4CH", phase: "ED", generator: "", solver: "", nfe: 20, seed: "0", live: true, intended: [] };
    Object.assign(this.values, { schedule: "", guidance: 0 });
    this.listeners = new Set();
    this.renewals = new EventTarget(); // "renew": a generator was imported or removed
    this.generators = [];
    for (const name of ["generator", "solver", "schedule"]) this.bind(name, "change", (control) => this.set({ [name]: control.value }));
    this.bind("generator", "change", () => this.set(this.advised));
    this.solvers = [];
    // What is typed stays as it is typed: the server says what is wrong with it.
    for (const id of ["nfe", "seed", "guidance"]) this.bind(id, "input", (control) => this.set({ [id]: control.value }));
    for (const id of ["nfe", "guidance"]) this.bind(`${id}-range`, "input", (control) => this.set({ [id]: Number(control.value) }));
    this.bind("live", "change", (control) => this.set({ live: control.checked }));
    this.bind("new-seed", "click", () => this.newSeed());
  }

  control(id) {
    return this.root.querySelector(`#${id}`);
  }

  bind(id, kind, change) {
    const control = this.control(id);
    control.addEventListener(kind, () => change(control));
  }

  get card() {
    return this.generators.find(({ name }) => name === this.values.generator);
  }

  /** What the chosen generator is best used with. Guidance is left to those that can do it. */
  get advised() {
    if (!this.card) return {};
    const { nfe, solver, guidance } = this.card;
    return { nfe, solver: solver || this.values.solver, schedule: "", guidance: guidance ? this.values.guidance : 0 };
  }

  /** The same in words. */
  get advice() {
    if (!this.card) return "";
    if (this.card.one_call) return "one call, no solver";
    const solver = this.solvers.find(({ name }) => name === this.card.solver);
    return `advised ${this.card.nfe}${solver ? `, ${solver.title.replace(/ \(.*/, "")}` : ""}`;
  }

  /** The choices, once the server has sent them. */
  offer({ views, phases, generators, solvers, schedules }) {
    Object.assign(this, { generators, solvers });
    for (const [id, names] of [["view", views], ["phase", phases]]) this.addSegments(id, names);
    fillSelect(this.control("generator"), generators);
    fillSelect(this.control("solver"), solvers);
    const own = { name: "", title: "The solver's or generator's own" };
    fillSelect(this.control("schedule"), [own, ...schedules.map((name) => ({ name, title: name }))]);
    this.set({ solver: solvers[0].name });
    this.choose(FIRST_GENERATOR);
  }

  /** Others were imported or removed meanwhile. */
  renew(generators) {
    this.generators = generators;
    fillSelect(this.control("generator"), generators);
    if (this.card) this.show();
    else this.choose(FIRST_GENERATOR);
  }

  /** A generator with what it is best used with; the first one where there is none of that name. */
  choose(generator) {
    const card = this.generators.find(({ name }) => name === generator) || this.generators[0];
    this.set({ generator: card ? card.name : "" });
    this.set(this.advised);
  }

  addSegments(id, names) {
    for (const name of names) {
      const label = document.createElement("label");
      const input = Object.assign(document.createElement("input"), { type: "radio", name: id, value: name });
      input.addEventListener("change", () => this.set({ [id]: name }));
      label.append(input, name);
      this.control(id).append(label);
    }
  }

  set(changes) {
    const before = JSON.stringify(this.values);
    Object.assign(this.values, changes);
    if (this.card && this.card.one_call) this.values.nfe = 1;
    this.show();
    if (JSON.stringify(this.values) === before) return;
    for (const listener of this.listeners) listener(changes);
  }

  show() {
    const { values } = this;
    for (const id of ["view", "phase"]) {
      for (const input of this.control(id).querySelectorAll("input")) input.checked = input.value === values[id];
    }
    for (const id of ["generator", "solver", "nfe", "seed", "schedule", "guidance"]) {
      const control = this.control(id);
      if (control.value !== String(values[id])) control.value = values[id];
    }
    for (const id of ["nfe", "guidance"]) this.control(`${id}-range`).value = values[id];
    // A network that makes a frame in one call has no steps to choose.
    for (const id of ["nfe", "nfe-range", "solver", "schedule"]) this.control(id).disabled = Boolean(this.card && this.card.one_call);
    this.root.querySelector("[data-part=advice]").textContent = this.advice;
    const guided = Boolean(this.card && this.card.guidance);
    for (const id of ["guidance", "guidance-range"]) {
      this.control(id).disabled = !guided;
      this.control(id).title = guided
        ? "Scale of classifier-free guidance: 0 is off. Each evaluation then runs the network twice"
        : "This generator was not trained with label dropout, which guidance needs";
    }
    const chosen = [values.schedule, Number(values.guidance) ? `guidance ${values.guidance}` : ""].filter(Boolean).join(", ");
    this.root.querySelector("[data-part=sampling-chosen]").textContent = chosen || "(schedule, guidance)";
    this.control("live").checked = values.live;
  }

  newSeed() {
    this.set({ seed: String(Math.floor(Math.random() * 2 ** 31)) });
  }
}
