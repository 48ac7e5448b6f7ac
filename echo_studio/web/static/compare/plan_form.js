// Rows, columns, and what is the same in every cell. `order()` is what the server is asked for.

import { fillSelect, labelled } from "../common/dom.js";
import { COMPARE_AXES, NAMED, chips, listField } from "./values.js";

export const MOST_CELLS = 64;

export class PlanForm {
  /** `studio` is window.echoStudio: its canvas, settings and kept maps. */
  constructor(root, studio) {
    this.root = root;
    this.studio = studio;
    this.axes = { rows: "generator", columns: "nfe" };
    this.listed = {}; // values of an axis, kept when another one is chosen meanwhile
    this.fixed = {};
    this.catalog = null;
    this.listeners = new Set();
  }

  offer(catalog) {
    this.catalog = catalog;
    const { generators, solvers } = catalog;
    const { settings } = this.studio;
    this.listed = { generator: generators.map(({ name }) => name), solver: solvers.slice(0, 3).map(({ name }) => name), schedule: [] };
    for (const { name, first } of COMPARE_AXES) if (first) this.listed[name] = first;
    this.listed.label_map = ["canvas:"];
    this.fixed = { generator: settings.values.generator, solver: "", schedule: "", nfe: "", seed: settings.values.seed, guidance: "", label_map: "canvas:" };
    this.studio.slots.listeners.add(() => this.draw());
    this.draw();
  }

  /** Generators were imported or removed meanwhile. */
  renew(generators) {
    this.catalog.generators = generators;
    if (!generators.some(({ name }) => name === this.fixed.generator)) this.fixed.generator = generators[0]?.name || "";
    this.draw();
  }

  /** Show what was asked for before the page was loaded. */
  restore({ rows, columns, fixed, maps }) {
    const keys = maps.map(({ kind, name }) => `${kind}:${name}`);
    for (const [side, { name, values }] of [["rows", rows], ["columns", columns]]) {
      this.axes[side] = name;
      this.listed[name] = name === "label_map" ? keys : NAMED.includes(name) ? values : values.join(", ");
    }
    Object.assign(this.fixed, fixed, keys.length === 1 && { label_map: keys[0] });
    this.draw();
  }

  /** [{name, title, words}] of an axis that has names. */
  choices(axis) {
    const { generators, solvers, schedules = [], templates } = this.catalog;
    const kept = this.studio.slots.export().map(({ name }) => ({ name: `slot:${name}`, title: `Kept ${name}` }));
    const bundled = templates.map(({ name, title }) => ({ name: `template:${name}`, title }));
    return {
      generator: generators,
      // A title says more in brackets: on a chip there is room for the name alone.
      solver: solvers.map(({ name, title }) => ({ name, title: title.split(" (")[0], words: title })),
      schedule: schedules.map((name) => ({ name, title: name })),
      label_map: [{ name: "canvas:", title: "Canvas", words: "The label map of the Edit tab" }, ...kept, ...bundled],
    }[axis];
  }

  draw() {
    for (const side of ["rows", "columns"]) this.drawAxis(side);
    this.drawFixed();
    this.changed();
  }

  drawAxis(side) {
    const section = this.root.querySelector(`[data-axis=${side}]`);
    const title = side === "rows" ? "Rows" : "Columns";
    const other = this.axes[side === "rows" ? "columns" : "rows"];
    const select = Object.assign(document.createElement("select"), { title: `What the ${side} vary` });
    fillSelect(select, COMPARE_AXES.filter(({ name }) => name !== other));
    select.value = this.axes[side];
    select.addEventListener("change", () => {
      this.axes[side] = select.value;
      this.draw();
      this.root.querySelector(`[data-axis=${side}] select`).focus();
    });
    section.replaceChildren(labelled(title, select), this.values(this.axes[side]));
  }

  values(name) {
    const axis = COMPARE_AXES.find((one) => one.name === name);
    if (!NAMED.includes(name)) {
      const field = listField(axis, this.listed[name], () => {
        this.listed[name] = field.value;
        this.changed();
      });
      return field;
    }
    const group = chips(this.choices(name), this.listed[name], axis.title, () => {
      this.listed[name] = [.../** @type {NodeListOf<HTMLInputElement>} */ (group.querySelectorAll(":checked"))].map(({ value }) => value);
      this.changed();
    });
    return group;
  }

  drawFixed() {
    const fields = COMPARE_AXES.filter(({ name }) => !Object.values(this.axes).includes(name)).map(({ name, title }) => labelled(title, this.fixedControl(name, title)));
    this.root.querySelector("[data-cmp=fixed]").replaceChildren(...fields);
  }

  fixedControl(name, title) {
    const own = { solver: "As each generator advises", schedule: "The solver's or generator's own" }[name];
    /** @type {any} a select, or an input */
    const control = document.createElement(NAMED.includes(name) ? "select" : "input");
    control.title = name === "nfe" ? "NFE, the same in every cell; empty is what each generator's card advises" : `${title}, the same in every cell`;
    if (NAMED.includes(name)) {
      fillSelect(control, [...(own ? [{ name: "", title: own }] : []), ...this.choices(name)]);
    } else {
      Object.assign(control, { type: "text", spellcheck: false, autocomplete: "off" });
      control.placeholder = { nfe: "advised", guidance: "0" }[name] || "";
    }
    control.dataset.fixed = name;
    control.value = this.fixed[name];
    control.addEventListener("input", () => {
      this.fixed[name] = control.value;
      this.changed();
    });
    return control;
  }

  changed() {
    for (const listener of this.listeners) listener();
  }

  /** Values of a side, as text. */
  listedOf(side) {
    const values = this.listed[this.axes[side]];
    if (Array.isArray(values)) return this.choices(this.axes[side]).map(({ name }) => name).filter((name) => values.includes(name));
    return values.split(/[,;\s]+/).filter(Boolean);
  }

  get size() {
    return [this.listedOf("rows").length, this.listedOf("columns").length];
  }

  get tooMany() {
    return this.size[0] * this.size[1] > MOST_CELLS;
  }

  order(revision) {
    const { view, phase } = this.studio.settings.values;
    const side = (name) => ({ name: this.axes[name], values: this.listedOf(name) });
    const sides = { rows: side("rows"), columns: side("columns") };
    const { label_map: place, ...fixed } = this.fixed;
    for (const { name } of Object.values(sides)) delete fixed[name];
    const mapped = Object.values(sides).find(({ name }) => name === "label_map");
    const maps = (mapped ? mapped.values : [place]).map((key) => ({ kind: key.split(":")[0], name: key.slice(key.indexOf(":") + 1) }));
    return { ...sides, fixed, maps, revision, view, phase };
  }
}
