// The parameters of one defect as controls: a number and a slider for each quantity, a list for each choice.

import { fillSelect } from "../../common/dom.js";
import { QUANTITIES, round, shownParameters } from "./defect_quantities.js";

export class DefectForm {
  constructor() {
    this.element = Object.assign(document.createElement("div"), { className: "defect-form" });
    this.element.setAttribute("role", "group");
    this.onChange = () => {};
    this.values = {};
    this.shown = []; // parameters, as they are shown
  }

  /** Show a defect of the catalog with these values, and with its own for the others. */
  fill({ title, parameters }, values, map) {
    const shown = shownParameters(parameters, values, map);
    this.values = Object.fromEntries(shown.map(({ name, default: usual }) => [name, values[name] ?? usual]));
    this.shown = shown;
    const drawn = JSON.stringify(shown);
    if (drawn === this.drawn) {
      this.refresh(shown); // the focus stays where it is
      return;
    }
    this.drawn = drawn;
    this.element.setAttribute("aria-label", title);
    this.element.replaceChildren(...shown.map((one) => (one.kind === "choice" ? this.choice(one) : this.number(one))));
  }

  refresh(shown) {
    for (const { name, unit } of shown) {
      const value = unit ? round(this.values[name] * QUANTITIES[unit].times) : this.values[name];
      const controls = this.element.querySelectorAll(`#defect-${name}, [data-parameter="${name}"]`);
      for (const control of /** @type {NodeListOf<HTMLInputElement>} */ (controls)) {
        if (control.value !== String(value)) control.value = value;
      }
    }
  }

  /** Other values for some of the parameters, as if they were set here. */
  take(values) {
    Object.assign(this.values, values);
    this.refresh(this.shown);
    this.onChange();
  }

  set(name, value) {
    this.values[name] = value;
    this.onChange();
  }

  choice({ name, title, choices }) {
    const field = Object.assign(document.createElement("label"), { className: "field", textContent: title });
    const select = Object.assign(document.createElement("select"), { title });
    select.setAttribute("aria-label", title);
    select.dataset.parameter = name;
    fillSelect(select, choices.map((choice) => ({ name: choice, title: choice })));
    select.value = this.values[name];
    select.addEventListener("change", () => this.set(name, select.value));
    field.append(select);
    return field;
  }

  number({ name, title, unit, low, high }) {
    const { shown, times, step } = QUANTITIES[unit];
    const row = Object.assign(document.createElement("div"), { className: "quantity" });
    row.innerHTML = `<label for="defect-${name}"></label><span><input type="number" id="defect-${name}" step="${step}"> ${shown}</span>` +
      `<input type="range" step="${step}">`;
    row.querySelector("label").textContent = title;
    const [typed, slider] = row.querySelectorAll("input");
    for (const input of [typed, slider]) {
      Object.assign(input, { min: low * times, max: high * times, title: `${title}: ${low * times} to ${high * times} ${shown}` });
      input.value = String(round(this.values[name] * times));
      input.addEventListener("input", () => {
        if (!input.value) return; // about to be typed
        for (const other of [typed, slider]) if (other !== input) other.value = input.value;
        this.set(name, round(Number(input.value) / times));
      });
    }
    slider.setAttribute("aria-label", `${title} slider`);
    slider.dataset.parameter = name;
    return row;
  }
}
