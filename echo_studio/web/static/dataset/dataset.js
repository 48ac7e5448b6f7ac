// Puts the Data set tab together inside its gr.HTML component. The Edit tab's object has the canvas, the settings and the
// way to the server, which this tab uses as well.

const root = element.querySelector("[data-ds=root]");
const part = (name) => root.querySelector(`[data-ds=${name}]`);
const NEW_SET = "";
const REFRESH_MS = 1000; // while something is done to the set

class DatasetTab {
  constructor(studio) {
    this.studio = studio;
    this.link = studio.link;
    this.told = null;
    this.listed = { sets: [], exports: [], formats: [], clips: [], cores: 1, reviewer: "" };
    this.samples = new Samples(this.link);
    this.selection = new Selection(this.samples);
    this.form = new SetForm(part, studio, { made: (name) => this.made(name) });
    this.tasks = new Tasks(part("tasks"), { stop: (kind) => this.act(`stop/${kind}`), goOn: () => this.act("continue", { workers: this.listed.cores > 1 ? Number(this.form.field("workers").value) : 1 }) });
    this.tiles = new Tiles(part, this.samples, this.selection);
    this.filters = new Filters(part("filters"), {
      changed: () => this.trying(() => this.find()),
      outline: () => this.outline(),
      size: (size) => this.tiles.setSize(size),
      hasEf: () => Boolean(this.told && this.told.about.ef),
    });
    const back = () => part("grid").focus({ preventScroll: true });
    const say = (words) => this.say(words);
    this.detail = new Detail(part("detail"), this.samples, this.selection, {
      decide: (verdict) => this.decide(verdict), reason: (text) => this.reason(text), tag: (name, on) => this.tag(name, on),
      edit: () => this.edit(), pair: () => this.comparePair(), back, say,
    });
    this.pair = new Pair(part("pair"), this.samples, { back, say });
    this.exporting = new Exporting(part("export"), this.link, { began: () => this.watch() });
    this.selection.listeners.add(() => this.foot());
    this.listen();
  }

  listen() {
    part("set").addEventListener("change", () => this.trying(() => this.open(part("set").value)));
    part("measure").addEventListener("click", () => this.act("measure"));
    part("undo").addEventListener("click", () => this.undo());
    part("privacy").addEventListener("click", () => part("report").click());
    part("report").addEventListener("change", () => this.takeReport());
    part("remove").addEventListener("click", () => this.remove());
    part("remove").addEventListener("blur", () => this.calm());
  }

  async enter(signal) {
    const [catalog] = [await this.link.json("/catalog"), await this.list()];
    this.form.offer(catalog, this.listed);
    await this.form.files.restore();
    this.detail.setUser(this.listed.reviewer);
    const renew = async () => this.form.offer(await this.link.json("/catalog"), this.listed);
    window.addEventListener("echo-studio:generators", () => this.trying(renew), { signal });
    const busy = this.listed.sets.find(({ making }) => making);
    await this.open(busy ? busy.name : NEW_SET);
  }

  async list() {
    this.listed = await this.link.json("/dataset");
    const { sets } = this.listed;
    fill(part("set"), [{ name: NEW_SET, title: "New set …" }, ...sets.map(({ name, making }) => ({ name, title: making ? `${name} (being made)` : name }))], this.samples.name);
    this.exporting.offer(this.listed);
  }

