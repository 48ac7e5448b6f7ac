// Puts the Data set tab together. It uses the canvas, the settings and the link of the Edit tab.

import { fillSelect, showWords } from "../common/dom.js";
import { mountTab } from "../common/mount_tab.js";
import { showAbout } from "./about.js";
import { Detail } from "./detail.js";
import { Exporting } from "./exporting.js";
import { Filters } from "./filters.js";
import { DatasetKeys } from "./keys.js";
import { openSample } from "./open_sample.js";
import { Pair } from "./pair.js";
import { readReport } from "./privacy_report.js";
import { Samples } from "./samples.js";
import { Selection } from "./selection.js";
import { SetForm } from "./set_form.js";
import { Tasks } from "./tasks.js";
import { Tiles } from "./tiles.js";
import { Watch } from "./watch.js";
import { many } from "./words.js";

const NEW_SET = "";

class DatasetTab {
  constructor(root, studio) {
    this.root = root;
    this.part = (name) => root.querySelector(`[data-ds=${name}]`);
    this.studio = studio;
    this.link = studio.link;
    this.told = null;
    this.saving = Promise.resolve();
    this.listed = { sets: [], exports: [], formats: [], clips: [], cores: 1, reviewer: "" };
    this.samples = new Samples(this.link);
    this.selection = new Selection(this.samples);
    this.form = new SetForm(this.part, studio, { made: (name) => this.made(name) });
    this.tasks = new Tasks(this.part("tasks"), { stop: (kind) => this.act(`stop/${kind}`), goOn: () => this.act("continue", { workers: this.listed.cores > 1 ? Number(this.form.field("workers").value) : 1 }) });
    this.watch = new Watch(this.link.events, this.samples, this.tasks, { read: () => this.refresh(), list: () => this.list(), say: (words) => this.say(words) });
    this.tiles = new Tiles(this.part, this.samples, this.selection);
    this.filters = new Filters(this.part("filters"), {
      changed: () => this.trying(() => this.find()),
      outline: () => this.outline(),
      size: (size) => this.tiles.setSize(size),
      hasEf: () => Boolean(this.told && this.told.about.ef),
    });
    const back = () => this.part("grid").focus({ preventScroll: true });
    const say = (words) => this.say(words);
    this.detail = new Detail(this.part("detail"), this.samples, this.selection, {
      decide: (verdict) => this.decide(verdict), reason: (text) => this.reason(text), tag: (name, on) => this.tag(name, on),
      edit: () => this.edit(), pair: () => this.comparePair(), back, say,
    });
    this.pair = new Pair(this.part("pair"), this.samples, { back, say });
    this.exporting = new Exporting(this.part("export"), this.link, { began: () => this.watch.begin() });
    this.selection.listeners.add(() => this.foot());
    this.listen();
  }

  listen() {
    this.part("set").addEventListener("change", () => this.trying(() => this.open(this.part("set").value)));
    this.part("measure").addEventListener("click", () => this.act("measure"));
    this.part("undo").addEventListener("click", () => this.undo());
    this.part("privacy").addEventListener("click", () => this.part("report").click());
    this.part("report").addEventListener("change", () => this.takeReport());
    this.part("remove").addEventListener("click", () => this.remove());
    this.part("remove").addEventListener("blur", () => this.calm());
  }

  async enter(signal) {
    const [catalog] = [await this.link.json("/catalog"), await this.list()];
    this.form.offer(catalog, this.listed);
    await this.form.files.restore();
    this.detail.setUser(this.listed.reviewer);
    const renew = async () => this.form.offer(await this.link.json("/catalog"), this.listed);
    this.studio.settings.renewals.addEventListener("renew", () => this.trying(renew), { signal });
    const busy = this.listed.sets.find(({ making }) => making);
    await this.open(busy ? busy.name : NEW_SET);
  }

  async list() {
    this.listed = await this.link.json("/dataset");
    const { sets } = this.listed;
    fillSelect(this.part("set"), [{ name: NEW_SET, title: "New set …" }, ...sets.map(({ name, making }) => ({ name, title: making ? `${name} (being made)` : name }))], this.samples.name);
    this.exporting.offer(this.listed);
  }

  say(words) {
    showWords(this.part(this.samples.name ? "problem" : "form-problem"), words);
  }

  async trying(work) {
    this.say("");
    try {
      await work();
    } catch (problem) {
      this.say(problem.message);
    }
  }

  async made(name) {
    await this.list();
    await this.open(name);
  }

  /** Show a set, or the form of a new one. */
  async open(name) {
    this.samples.open(name);
    this.selection.none();
    this.tasks.clear();
    this.pair.open && this.pair.close();
    this.told = null;
    this.part("set").value = name;
    this.part("form").hidden = Boolean(name);
    this.part("about").hidden = !name;
    this.part("filters").hidden = !name;
    this.part("detail").hidden = !name;
    this.root.classList.toggle("without", !name);
    this.part("grid").scrollTop = 0;
    if (name) {
      this.exporting.open(name);
      this.part("words").textContent = "Reading the set …";
      await this.refresh();
      if (this.samples.name !== name) return;
      this.selection.choose(0);
      this.watch.begin();
    } else this.form.begin(this.listed.sets.map((one) => one.name));
    this.foot();
    this.tiles.draw();
  }

