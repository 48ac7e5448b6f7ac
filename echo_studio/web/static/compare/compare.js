// Puts the Compare tab together inside its gr.HTML component. The Edit tab's object has the canvas, the settings and the
// way to the server, which this tab uses as well.

const root = element.querySelector("[data-cmp=root]");
const CAPTION = 112; // CSS pixels beneath a picture
const LEAST_TILE = 150;
const READABLE_TILE = 216; // where a lack of height alone would make them smaller
const NARROW_TILE = 192; // below it captions need smaller letters
const part = (name) => root.querySelector(`[data-cmp=${name}]`);

class CompareTab {
  constructor(studio) {
    this.studio = studio;
    this.link = studio.link;
    this.reference = 0;
    this.turn = 0;
    this.lens = new Lens();
    this.form = new PlanForm(root, studio);
    this.grid = new CompareGrid(root, this.link, this.lens, {
      reference: (number) => this.setReference(number),
      hold: (on, number) => this.hold(on, number),
      open: (number) => this.trying(() => openInEditor(studio, this.told.comparison, this.grid.cells[number], this.grid.cells[number].tile.bitmap)),
      say: (words) => this.say(words),
      range: (range) => drawLegend(part("legend"), range),
    });
    this.form.listeners.add(() => {
      this.say("");
      this.refresh();
    });
    this.listen();
  }

  async enter(signal) {
    this.form.offer(await this.link.json("/catalog"));
    const renew = async () => this.form.renew((await this.link.json("/catalog")).generators);
    window.addEventListener("echo-studio:generators", () => this.trying(renew), { signal });
    const told = await this.link.json("/comparisons");
    if (!told.comparison) return;
    this.form.restore(told.order);
    this.trying(() => this.follow(told));
  }

  listen() {
    options(part("order"), ORDERS);
    part("run").addEventListener("click", () => this.run());
    part("cancel").addEventListener("click", () => this.cancel());
    part("frames").addEventListener("click", () => this.setMode("frames"));
    part("difference").addEventListener("click", () => this.setMode("difference"));
    holds(part("hold"), (on) => this.hold(on, "all"));
    part("order").addEventListener("change", () => {
      this.grid.order = part("order").value;
      if (this.told) this.grid.update(this.told);
    });
    part("size").addEventListener("input", () => this.setSize(Number(part("size").value)));
    part("fit").addEventListener("click", () => this.lens.fit());
    this.lens.listeners.add(() => (part("zoom").textContent = `${Math.round(100 * this.lens.zoom)} %`));
    for (const button of root.querySelectorAll("[data-file]")) {
      button.addEventListener("click", () => this.trying(() => this.link.download(
        `/comparisons/${this.told.comparison}/download/${button.dataset.file}?reference=${this.reference}`,
      )));
    }
  }

  get running() {
    return Boolean(this.told) && ["waiting", "running"].includes(this.told.state);
  }

  say(words) {
    part("problem").textContent = words;
    part("problem").hidden = !words;
  }

  async trying(work) {
    this.say("");
    try {
      await work();
    } catch (problem) {
      this.say(problem.message);
    }
  }

  refresh() {
    const [rows, columns] = this.form.size;
    const words = `${rows} × ${columns} = ${rows * columns} cells`;
    part("count").textContent = this.form.tooMany ? `${words}: at most ${MOST_CELLS} can be compared. Take some away.` : words;
    part("count").classList.toggle("problem", this.form.tooMany);
    part("run").disabled = this.form.tooMany || rows * columns === 0;
    part("cancel").disabled = !this.running || this.told.stopping;
    for (const button of root.querySelectorAll("[data-file]")) button.disabled = !this.told;
  }

  run() {
    if (part("run").disabled) return;
    this.trying(async () => {
      const revision = await this.link.flush();
      const told = await this.link.json("/comparisons", { method: "POST", body: this.form.order(revision) });
      this.reference = 0;
      await this.follow(told);
    });
  }

  /** Show a comparison until it has ended or another one is shown. */
  async follow(told) {
    const turn = ++this.turn;
    this.begin(told);
    while (turn === this.turn && this.running) {
      const { comparison, stamp } = this.told;
      const next = await this.link.json(`/comparisons/${comparison}?seen=${stamp}&reference=${this.reference}`);
      if (turn === this.turn) this.show(next);
    }
  }

  begin(told) {
    this.told = told;
    this.fitSize();
    part("same").textContent = sameWords(told.cells);
    this.grid.begin(told);
    this.show(told);
  }

  show(told) {
    if (told.reference !== this.reference) return; // another one was chosen while this was on its way
    this.told = told;
    this.grid.update(told);
    const share = Math.round((100 * told.cells.reduce((sum, cell) => sum + shareOf(cell), 0)) / told.cells.length);
    part("bar").dataset.state = told.state;
    part("bar").setAttribute("aria-valuenow", share);
    part("bar").querySelector("i").style.width = `${share}%`;
    part("state").textContent = stateWords(told);
    this.refresh();
  }

  async cancel() {
    if (!this.running) return;
    await this.trying(() => this.link.json(`/comparisons/${this.told.comparison}/cancel`, { method: "POST" }));
  }

  setReference(number) {
    this.reference = number;
    const { comparison } = this.told;
    this.trying(async () => {
      const told = await this.link.json(`/comparisons/${comparison}?reference=${number}`);
      if (this.told.comparison === comparison) this.show(told);
    });
  }

  setMode(mode) {
    this.grid.mode = mode;
    for (const name of ["frames", "difference"]) part(name).setAttribute("aria-pressed", String(name === mode));
    part("legend").hidden = mode !== "difference";
    this.grid.differences.clear();
    this.grid.redraw();
  }

  hold(on, number) {
    this.grid.held = on ? number : null;
    part("hold").classList.toggle("held", on && number === "all");
    this.grid.redraw();
  }

  setSize(side) {
    root.style.setProperty("--tile", `${side}px`);
    root.classList.toggle("narrow", side < NARROW_TILE);
    part("size").value = side;
    this.grid.redraw();
  }

  // Everything on one screen, within reason.
  fitSize() {
    const { clientWidth, clientHeight } = part("cells");
    const wide = Math.floor((clientWidth - 120) / this.told.columns.values.length) - 10;
    const high = Math.floor((clientHeight - 42) / this.told.rows.values.length) - CAPTION;
    this.setSize(Math.min(480, Math.max(LEAST_TILE, Math.min(wide, Math.max(READABLE_TILE, high)))));
  }
}

beginTab("echoStudioCompare", (studio, signal) => {
  const tab = new CompareTab(studio);
  new CompareKeys(tab, signal);
  return tab;
});
