// The form of a new set: it is planned, then made.

import { fillSelect, labelled, make, showWords } from "../common/dom.js";
import { MapFiles } from "./map_files.js";
import { RANGES, countTemplates, countWords, freeName, setRequest } from "./set_request.js";
import { planWords } from "./words.js";

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
    if (!this.field("name").value || taken.includes(this.field("name").value)) this.field("name").value = freeName(taken);
    this.changed();
  }

  /** How many label maps there are, as far as the page knows. */
  get mapCount() {
    const kind = this.field("maps").value;
    if (kind === "canvas") return 1;
    if (kind === "files") return this.files.names.length;
    if (kind === "slots") return this.studio.slots.export().length;
    return countTemplates(this.templates, this.field("map_view").value, this.field("map_phase").value);
  }

  changed() {
    const kind = this.field("maps").value;
    this.part("files").hidden = kind !== "files";
    this.part("view-phase").hidden = !["files", "bundled"].includes(kind);
    this.part("count").textContent = countWords(this.fields, this.mapCount, this.chosenClips);
    this.ready();
  }

  ready() {
    let same = false;
    try {
      same = Boolean(this.planned) && this.planned === JSON.stringify(this.request(0));
    } catch {
      // The server or `plan` says what is wrong with it.
    }
    this.part("plan-words").hidden = !same;
    this.part("make").disabled = !same;
  }

  /** What the person typed and chose, as text. */
  get fields() {
    const named = [...this.form.querySelectorAll("[data-f]")].map((field) => [field.dataset.f, field.value.trim()]);
    const listed = (place, key) => Object.fromEntries([...this.part(place).querySelectorAll("input")].map(({ dataset, value }) => [dataset[key], value]));
    return { ...Object.fromEntries(named), generators: this.chosen, ranges: listed("ranges", "range"), defects: listed("defects", "defect") };
  }

  request(revision) {
    const { view, phase } = this.studio.settings.values;
    return setRequest(this.fields, { revision, view, phase });
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
      const key = JSON.stringify(this.request(0));
      const plan = await this.link.json("/dataset/plan", { method: "POST", body: this.request(revision) });
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
      const { name } = await this.link.json("/dataset/sets", { method: "POST", body: this.request(revision) });
      this.planned = "";
      this.ready();
      await this.acts.made(name);
    } catch (problem) {
      this.say(problem.message);
    }
  }
}
