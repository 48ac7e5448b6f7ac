// The two label maps that a video is made from: end diastole from the canvas, end systole from there, from a slot, or shaped.

import { fillSelect } from "../common/dom.js";

export class Keyframes {
  constructor(studio, root, onChange) {
    this.studio = studio;
    this.onChange = onChange;
    this.ed = null; // {ids, width, height, spacing}
    this.es = null;
    this.view = "4CH";
    this.revision = -1; // of the canvas that was taken
    this.source = ""; // of end systole
    this.version = 0; // counts every change of the two maps
    this.use = root.querySelector("[data-vid=use]");
    this.select = root.querySelector("[data-vid=es]");
    this.told = root.querySelector("[data-vid=heart]");
    this.use.addEventListener("click", () => this.take());
    this.select.addEventListener("change", () => this.choose(this.select.value));
    studio.slots.listeners.add(() => this.draw());
    studio.document.listeners.add((box, settled) => settled && this.draw());
    studio.settings.listeners.add((changes) => "view" in changes && this.draw());
  }

  /** The canvas is not the heart that was taken any more. */
  get stale() {
    return this.revision !== this.studio.document.revision || this.view !== this.studio.settings.values.view;
  }

  /** Take the canvas as end diastole. An end systole of another heart would not fit: the motion shapes it again. */
  take() {
    this.ed = copiedMap(this.studio.document);
    this.view = this.studio.settings.values.view;
    this.revision = this.studio.document.revision;
    this.version += 1;
    if (this.es && (this.es.width !== this.ed.width || this.es.height !== this.ed.height)) this.choose("", false);
    this.draw();
    this.onChange();
  }

  choose(source, tell = true) {
    this.source = source;
    this.version += 1;
    if (source === "canvas") this.es = copiedMap(this.studio.document);
    else if (source.startsWith("slot:")) this.es = copiedMap(this.studio.slots.get(source.slice(5)));
    else if (source !== "kept") this.es = null;
    if (source === "canvas") this.source = "kept"; // painting on changes nothing here
    this.draw();
    if (tell) this.onChange();
  }

  /** What a video was made from, before the page was loaded. */
  restore(ed, es, view) {
    Object.assign(this, { ed, es, view, source: es ? "kept" : "" });
    const { ids, width, height, revision } = this.studio.document;
    const same = width === ed.width && height === ed.height && ids.every((id, i) => id === ed.ids[i]);
    this.revision = same ? revision : -1;
    this.draw();
  }

  draw() {
    const slots = this.studio.slots.export().map(({ name }) => ({ name: `slot:${name}`, title: `Kept ${name.replace("-", " ")}` }));
    // A slot may have been cleared meanwhile: what was taken from it stays.
    if (this.source.startsWith("slot:") && !slots.some(({ name }) => name === this.source)) this.source = "kept";
    const drawn = this.source === "kept" ? [{ name: "kept", title: "As it was drawn" }] : [];
    fillSelect(this.select, [{ name: "", title: "Shaped by the sliders" }, ...drawn, { name: "canvas", title: "The map on the canvas now" }, ...slots]);
    this.select.value = this.source;
    this.told.textContent = this.ed ? `${this.view} · ${this.ed.width} × ${this.ed.height}` : "";
    this.use.classList.toggle("due", !this.ed || this.stale);
  }
}

function copiedMap({ ids, width, height, spacing }) {
  return { ids: ids.slice(), width, height, spacing };
}
