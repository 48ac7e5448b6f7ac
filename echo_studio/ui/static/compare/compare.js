// Puts the Compare tab together inside its gr.HTML component. The Edit tab's object has the canvas, the settings and the
// way to the server, which this tab uses as well.

const root = element.querySelector("[data-cmp=root]");
const CAPTION = 112; // CSS pixels beneath a picture
const LEAST_TILE = 150;
const READABLE_TILE = 196; // where a lack of height alone would make them smaller
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

  async enter() {
    this.form.offer(await this.link.json("/catalog"));
    const told = await this.link.json("/comparisons");
    if (told.comparison) this.follow(told);
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
    const { cells, state, ahead } = told;
    const ended = cells.filter((cell) => !["waiting", "running"].includes(cell.state)).length;
    const failed = cells.filter((cell) => cell.state === "failed").length;
    const share = Math.round((100 * cells.reduce((sum, cell) => sum + shareOf(cell), 0)) / cells.length);
    part("bar").dataset.state = state;
    part("bar").setAttribute("aria-valuenow", share);
    part("bar").querySelector("i").style.width = `${share}%`;
    const some = failed ? ` · ${failed} failed` : "";
    const done = cells.filter((cell) => cell.state === "done").length;
    part("state").textContent = {
      waiting: ahead ? `Waiting: ${ahead} ahead` : "Starting …",
      running: told.stopping ? "Stopping after this NFE …" : `Cell ${Math.min(ended + 1, cells.length)} of ${cells.length}${some}`,
      done: `${done} of ${cells.length} cells done${some}`,
      cancelled: `Cancelled: ${done} of ${cells.length} cells done${some}`,
      failed: told.message,
    }[state];
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

  /** Keys while the tab is shown and nobody types. */
  key(event) {
    const { target } = event;
    if (root.offsetParent === null || event.ctrlKey || event.metaKey || event.altKey) return;
    if (target instanceof Element && target.closest("select, input:not([type=range], [type=checkbox])")) return;
    const key = event.key.toLowerCase();
    const acts = {
      g: () => this.run(),
      escape: () => this.cancel(),
      h: () => this.lens.fit(),
      d: () => this.setMode(this.grid.mode === "frames" ? "difference" : "frames"),
      "+": () => this.lens.zoomAt(0, 0, 1.25),
      "=": () => this.lens.zoomAt(0, 0, 1.25),
      "-": () => this.lens.zoomAt(0, 0, 0.8),
    };
    const steps = { arrowleft: [1, 0], arrowright: [-1, 0], arrowup: [0, 1], arrowdown: [0, -1] }[key];
    if (event.code === "Backquote") this.hold(true, "all");
    else if (steps && target instanceof Element && target.closest(".cmp-picture")) this.lens.pan(steps[0] / 10, steps[1] / 10);
    else if (acts[key] && !event.repeat) acts[key]();
    else return;
    event.preventDefault();
  }
}

/** How far a cell is, 0 to 1. */
function shareOf({ state, nfe, settings }) {
  if (state === "running") return nfe / settings.nfe;
  return state === "waiting" ? 0 : 1;
}

/** What is the same in every cell, in one line. */
function sameWords(cells) {
  const words = {
    label_map: (name) => name,
    view: String,
    phase: String,
    generator: String,
    solver: String,
    schedule: (name) => name && `schedule ${name}`,
    nfe: (nfe) => `${nfe} NFE`,
    seed: (seed) => `seed ${seed}`,
    guidance: (scale) => scale > 0 && `guidance ${scale}`,
  };
  const shared = Object.keys(words).filter((name) => cells.every(({ settings }) => settings[name] === cells[0].settings[name]));
  return shared.map((name) => words[name](cells[0].settings[name])).filter(Boolean).join(" · ");
}

// One page may build the tab twice (a reconnect): the older one must fall silent.
if (window.echoStudioCompare) window.echoStudioCompare.signal.abort();
const silence = new AbortController();

let tab = null;
function begin() {
  const studio = window.echoStudio;
  if (tab || silence.signal.aborted) return;
  if (!props.value?.token || !studio || studio.document.revision < 0) {
    setTimeout(begin, 100); // the Edit tab opens the project first
    return;
  }
  tab = new CompareTab(studio);
  const { signal } = silence;
  window.addEventListener("keydown", (event) => tab.key(event), { signal });
  window.addEventListener("keyup", (event) => event.code === "Backquote" && tab.hold(false), { signal });
  window.addEventListener("blur", () => tab.hold(false), { signal });
  tab.enter().then(() => (root.dataset.ready = "yes"), (problem) => tab.say(problem.message));
  window.echoStudioCompare = { tab, signal: silence };
}
window.echoStudioCompare = { tab: null, signal: silence };
begin();
watch("value", begin);