  say(words) {
    tell(part(this.samples.name ? "problem" : "form-problem"), words);
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
    part("set").value = name;
    part("form").hidden = Boolean(name);
    part("about").hidden = !name;
    part("filters").hidden = !name;
    part("detail").hidden = !name;
    root.classList.toggle("without", !name);
    part("grid").scrollTop = 0;
    if (name) {
      this.exporting.open(name);
      part("words").textContent = "Reading the set …";
      await this.refresh();
      if (this.samples.name !== name) return;
      this.selection.choose(0);
      this.watch();
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
    this.aboutSet(told);
    if (!before || before.samples !== told.samples || before.unmeasured !== told.unmeasured) {
      this.samples.forget();
      await this.find();
    }
    const exported = told.tasks.export;
    if (exported && exported.state === "done" && before && before.tasks.export?.state !== "done") await this.list();
  }

  /** Ask again and again while something is done. */
  async watch() {
    const { name } = this.samples;
    if (this.watching === name) return;
    this.watching = name;
    try {
      for (;;) {
        await this.refresh();
        if (!this.tasks.running || this.samples.name !== name) break;
        await new Promise((done) => setTimeout(done, REFRESH_MS));
      }
    } catch (problem) {
      if (this.samples.name === name) this.say(problem.message);
    } finally {
      if (this.watching === name) this.watching = "";
    }
    await this.list().catch((problem) => this.say(problem.message));
  }

  aboutSet({ samples, planned, choices, unmeasured, entries, tasks }) {
    const decided = ["keep", "reject"].map((verdict) => `${(choices.verdict[verdict] || 0).toLocaleString("en")} ${VERDICTS[verdict].toLowerCase()}`);
    const of = planned > samples ? ` of ${planned.toLocaleString("en")}` : "";
    part("words").textContent = `${samples.toLocaleString("en")}${of} samples · ${decided.join(" · ")}`;
    const measuring = tasks.measure && ["waiting", "running"].includes(tasks.measure.state);
    part("measure").disabled = !unmeasured || measuring;
    part("measure").textContent = unmeasured ? `Measure adherence (${unmeasured.toLocaleString("en")})` : "Adherence measured";
    part("undo").disabled = !entries.length;
    part("entries").replaceChildren(...entries.slice(0, 8).map((entry) => make("li", { title: entry.at.slice(0, 19).replace("T", " ") }, entryWords(entry))));
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
    part("shown").textContent = this.samples.name ? `${some} · ${this.selection.chosen.size.toLocaleString("en")} chosen` : "";
    part("empty").hidden = shown > 0;
    part("empty").textContent = this.samples.name ? (all ? "No sample is like that. Clear the filter to see all." : "Nothing is made yet.") : "Order a set at the left, plan it, and make it. Its samples appear here as they are made.";
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
    this.saving = (this.saving || Promise.resolve()).then(() => this.trying(async () => {
      await work();
    }).then(() => this.trying(async () => {
      this.samples.forget();
      await this.refresh();
      this.samples.told();
    })));
  }

  act(path, body = {}) {
    this.trying(async () => {
      await this.samples.post(path, body);
      this.watch();
      await this.refresh();
    });
  }

  edit() {
    const { number } = this.selection;
    if (this.samples.details.has(number)) this.trying(() => openInEditor(this.studio, this.samples, number));
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
    const [file] = part("report").files;
    part("report").value = "";
    if (!file) return;
    this.trying(async () => {
      const told = await file.text().then(JSON.parse).catch(() => {
        throw new Error("Expected what `echo-studio evaluate privacy --json` printed, got another file.");
      });
      await this.samples.post("privacy", told);
      this.samples.forget();
      await this.refresh();
      await this.find();
    });
  }

  /** The first press asks, the second one does it. */
  remove() {
    if (part("remove").dataset.sure) {
      this.calm();
      this.trying(async () => {
        await this.link.json(this.samples.path, { method: "DELETE" });
        await this.list();
        await this.open(NEW_SET);
      });
    } else {
      part("remove").dataset.sure = "yes";
      part("remove").textContent = `Really delete ${this.samples.name}?`;
    }
  }

  calm() {
    delete part("remove").dataset.sure;
    part("remove").textContent = "Delete set";
  }
}

beginTab("echoStudioDataset", (studio, signal) => {
  const tab = new DatasetTab(studio);
  new DatasetKeys(tab, signal);
  return tab;
});