  /** Counts and tasks; which samples there are, where that may have changed. */
  async refresh() {
    const { name } = this.samples;
    const told = await this.link.json(this.samples.path);
    if (name !== this.samples.name) return;
    const before = this.told;
    this.told = told;
    this.tasks.show(told);
    this.filters.offer(told);
    this.detail.offerTags(Object.keys(told.choices.tag));
    showAbout(this.part, told);
    if (!before || before.samples !== told.samples || before.unmeasured !== told.unmeasured) {
      this.samples.forget();
      await this.find();
    }
    const exported = told.tasks.export;
    if (exported && exported.state === "done" && before && before.tasks.export?.state !== "done") await this.list();
  }

  async find() {
    const numbers = await this.samples.find(this.filters.filter);
    if (!numbers) return;
    const { number } = this.selection; // the person may have gone on while it was asked
    this.samples.numbers = numbers;
    this.selection.follow(number);
    this.tiles.draw();
    this.foot();
  }

  foot() {
    const shown = this.samples.numbers.length;
    const all = this.told ? this.told.samples : 0;
    const some = shown === all ? many(all, "sample") : `${shown.toLocaleString("en")} of ${many(all, "sample")}`;
    this.part("shown").textContent = this.samples.name ? `${some} · ${this.selection.chosen.size.toLocaleString("en")} chosen` : "";
    this.part("empty").hidden = shown > 0;
    this.part("empty").textContent = this.samples.name ? (all ? "No sample is like that. Clear the filter to see all." : "Nothing is made yet.") : "Order a set at the left, plan it, and make it. Its samples appear here as they are made.";
  }

  move(step, extend) {
    const { selection } = this;
    selection.choose(selection.focus + step, { extend });
    this.tiles.reveal(selection.focus);
  }

  /** Decide about all that are chosen; of a single one, go on to the next. */
  decide(verdict) {
    const { numbers } = this.selection;
    if (!numbers.length) return;
    for (const number of numbers) {
      const told = this.samples.details.get(number);
      if (told) Object.assign(told, { verdict, ...(verdict ? {} : { reason: "" }) });
    }
    if (numbers.length === 1 && verdict && !this.pair.open) this.move(1, false);
    this.samples.told();
    this.curate("decide", { numbers, verdict });
  }

  reason(text) {
    this.curate("decide", { numbers: this.selection.numbers, reason: text });
  }

  tag(name, on) {
    this.curate("tag", { numbers: this.selection.numbers, tag: name, on });
  }

  /** One act after the other, so that undo takes them back in the order in which they were done. */
  curate(what, body) {
    if (!body.numbers.length) return;
    this.send(() => this.samples.post(what, { ...body, reviewer: this.detail.reviewer.value.trim() }));
  }

  undo() {
    if (!this.samples.name) return;
    this.send(() => this.samples.post("undo", {}));
  }

  send(work) {
    const renew = async () => {
      this.samples.forget();
      await this.refresh();
      this.samples.told();
    };
    this.saving = this.saving.then(() => this.trying(work)).then(() => this.trying(renew));
  }

  act(path, body = {}) {
    this.trying(async () => {
      await this.samples.post(path, body);
      this.watch.begin();
      await this.refresh();
    });
  }

  edit() {
    const { number } = this.selection;
    if (this.samples.details.has(number)) this.trying(() => openSample(this.studio, this.samples, number));
  }

  comparePair() {
    const { numbers } = this.selection;
    if (this.pair.open) this.pair.close();
    else if (numbers.length === 2) this.pair.show(numbers, this.samples.outlined);
  }

  outline() {
    const on = !this.samples.outlined;
    this.filters.labels.setAttribute("aria-pressed", String(on));
    this.samples.setOutlined(on);
    this.detail.setOutlined(on);
    if (this.pair.open) this.pair.show(this.selection.numbers, on);
    this.tiles.draw();
  }

  takeReport() {
    const [file] = this.part("report").files;
    this.part("report").value = "";
    if (!file) return;
    this.trying(async () => {
      await this.samples.post("privacy", await readReport(file));
      this.samples.forget();
      await this.refresh();
      await this.find();
    });
  }

  /** The first press asks, the second one does it. */
  remove() {
    if (this.part("remove").dataset.sure) {
      this.calm();
      this.trying(async () => {
        await this.link.json(this.samples.path, { method: "DELETE" });
        await this.list();
        await this.open(NEW_SET);
      });
    } else {
      this.part("remove").dataset.sure = "yes";
      this.part("remove").textContent = `Really delete ${this.samples.name}?`;
    }
  }

  calm() {
    delete this.part("remove").dataset.sure;
    this.part("remove").textContent = "Delete set";
  }
}

/** Mount the tab inside its gr.HTML component, whose `element` it is. */
export function mount({ element }) {
  const root = element.querySelector("[data-ds=root]");
  return mountTab("dataset", root, (studio, signal) => {
    const tab = new DatasetTab(root, studio);
    new DatasetKeys(tab, signal);
    return tab;
  });
}
