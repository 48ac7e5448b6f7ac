// The two label maps that a video is made from, without the page: end diastole from the canvas, end systole from there, from
// a slot, or shaped by the motion.

export class Keyframes {
  /**
   * @param studio of the Edit tab: its document, slots and settings
   * @param onChange is called when another heart is taken
   */
  constructor({ document, slots, settings }, onChange) {
    this.document = document;
    this.slots = slots;
    this.settings = settings;
    this.onChange = onChange;
    this.ed = null; // {ids, width, height, spacing}
    this.es = null;
    this.view = "4CH";
    this.revision = -1; // of the canvas that was taken
    this.source = ""; // of end systole: "" for the motion, "canvas", "slot:NAME", or "kept" for what was taken before
    this.version = 0; // counts every change of the two maps
    this.listeners = new Set(); // something here is to be shown anew
    slots.listeners.add(() => this.notify());
    document.listeners.add((_box, settled) => settled && this.notify());
    settings.listeners.add((changes) => "view" in changes && this.notify());
  }

  /** The canvas is not the heart that was taken any more. */
  get stale() {
    return this.revision !== this.document.revision || this.view !== this.settings.values.view;
  }

  /** Take the canvas as end diastole. An end systole of another size would not fit: the motion shapes it again. */
  take() {
    this.ed = copiedMap(this.document);
    this.view = this.settings.values.view;
    this.revision = this.document.revision;
    this.version += 1;
    if (this.es && (this.es.width !== this.ed.width || this.es.height !== this.ed.height)) this.setSource("");
    this.notify();
    this.onChange();
  }

  /** Where end systole comes from. */
  choose(source) {
    this.setSource(source);
    this.notify();
    this.onChange();
  }

  setSource(source) {
    this.version += 1;
    if (source === "canvas") this.es = copiedMap(this.document);
    else if (source.startsWith("slot:")) this.es = copiedMap(this.slots.get(source.slice(5)));
    else if (source !== "kept") this.es = null;
    this.source = source === "canvas" ? "kept" : source; // painting on changes nothing here
  }

  /** What a video was made from, before the page was loaded. */
  restore(ed, es, view) {
    Object.assign(this, { ed, es, view, source: es ? "kept" : "" });
    const { ids, width, height, revision } = this.document;
    const same = width === ed.width && height === ed.height && ids.every((id, i) => id === ed.ids[i]);
    this.revision = same ? revision : -1;
    this.notify();
  }

  /** Where end systole can come from: [{name, title}]. */
  get sources() {
    const slots = this.slots.export().map(({ name }) => ({ name: `slot:${name}`, title: `Kept ${name.replace("-", " ")}` }));
    const kept = this.source === "kept" ? [{ name: "kept", title: "As it was drawn" }] : [];
    return [{ name: "", title: "Shaped by the sliders" }, ...kept, { name: "canvas", title: "The map on the canvas now" }, ...slots];
  }

  notify() {
    // A slot may have been cleared meanwhile: what was taken from it stays.
    if (this.source.startsWith("slot:") && !this.slots.get(this.source.slice(5))) this.source = "kept";
    for (const listener of this.listeners) listener();
  }
}

function copiedMap({ ids, width, height, spacing }) {
  return { ids: ids.slice(), width, height, spacing };
}
