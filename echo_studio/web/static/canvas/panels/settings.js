// The controls of the Generate panel: they show and change what a frame is generated with.

import { fillSelect } from "../../common/dom.js";
import { GenerationSettings } from "./generation_settings.js";

const LOOKS = ["grain", "coarseness"];

export class Settings extends GenerationSettings {
  constructor(root) {
    super();
    this.root = root;
    this.renewals = new EventTarget(); // "renew": a generator was imported or removed
    for (const name of ["generator", "solver", "schedule", "precision"]) this.bind(name, "change", (control) => this.set({ [name]: control.value }));
    this.bind("generator", "change", () => this.set(this.advised));
    // What is typed stays as it is typed: the server says what is wrong with it.
    for (const id of ["nfe", "seed", "guidance", ...LOOKS]) this.bind(id, "input", (control) => this.set({ [id]: control.value }));
    for (const id of ["nfe", "guidance", ...LOOKS]) this.bind(`${id}-range`, "input", (control) => this.set({ [id]: Number(control.value) }));
    this.bind("draw-look", "click", () => this.set({ grain: "", coarseness: "" }));
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

  /** The choices, once the server has sent them. */
  offer({ views, phases, generators, solvers, schedules }) {
    for (const [id, names] of [["view", views], ["phase", phases]]) this.addSegments(id, names);
    fillSelect(this.control("generator"), generators);
    fillSelect(this.control("solver"), solvers);
    const own = { name: "", title: "The solver's or generator's own" };
    fillSelect(this.control("schedule"), [own, ...schedules.map((name) => ({ name, title: name }))]);
    this.know({ generators, solvers });
  }

  /** Others were imported or removed meanwhile. */
  renew(generators) {
    fillSelect(this.control("generator"), generators);
    this.know({ generators, solvers: this.solvers });
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

  show() {
    const { values } = this;
    for (const id of ["view", "phase"]) {
      for (const input of this.control(id).querySelectorAll("input")) input.checked = input.value === values[id];
    }
    for (const id of ["generator", "solver", "nfe", "seed", "schedule", "guidance", "precision", ...LOOKS]) {
      const control = this.control(id);
      if (control.value !== String(values[id])) control.value = values[id];
    }
    for (const id of ["nfe", "guidance"]) this.control(`${id}-range`).value = values[id];
    // A network that makes a frame in one call has no steps to choose.
    for (const id of ["nfe", "nfe-range", "solver", "schedule"]) this.control(id).disabled = Boolean(this.card && this.card.one_call);
    this.root.querySelector("[data-part=advice]").textContent = this.advice;
    const caution = this.root.querySelector("[data-part=caution]");
    caution.textContent = this.card?.caution || "";
    caution.hidden = !caution.textContent;
    const guided = Boolean(this.card && this.card.guidance);
    for (const id of ["guidance", "guidance-range"]) {
      this.control(id).disabled = !guided;
      this.control(id).title = guided
        ? "Scale of classifier-free guidance: 0 is off. Each evaluation then runs the network twice"
        : "This generator was not trained with label dropout, which guidance needs";
    }
    this.showLook();
    const chosen = [values.schedule, Number(values.guidance) ? `guidance ${values.guidance}` : "", ...LOOKS.map((id) => this.inWords(id)), values.precision === "auto" ? "" : values.precision];
    this.root.querySelector("[data-part=sampling-chosen]").textContent = chosen.filter(Boolean).join(", ") || "(schedule, guidance, grain)";
    this.control("live").checked = values.live;
  }

  /** A look as chosen, or "" where it is drawn for each seed. */
  inWords(id) {
    return this.values[id] === "" ? "" : `${id} ${this.values[id]}`;
  }

  showLook() {
    const able = Boolean(this.card && this.card.look);
    for (const id of LOOKS) {
      this.control(`${id}-range`).value = this.values[id] === "" ? 0 : this.values[id];
      for (const control of [this.control(id), this.control(`${id}-range`)]) control.disabled = !able;
      this.control(id).title = able
        ? "In standard deviations of real frames, -3 to 3; 0 is their mean. Empty: drawn for each seed, as it varies between patients"
        : "The decoder of this generator has no grain of its own to choose";
    }
    this.control("draw-look").disabled = !able || LOOKS.every((id) => this.values[id] === "");
  }
}
