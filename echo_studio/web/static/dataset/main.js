// Puts the Data set tab together. It uses the canvas, the settings and the link of the Edit tab.

import { fillSelect, showWords } from "../common/dom.js";
import { mountTab } from "../common/mount_tab.js";
import { Tab } from "../common/tab.js";
import { showAbout } from "./about.js";
import { Curation } from "./curation.js";
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
import { shownWords } from "./words.js";

const NEW_SET = "";

class DatasetTab extends Tab {
  constructor(root, studio) {
    super(root, "data-ds", studio);
    this.status = null; // of the set that is shown
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
      hasEf: () => Boolean(this.status && this.status.about.ef),
    });
    const back = () => this.part("grid").focus({ preventScroll: true });
    const say = (words) => this.say(words);
    this.curation = new Curation(this.samples, this.selection, {
      reviewer: () => this.detail.reviewer.value.trim(),
      next: () => this.pair.open || this.move(1, false),
      renew: () => this.refresh(),
      trying: (work) => this.trying(work),
    });
    const { curation } = this;
    this.detail = new Detail(this.part("detail"), this.samples, this.selection, studio.display, {
      decide: (verdict) => curation.decide(verdict), reason: (text) => curation.reason(text), tag: (name, on) => curation.tag(name, on),
      edit: () => this.edit(), pair: () => this.comparePair(), back, say,
    });
    this.pair = new Pair(this.part("pair"), this.samples, studio.display, { back, say });
    this.exporting = new Exporting(this.part("export"), this.link, { began: () => this.watch.begin() });
    this.selection.listeners.add(() => this.foot());
    this.listen();
  }

  listen() {
    this.part("set").addEventListener("change", () => this.trying(() => this.open(this.part("set").value)));
    this.part("measure").addEventListener("click", () => this.act("measure"));
    this.part("undo").addEventListener("click", () => this.curation.undo());
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
    this.status = null;
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
    const status = await this.link.json(this.samples.path);
    if (name !== this.samples.name) return;
    const before = this.status;
    this.status = status;
    this.tasks.show(status);
    this.filters.offer(status);
    this.detail.offerTags(Object.keys(status.choices.tag));
    showAbout(this.part, status);
    if (!before || before.samples !== status.samples || before.unmeasured !== status.unmeasured) {
      this.samples.forget();
      await this.find();
    }
    const exported = status.tasks.export;
    if (exported && exported.state === "done" && before && before.tasks.export?.state !== "done") await this.list();
  }

  async find() {
    if (!await this.selection.find(this.filters.filter.request)) return;
    this.tiles.draw();
    this.foot();
  }

  foot() {
    const shown = this.samples.numbers.length;
    const all = this.status ? this.status.samples : 0;
    this.part("shown").textContent = this.samples.name ? shownWords(shown, all, this.selection.chosen.size) : "";
    this.part("empty").hidden = shown > 0;
    this.part("empty").textContent = this.samples.name ? (all ? "No sample is like that. Clear the filter to see all." : "Nothing is made yet.") : "Describe a set at the left, plan it, and make it. Its samples appear here as they are made.";
  }

  move(step, extend) {
    const { selection } = this;
    selection.choose(selection.focus + step, { extend });
    this.tiles.reveal(selection.focus);
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
