// The keyboard of the Data set tab, while it is shown and nobody types.

import { pressDatasetKey } from "./key_bindings.js";

export class DatasetKeys {
  constructor(tab, signal) {
    this.tab = tab;
    window.addEventListener("keydown", (event) => this.down(event), { signal });
  }

  down(event) {
    const { target } = event;
    const { tab } = this;
    if (tab.root.offsetParent === null || event.altKey || document.querySelector("dialog:modal")) return;
    const on = (what) => target instanceof Element && Boolean(target.closest(what));
    if (on("select, textarea, input:not([type=checkbox], [type=range])")) return;
    const place = { inGrid: target === document.body || on("[data-ds=grid]"), onSlider: on("[type=range]"), inForm: target instanceof Node && tab.form.form.contains(target) };
    if (!pressDatasetKey(tab, event, place)) return;
    event.preventDefault();
    event.stopPropagation();
  }
}
