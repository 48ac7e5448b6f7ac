// Keys of the Data set tab, while it is shown and nobody types.

export class DatasetKeys {
  constructor(tab, signal) {
    this.tab = tab;
    window.addEventListener("keydown", (event) => this.down(event), { signal });
  }

  down(event) {
    const { target, altKey } = event;
    const { tab } = this;
    if (this.tab.root.offsetParent === null || altKey || document.querySelector("dialog:modal")) return;
    if (target instanceof Element && target.closest("select, textarea, input:not([type=checkbox], [type=range])")) return;
    const key = event.key.toLowerCase();
    const control = event.ctrlKey || event.metaKey;
    const acts = control ? { z: () => tab.curation.undo(), a: () => tab.selection.all() } : this.acts();
    const { columns, perPage } = tab.tiles;
    const steps = { arrowleft: -1, arrowright: 1, arrowup: -columns, arrowdown: columns, pageup: -perPage, pagedown: perPage, home: -Infinity, end: Infinity };
    const inGrid = target === document.body || (target instanceof Element && target.closest("[data-ds=grid]"));
    if (steps[key] !== undefined && inGrid && !tab.pair.open) {
      if (target instanceof Element && target.closest("[type=range]")) return;
      tab.move(steps[key], event.shiftKey);
    } else if (acts[key] && !tab.form.form.contains(target)) {
      if (key !== "z" && event.repeat && "ertcl".includes(key)) return;
      acts[key]();
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }

  acts() {
    const { tab } = this;
    return {
      k: () => tab.curation.decide("keep"),
      x: () => tab.curation.decide("reject"),
      u: () => tab.curation.decide(""),
      t: () => tab.detail.tag.focus(),
      r: () => tab.detail.reason.focus(),
      e: () => tab.edit(),
      c: () => tab.comparePair(),
      l: () => tab.outline(),
      escape: () => (tab.pair.open ? tab.pair.close() : tab.selection.none()),
    };
  }
}
