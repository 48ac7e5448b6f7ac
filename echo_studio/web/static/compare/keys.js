// The keyboard of the Compare tab, while it is shown and nobody types.

import { pressCompareKey } from "./key_bindings.js";

export class CompareKeys {
  constructor(tab, signal) {
    this.tab = tab;
    window.addEventListener("keydown", (event) => this.down(event), { signal });
    window.addEventListener("keyup", (event) => event.code === "Backquote" && tab.hold(false), { signal });
    window.addEventListener("blur", () => tab.hold(false), { signal });
  }

  down(event) {
    const { target } = event;
    if (this.tab.root.offsetParent === null || event.ctrlKey || event.metaKey || event.altKey) return;
    const on = (what) => target instanceof Element && Boolean(target.closest(what));
    if (on("select, input:not([type=range], [type=checkbox])")) return;
    if (pressCompareKey(this.tab, event, { onPicture: on(".cmp-picture") })) event.preventDefault();
  }
}
