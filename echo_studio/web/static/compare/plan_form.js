// The controls of the plan: rows, columns, and what is the same in every cell.

import { fillSelect, labelled } from "../common/dom.js";
import { chips, listField } from "./controls.js";
import { COMPARE_AXES, NAMED } from "./values.js";

export class PlanForm {
  /** `onChange` is called after each change of the plan. */
  constructor(root, plan, onChange) {
    this.root = root;
    this.plan = plan;
    this.onChange = onChange;
  }

  offer(catalog) {
    this.plan.offer(catalog);
    this.plan.slots.listeners.add(() => this.draw());
    this.draw();
  }

  renew(generators) {
    this.plan.renew(generators);
    this.draw();
  }

  restore(request) {
    this.plan.restore(request);
    this.draw();
  }

  draw() {
    for (const side of ["rows", "columns"]) this.drawAxis(side);
    this.drawFixed();
    this.onChange();
  }

  drawAxis(side) {
    const { plan } = this;
    const section = this.root.querySelector(`[data-axis=${side}]`);
    const select = Object.assign(document.createElement("select"), { title: `What the ${side} vary` });
    fillSelect(select, plan.axesFor(side));
    select.value = plan.axes[side];
    select.addEventListener("change", () => {
      plan.axes[side] = select.value;
      this.draw();
      this.root.querySelector(`[data-axis=${side}] select`).focus();
    });
    section.replaceChildren(labelled(side === "rows" ? "Rows" : "Columns", select), this.values(plan.axes[side]));
  }

  values(name) {
    const { plan } = this;
    const axis = COMPARE_AXES.find((one) => one.name === name);
    if (!NAMED.includes(name)) {
      const field = listField(axis, plan.listed[name], () => {
        plan.listed[name] = field.value;
        this.onChange();
      });
      return field;
    }
    const group = chips(plan.choices(name), plan.listed[name], axis.title, () => {
      plan.listed[name] = [.../** @type {NodeListOf<HTMLInputElement>} */ (group.querySelectorAll(":checked"))].map(({ value }) => value);
      this.onChange();
    });
    return group;
  }

  drawFixed() {
    const fields = this.plan.fixedAxes.map(({ name, title }) => labelled(title, this.fixedControl(name, title)));
    this.root.querySelector("[data-cmp=fixed]").replaceChildren(...fields);
  }

  fixedControl(name, title) {
    const { plan } = this;
    const own = { solver: "As each generator advises", schedule: "The solver's or generator's own" }[name];
    /** @type {any} a select, or an input */
    const control = document.createElement(NAMED.includes(name) ? "select" : "input");
    control.title = name === "nfe" ? "NFE, the same in every cell; empty is what each generator's card advises" : `${title}, the same in every cell`;
    if (NAMED.includes(name)) {
      fillSelect(control, [...(own ? [{ name: "", title: own }] : []), ...plan.choices(name)]);
    } else {
      Object.assign(control, { type: "text", spellcheck: false, autocomplete: "off" });
      control.placeholder = { nfe: "advised", guidance: "0" }[name] || "";
    }
    control.dataset.fixed = name;
    control.value = plan.fixed[name];
    control.addEventListener("input", () => {
      plan.fixed[name] = control.value;
      this.onChange();
    });
    return control;
  }
}
