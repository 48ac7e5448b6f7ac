// Puts the Compare tab together inside its gr.HTML component. The Edit tab's object has the canvas, the settings and the
// way to the server, which this tab uses as well.

import { sampledWith } from "../canvas/panels/generation_settings.js";
import { fillSelect } from "../common/dom.js";
import { readMap } from "../common/link.js";
import { mountTab } from "../common/mount_tab.js";
import { openInEditor } from "../common/open_in_editor.js";
import { Tab } from "../common/tab.js";
import { holds } from "./cell.js";
import { drawLegend } from "./difference.js";
import { CompareGrid } from "./grid.js";
import { CompareKeys } from "./keys.js";
import { Lens } from "./lens.js";
import { ComparePlan } from "./plan.js";
import { PlanForm } from "./plan_form.js";
import { RANKINGS } from "./ranking.js";
import { ComparisonRun } from "./run.js";
import { tileSide } from "./tile_size.js";
import { sameWords, shareOf, stateWords } from "./words.js";

const NARROW_TILE = 192; // below it captions need smaller letters

class CompareTab extends Tab {
  constructor(root, studio) {
    super(root, "data-cmp", studio);
    this.comparison = new ComparisonRun(this.link, { begin: (status) => this.begin(status), show: (status) => this.show(status) });
    this.lens = new Lens();
    this.plan = new ComparePlan(studio);
    this.form = new PlanForm(this.root, this.plan, () => {
      this.say("");
      this.refresh();
    });
    this.grid = new CompareGrid(this.root, this.link, studio.display, this.lens, {
      reference: (number) => this.trying(() => this.comparison.setReference(number)),
      hold: (on, number) => this.hold(on, number),
      open: (number) => this.trying(() => this.open(this.grid.cells[number])),
      say: (words) => this.say(words),
      range: (range) => drawLegend(this.part("legend"), range),
    });
    this.listen();
  }

  async enter(signal) {
    this.form.offer(await this.link.json("/catalog"));
    const renew = async () => this.form.renew((await this.link.json("/catalog")).generators);
    this.studio.settings.renewals.addEventListener("renew", () => this.trying(renew), { signal });
    const status = await this.link.json("/comparisons");
    if (!status.comparison) return;
    this.form.restore(status.order);
    this.trying(() => this.comparison.follow(status));
  }

  listen() {
    fillSelect(this.part("order"), RANKINGS);
    this.part("run").addEventListener("click", () => this.run());
    this.part("cancel").addEventListener("click", () => this.cancel());
    this.part("frames").addEventListener("click", () => this.setMode("frames"));
    this.part("difference").addEventListener("click", () => this.setMode("difference"));
    holds(this.part("hold"), (on) => this.hold(on, "all"));
    this.part("order").addEventListener("change", () => {
      this.grid.ranking = this.part("order").value;
      if (this.status) this.grid.update(this.status);
    });
    this.part("size").addEventListener("input", () => this.setSize(Number(this.part("size").value)));
    this.part("fit").addEventListener("click", () => this.lens.fit());
    this.lens.listeners.add(() => (this.part("zoom").textContent = `${Math.round(100 * this.lens.zoom)} %`));
    for (const button of this.root.querySelectorAll("[data-file]")) {
      button.addEventListener("click", () => this.trying(() => this.link.download(
        `${this.comparison.path}/download/${button.dataset.file}?reference=${this.comparison.reference}`,
      )));
    }
  }

  /** What the server says of the comparison that is shown, or null. */
  get status() {
    return this.comparison.status;
  }

  refresh() {
    const { plan } = this;
    this.part("count").textContent = plan.countWords;
    this.part("count").classList.toggle("problem", plan.tooMany);
    this.part("run").disabled = !plan.canRun;
    this.part("cancel").disabled = !this.comparison.running || this.status.stopping;
    for (const button of this.root.querySelectorAll("[data-file]")) button.disabled = !this.status;
  }

  run() {
    if (this.part("run").disabled) return;
    this.trying(async () => {
      const revision = await this.link.flush();
      await this.comparison.start(this.plan.request(revision));
    });
  }

  begin(status) {
    this.fitSize();
    this.part("same").textContent = sameWords(status.cells);
    this.grid.begin(status);
  }

  show(status) {
    this.grid.update(status);
    const share = Math.round((100 * status.cells.reduce((sum, cell) => sum + shareOf(cell), 0)) / status.cells.length);
    this.part("bar").dataset.state = status.state;
    this.part("bar").setAttribute("aria-valuenow", share);
    this.part("bar").querySelector("i").style.width = `${share}%`;
    this.part("state").textContent = stateWords(status);
    this.refresh();
  }

  cancel() {
    if (this.comparison.running) this.trying(() => this.comparison.cancel());
  }

  /** A cell goes back to the Edit tab. */
  async open({ number, status, tile: { bitmap } }) {
    const map = await readMap(await this.link.request(`${this.comparison.path}/cells/${number}/label-map`));
    const { view, phase } = status.settings;
    const settings = { view, phase, ...sampledWith(status.settings) };
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
    this.grid.swapped = on ? number : null;
    this.part("hold").classList.toggle("held", on && number === "all");
    this.grid.redraw();
  }

  setSize(side) {
    this.root.style.setProperty("--tile", `${side}px`);
    this.root.classList.toggle("narrow", side < NARROW_TILE);
    this.part("size").value = side;
    this.grid.redraw();
  }

  fitSize() {
    const { clientWidth, clientHeight } = this.part("cells");
    const { rows, columns } = this.status;
    this.setSize(tileSide(clientWidth, clientHeight, { rows: rows.values.length, columns: columns.values.length }));
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
