// The keyboard of the Video tab, while it is shown and nobody types.

import { pressVideoKey } from "./key_bindings.js";

export class VideoKeys {
  constructor(tab, signal) {
    this.tab = tab;
    window.addEventListener("keydown", (event) => this.down(event), { signal });
  }

  typing({ target, key }) {
    if (!(target instanceof Element)) return false;
    if (target.closest("select")) return true;
    if (key === "Escape") return false;
    const input = target.closest("input");
    // A field for numbers has no use for letters, so after typing a seed G generates at once.
    if (input && (input.type === "number" || input.inputMode === "numeric") && /^[a-df-z]$/i.test(key)) return false;
    return Boolean(input) && !["range", "checkbox"].includes(input.type);
  }

  down(event) {
    if (this.tab.root.offsetParent === null || event.ctrlKey || event.metaKey || event.altKey || this.typing(event)) return;
    const on = (what) => event.target instanceof Element && Boolean(event.target.closest(what));
    const place = { onSlider: on("input[type=range]"), onScrubber: on("[data-vid=scrub]"), onButton: on("button, input[type=checkbox]"), onTabs: on("[role=tab]") };
    if (pressVideoKey(this.tab, event, place)) event.preventDefault();
  }
}
