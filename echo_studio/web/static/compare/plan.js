// What is compared, without the page: rows, columns, and what is the same in every cell.

import { COMPARE_AXES, NAMED, listedValues } from "./values.js";

export const MOST_CELLS = 64;

export class ComparePlan {
  /** `slots` and `settings` are those of the Edit tab. */
  constructor({ slots, settings }) {
    this.slots = slots;
    this.settings = settings;
    this.axes = { rows: "generator", columns: "nfe" };
    this.listed = {}; // values of an axis, kept when another one is chosen meanwhile: names in an array, the others as typed
    this.fixed = {}; // what every cell has, by axis, as text
    this.catalog = null;
  }

  offer(catalog) {
    this.catalog = catalog;
    const { generators, solvers } = catalog;
    const { generator, seed } = this.settings.values;
    this.listed = { generator: generators.map(({ name }) => name), solver: solvers.slice(0, 3).map(({ name }) => name), schedule: [] };
    for (const { name, first } of COMPARE_AXES) if (first) this.listed[name] = first;
    this.listed.label_map = ["canvas:"];
    this.fixed = { generator, solver: "", schedule: "", nfe: "", seed, guidance: "", label_map: "canvas:" };
  }

  /** Generators were imported or removed meanwhile. */
  renew(generators) {
    this.catalog.generators = generators;
    if (!generators.some(({ name }) => name === this.fixed.generator)) this.fixed.generator = generators[0]?.name || "";
  }

  /** What was requested before the page was loaded. */
  restore({ rows, columns, fixed, maps }) {
    const keys = maps.map(({ kind, name }) => `${kind}:${name}`);
    for (const [side, { name, values }] of [["rows", rows], ["columns", columns]]) {
      this.axes[side] = name;
      this.listed[name] = name === "label_map" ? keys : NAMED.includes(name) ? values : values.join(", ");
    }
    Object.assign(this.fixed, fixed, keys.length === 1 && { label_map: keys[0] });
  }

  /** The axes that a side can have: the other side's is taken. */
  axesFor(side) {
    const other = this.axes[side === "rows" ? "columns" : "rows"];
    return COMPARE_AXES.filter(({ name }) => name !== other);
  }

  /** The axes that neither rows nor columns vary. */
  get fixedAxes() {
    return COMPARE_AXES.filter(({ name }) => !Object.values(this.axes).includes(name));
  }

  /** [{name, title, words}] of an axis that has names. */
  choices(axis) {
    const { generators, solvers, schedules = [], templates } = this.catalog;
    const kept = this.slots.export().map(({ name }) => ({ name: `slot:${name}`, title: `Kept ${name}` }));
    const bundled = templates.map(({ name, title }) => ({ name: `template:${name}`, title }));
    return {
      generator: generators,
      // A title says more in brackets: on a chip there is room for the name alone.
      solver: solvers.map(({ name, title }) => ({ name, title: title.split(" (")[0], words: title })),
      schedule: schedules.map((name) => ({ name, title: name })),
      label_map: [{ name: "canvas:", title: "Canvas", words: "The label map of the Edit tab" }, ...kept, ...bundled],
    }[axis];
  }

  /** Values of a side, as text; names that cannot be chosen any more are left out. */
  valuesOf(side) {
    const values = this.listed[this.axes[side]];
    if (!Array.isArray(values)) return listedValues(values);
    return this.choices(this.axes[side]).map(({ name }) => name).filter((name) => values.includes(name));
  }

  /** [rows, columns] */
  get size() {
    return [this.valuesOf("rows").length, this.valuesOf("columns").length];
  }

  get tooMany() {
    return this.size[0] * this.size[1] > MOST_CELLS;
  }

  get canRun() {
    return !this.tooMany && !this.size.includes(0);
  }

  get countWords() {
    const [rows, columns] = this.size;
    const words = `${rows} × ${columns} = ${rows * columns} cells`;
    return this.tooMany ? `${words}: at most ${MOST_CELLS} can be compared. Take some away.` : words;
  }

  /** What the server is sent; `revision` is that of the canvas. */
  request(revision) {
    const { view, phase } = this.settings.values;
    const side = (name) => ({ name: this.axes[name], values: this.valuesOf(name) });
    const sides = { rows: side("rows"), columns: side("columns") };
    const { label_map: place, ...fixed } = this.fixed;
    for (const { name } of Object.values(sides)) delete fixed[name];
    const mapped = Object.values(sides).find(({ name }) => name === "label_map");
    const maps = (mapped ? mapped.values : [place]).map((key) => ({ kind: key.split(":")[0], name: key.slice(key.indexOf(":") + 1) }));
    return { ...sides, fixed, maps, revision, view, phase };
  }
}
