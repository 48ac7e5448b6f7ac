// Puts the Compare tab together inside its gr.HTML component. The Edit tab's object has the canvas, the settings and the
// way to the server, which this tab uses as well.

import { fillSelect } from "../common/dom.js";
import { readMap } from "../common/link.js";
import { mountTab } from "../common/mount_tab.js";
import { openInEditor } from "../common/open_in_editor.js";
import { holds } from "./cell.js";
import { drawLegend } from "./difference.js";
import { CompareGrid, ORDERS } from "./grid.js";
import { CompareKeys } from "./keys.js";
import { Lens } from "./lens.js";
import { MOST_CELLS, PlanForm } from "./plan_form.js";
import { sameWords, shareOf, stateWords } from "./words.js";

const CAPTION = 112; // CSS pixels beneath a picture
const LEAST_TILE = 150;
const READABLE_TILE = 216; // where a lack of height alone would make them smaller
const NARROW_TILE = 192; // below it captions need smaller letters

class CompareTab {
  constructor(root, studio) {
    this.root = root;
    this.part = (name) => root.querySelector(`[data-cmp=${name}]`);
    this.studio = studio;
    this.link = studio.link;
    this.reference = 0;
    this.turn = 0;
    this.lens = new Lens();
    this.form = new PlanForm(this.root, studio);
    this.grid = new CompareGrid(this.root, this.link, this.lens, {
      reference: (number) => this.setReference(number),
      hold: (on, number) => this.hold(on, number),
      open: (number) => this.trying(() => this.open(this.grid.cells[number])),
      say: (words) => this.say(words),
      range: (range) => drawLegend(this.part("legend"), range),
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
    this.studio.settings.renewals.addEventListener("renew", () => this.trying(renew), { signal });
    const told = await this.link.json("/comparisons");
    if (!told.comparison) return;
    this.form.restore(told.order);
    this.trying(() => this.follow(told));
  }

  listen() {
    fillSelect(this.part("order"), ORDERS);
    this.part("run").addEventListener("click", () => this.run());
    this.part("cancel").addEventListener("click", () => this.cancel());
    this.part("frames").addEventListener("click", () => this.setMode("frames"));
    this.part("difference").addEventListener("click", () => this.setMode("difference"));
    holds(this.part("hold"), (on) => this.hold(on, "all"));
    this.part("order").addEventListener("change", () => {
      this.grid.order = this.part("order").value;
      if (this.told) this.grid.update(this.told);
    });
    this.part("size").addEventListener("input", () => this.setSize(Number(this.part("size").value)));
    this.part("fit").addEventListener("click", () => this.lens.fit());
    this.lens.listeners.add(() => (this.part("zoom").textContent = `${Math.round(100 * this.lens.zoom)} %`));
    for (const button of this.root.querySelectorAll("[data-file]")) {
      button.addEventListener("click", () => this.trying(() => this.link.download(
        `/comparisons/${this.told.comparison}/download/${button.dataset.file}?reference=${this.reference}`,
      )));
    }
  }

  get running() {
    return Boolean(this.told) && ["waiting", "running"].includes(this.told.state);
  }

  say(words) {
    this.part("problem").textContent = words;
    this.part("problem").hidden = !words;
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
    this.part("count").textContent = this.form.tooMany ? `${words}: at most ${MOST_CELLS} can be compared. Take some away.` : words;
    this.part("count").classList.toggle("problem", this.form.tooMany);
    this.part("run").disabled = this.form.tooMany || rows * columns === 0;
    this.part("cancel").disabled = !this.running || this.told.stopping;
    for (const button of this.root.querySelectorAll("[data-file]")) button.disabled = !this.told;
  }

  run() {
    if (this.part("run").disabled) return;
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
      const path = `/comparisons/${this.told.comparison}?reference=${this.reference}`;
      let next = await this.link.events.after(this.told, path);
      // Events have the figures against the first cell.
      if (turn === this.turn && next.reference !== this.reference) next = await this.link.json(path);
      if (turn === this.turn) this.show(next);
    }
  }

  begin(told) {
    this.told = told;
    this.fitSize();
    this.part("same").textContent = sameWords(told.cells);
    this.grid.begin(told);
    this.show(told);
  }

  show(told) {
    if (told.reference !== this.reference) return; // another one was chosen while this was on its way
    this.told = told;
    this.grid.update(told);
    const share = Math.round((100 * told.cells.reduce((sum, cell) => sum + shareOf(cell), 0)) / told.cells.length);
    this.part("bar").dataset.state = told.state;
    this.part("bar").setAttribute("aria-valuenow", share);
    this.part("bar").querySelector("i").style.width = `${share}%`;
    this.part("state").textContent = stateWords(told);
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

  /** A cell goes back to the Edit tab. */
  async open({ number, told, tile: { bitmap } }) {
    const map = await readMap(await this.link.request(`/comparisons/${this.told.comparison}/cells/${number}/label-map`));
    const { view, phase, generator, solver, nfe, seed, schedule, guidance } = told.settings;
    const settings = { view, phase, generator, solver, nfe, seed, schedule, guidance };
    openInEditor(this.studio, { map, what: "compared map", settings, bitmap });
  }

  setMode(mode) {
    this.grid.mode = mode;
    for (const name of ["frames", "difference"]) this.part(name).setAttribute("aria-pressed", String(name === mode));
    this.part("legend").hidden = mode !== "difference";
    this.grid.differences.clear();
    this.grid.redraw();
  }

  hold(on, number) {
    this.grid.held = on ? number : null;
    this.part("hold").classList.toggle("held", on && number === "all");
    this.grid.redraw();
  }

  setSize(side) {
    this.root.style.setProperty("--tile", `${side}px`);
    this.root.classList.toggle("narrow", side < NARROW_TILE);
    this.part("size").value = side;
    this.grid.redraw();
  }

  // Everything on one screen, within reason.
  fitSize() {
    const { clientWidth, clientHeight } = this.part("cells");
    const wide = Math.floor((clientWidth - 120) / this.told.columns.values.length) - 10;
    const high = Math.floor((clientHeight - 42) / this.told.rows.values.length) - CAPTION;
    this.setSize(Math.min(480, Math.max(LEAST_TILE, Math.min(wide, Math.max(READABLE_TILE, high)))));
  }
}

/** Mount the tab inside its gr.HTML component, whose `element` it is. */
export function mount({ element }) {
  const root = element.querySelector("[data-cmp=root]");
  return mountTab("compare", root, (studio, signal) => {
    const tab = new CompareTab(root, studio);
    new CompareKeys(tab, signal);
    return tab;
  });
}
