// What a new set is made of. `order()` is what the server is asked for.

import { fillSelect, labelled, make, showWords } from "../common/dom.js";
import { MapFiles } from "./map_files.js";
import { numbersOf } from "./numbers.js";
import { kindOf, many, planWords } from "./words.js";

const RANGES = [
  { name: "rotation_deg", title: "Rotation (°)", count: 1, hint: "up to so many degrees either way" },
  { name: "translation", title: "Shift (x, y)", count: 2, hint: "shares of the side, such as 0.1, 0.1" },
  { name: "scale", title: "Scale", count: 2, hint: "least and greatest, such as 0.9, 1.1" },
  { name: "shear_deg", title: "Shear (°)", count: 1, hint: "up to so many degrees either way" },
  { name: "max_displacement", title: "Elastic (px)", count: 1, hint: "most pixels that a point is moved" },
];

const USUAL_EFS = "25, 65"; // percent: from failing hearts to healthy ones

export class SetForm {
  constructor(part, studio, acts) {
    this.part = part;
    this.studio = studio;
    this.acts = acts;
    this.link = studio.link;
    this.planned = "";
    this.templates = [];
    this.clips = new Set();
    this.form = part("form");
    this.files = new MapFiles(part, this.link, (problem) => {
      this.say(problem);
      this.changed();
    });
    for (const kind of ["input", "change"]) this.form.addEventListener(kind, () => this.changed());
    part("generators").addEventListener("change", () => this.proposeRange());
    part("plan").addEventListener("click", () => this.plan());
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.make();
    });
  }

  field(name) {
    return this.form.querySelector(`[data-f=${name}]`);
  }

  offer({ generators, solvers, defects, templates }, { clips, cores }) {
    this.clips = new Set(clips.map(({ name }) => name));
    this.templates = templates.filter(({ name }) => name !== "blank");
    fillSelect(this.field("solver"), [{ name: "", title: "Advised" }, ...solvers]);
    const first = this.studio.settings.values.generator;
    this.part("generators").replaceChildren(
      make("legend", {}, "Generators"),
      ...generators.map((one) => this.chip(one, one.name === first, one.words || one.title)),
      ...clips.map((one) => this.chip(one, false, `${one.title}: clips of a whole heartbeat; every one with an ejection fraction from a range`, " ▸ clip")),
    );
    this.part("defects").replaceChildren(...defects.map(({ name, title }) => {
      const field = make("input", { type: "number", min: 0, max: 100, step: 1, value: 0, data: { defect: name } });
      return make("label", { title: `How many of a hundred hearts have this: ${title}` }, make("span", {}, title), field, "%");
    }));
    this.part("ranges").replaceChildren(...RANGES.map(({ name, title, hint }) => (
      labelled(title, make("input", { type: "text", placeholder: "as in the papers", spellcheck: false, data: { range: name } }), `${title}: ${hint}; empty for the papers' range`)
    )));
    this.part("workers").hidden = cores < 2;
    this.field("workers").max = cores;
    this.studio.slots.listeners.add(() => this.changed());
    this.changed();
  }

  chip({ name }, checked, words, more = "") {
    return make("label", { className: "ds-chip", title: words }, make("input", { type: "checkbox", value: name, checked }), name + more);
  }

  /** Clips need ejection fractions: a usual range is proposed where the person sees it. */
  proposeRange() {
    if (!this.chosenClips || this.field("ef").value.trim()) return;
    this.field("ef").value = USUAL_EFS;
    this.field("ef").closest("details").open = true;
  }

  get chosenClips() {
    return this.chosen.filter((name) => this.clips.has(name)).length;
  }

  get chosen() {
    return [...this.part("generators").querySelectorAll(":checked")].map(({ value }) => value);
  }

  /** A free name is proposed. */
  begin(taken) {
    let number = 1;
    while (taken.includes(`set-${number}`)) number += 1;
    if (!this.field("name").value || taken.includes(this.field("name").value)) this.field("name").value = `set-${number}`;
    this.changed();
  }

  /** How many label maps there are, where that can be told. */
  get mapCount() {
    const kind = this.field("maps").value;
    if (kind === "canvas") return 1;
    if (kind === "files") return this.files.names.length;
    if (kind === "slots") return this.studio.slots.export().length;
    const wanted = ["map_view", "map_phase"].map((name) => this.field(name).value.toLowerCase()).filter(Boolean);
    return this.templates.filter(({ name }) => wanted.every((word) => name.split("-").includes(word))).length;
  }

  changed() {
    const kind = this.field("maps").value;
    this.part("files").hidden = kind !== "files";
    this.part("view-phase").hidden = !["files", "bundled"].includes(kind);
    const variations = Math.max(1, Number(this.field("variations").value));
    const seeds = Number(this.field("seeds").value);
    const budgets = this.field("nfe").value.split(/[,;\s]+/).filter(Boolean).length || 1;
    const ways = this.chosen.length * budgets;
    const total = this.mapCount * variations * seeds * ways;
    this.part("count").textContent = `${many(this.mapCount, "map")} × ${many(variations, "variation")} × ${many(seeds, "seed")} × ${many(ways, "setting")} = ${many(total, kindOf(this.chosen.length, this.chosenClips))}`;
    this.ready();
  }

  ready() {
    let same = false;
    try {
      same = Boolean(this.planned) && this.planned === JSON.stringify(this.order(0));
    } catch {
      // The server or `plan` says what is wrong with it.
    }
    this.part("plan-words").hidden = !same;
    this.part("make").disabled = !same;
  }

  order(revision) {
    const text = (name) => this.field(name).value.trim();
    const whole = (name) => {
      const value = text(name);
      if (!/^\d+$/.test(value)) throw new Error(`Expected a whole number as ${name}, got “${value}”.`);
      return Number(value);
    };
    const ranges = {};
    for (const field of this.part("ranges").querySelectorAll("input")) if (field.value.trim()) ranges[field.dataset.range] = numbersOf(field.value, field.dataset.range);
    const defects = {};
    for (const field of this.part("defects").querySelectorAll("input")) if (Number(field.value)) defects[field.dataset.defect] = Number(field.value) / 100;
    const { view, phase } = this.studio.settings.values;
    return {
      name: text("name"), maps: text("maps"), revision, view, phase, map_view: text("map_view"), map_phase: text("map_phase"),
      generators: this.chosen, solver: text("solver"), nfe: text("nfe") ? numbersOf(text("nfe"), "NFE") : [],
      variations: whole("variations"), seeds: whole("seeds"), seed: whole("seed"), workers: whole("workers"),
      ranges, defects, ef: text("ef") ? numbersOf(text("ef"), "ejection fraction") : null,
    };
  }

  say(words) {
    showWords(this.part("form-problem"), words);
  }

  async plan() {
    const { part } = this;
    this.say("");
    part("plan").disabled = true;
    showWords(part("plan-words"), "Making one image of each generator to measure …");
    try {
      const revision = await this.link.flush();
      const key = JSON.stringify(this.order(0));
      const plan = await this.link.json("/dataset/plan", { method: "POST", body: this.order(revision) });
      this.planned = key;
      showWords(part("plan-words"), planWords(plan));
    } catch (problem) {
      this.planned = "";
      this.say(problem.message);
    }
    part("plan").disabled = false;
    this.ready();
  }

  async make() {
    if (this.part("make").disabled) return;
    this.say("");
    try {
      const revision = await this.link.flush();
      const { name } = await this.link.json("/dataset/sets", { method: "POST", body: this.order(revision) });
      this.planned = "";
      this.ready();
      await this.acts.made(name);
    } catch (problem) {
      this.say(problem.message);
    }
  }
}
