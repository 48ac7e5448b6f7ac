// The four view slots, and the volumes and EF of what they hold. The canvas counts for its own slot while that is empty.

import { LABELS } from "../../common/labels.js";
import { Newest } from "../../common/newest.js";
import { SLOT_NAMES } from "../../common/slots.js";
import { LabelRaster } from "../panes/label_raster.js";
import { measureRow } from "./measure_row.js";
import { settleTool } from "./proposal.js";
import { drawWithin } from "./tray.js";

export class SlotView {
  constructor(panel, slots, editor, settings, link) {
    this.panel = panel;
    this.slots = slots;
    this.editor = editor;
    this.settings = settings;
    this.link = link;
    this.open = false;
    this.box = panel.querySelector("[data-part=slots]");
    this.keep = panel.querySelector("[data-act=keep]");
    this.newest = new Newest((pages) => this.requestPair(pages), (pair) => this.showPair(pair), (problem) => this.showPair({ measurements: [], notes: [problem.message] }), 250);
    this.keep.addEventListener("click", () => {
      settleTool(editor);
      slots.set(this.current, editor.document);
    });
    slots.listeners.add(() => this.refresh());
    settings.listeners.add((changes) => ("view" in changes || "phase" in changes) && this.refresh());
    this.box.addEventListener("click", ({ target }) => {
      const button = target.closest("button");
      if (button && button.dataset.clear) slots.set(button.dataset.clear, null);
      else if (button && slots.get(button.dataset.slot)) this.reopen(button.dataset.slot);
    });
  }

  /** The slot that the map on the canvas belongs to. */
  get current() {
    const { view, phase } = this.settings.values;
    return `${view}-${phase}`;
  }

  reopen(name) {
    settleTool(this.editor);
    const [view, phase] = name.split("-");
    this.settings.set({ view, phase });
    this.editor.document.open(this.slots.get(name), { tool: "open", what: "slot", name });
  }

  /** After the canvas, a slot or the view has changed. */
  refresh() {
    if (!this.open) return;
    this.keep.textContent = `Keep this map as ${this.current.replace("-", " ")}`;
    this.box.replaceChildren(...SLOT_NAMES.map((name) => this.slot(name)));
    const { document: map } = this.editor;
    const filled = this.slots.export();
    const pages = filled.some(({ name }) => name === this.current) ? filled : [...filled, { name: this.current, ...map.page }];
    // Of the canvas alone everything is shown above.
    if (filled.length) this.newest.request(pages);
    else {
      this.newest.drop();
      this.showPair({ measurements: [], notes: ["Keep the maps of both phases of a view to get its EF, of both views for the biplane one."] });
    }
  }

  async requestPair(pages) {
    const slots = pages.map(({ name, width, height, spacing }) => ({ name, width, height, spacing }));
    const body = new Blob(pages.map(({ ids }) => ids));
    return (await this.link.request(`/pair?${new URLSearchParams({ slots: JSON.stringify(slots) })}`, { method: "POST", body })).json();
  }

  showPair({ measurements, notes }) {
    this.panel.querySelector("[data-part=pair]").replaceChildren(...measurements.map(measureRow));
    const lines = notes.map((words) => Object.assign(document.createElement("p"), { className: "facts", textContent: words }));
    this.panel.querySelector("[data-part=pair-notes]").replaceChildren(...lines);
  }

  slot(name) {
    const page = this.slots.get(name);
    const words = name.replace("-", " ");
    const slot = Object.assign(document.createElement("div"), { className: "slot" });
    slot.classList.toggle("current", name === this.current);
    const open = Object.assign(document.createElement("button"), { type: "button", disabled: !page });
    open.dataset.slot = name;
    open.title = page ? `Open the map that is kept as ${words}; one step of the history` : `${words}: no map is kept`;
    open.setAttribute("aria-label", page ? `Open ${words}` : `${words}, empty`);
    if (page) open.append(slotPicture(page));
    open.append(Object.assign(document.createElement("span"), { textContent: words }));
    slot.append(open);
    if (page) {
      const clear = Object.assign(document.createElement("button"), { type: "button", className: "clear", textContent: "×", title: `Forget the map that is kept as ${words}` });
      clear.setAttribute("aria-label", `Clear ${words}`);
      clear.dataset.clear = name;
      slot.append(clear);
    }
    return slot;
  }
}

/** A small picture of a map in the colours of the labels. */
function slotPicture({ ids, width, height }) {
  const raster = new LabelRaster(LABELS.map(({ colour }) => [...colour, 255]));
  raster.update(ids, width, height, null);
  const picture = Object.assign(document.createElement("canvas"), { width: 64, height: 64 });
  drawWithin(picture, raster.canvas);
  return picture;
}
