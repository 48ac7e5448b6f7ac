// Keys of the Compare tab, while it is shown and nobody types.

const PAN_STEP = 0.1; // of a tile

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
    if (target instanceof Element && target.closest("select, input:not([type=range], [type=checkbox])")) return;
    const { tab } = this;
    const key = event.key.toLowerCase();
    const acts = {
      g: () => tab.run(),
      escape: () => tab.cancel(),
      h: () => tab.lens.fit(),
      d: () => tab.setMode(tab.grid.mode === "frames" ? "difference" : "frames"),
      "+": () => tab.lens.zoomAt(0, 0, 1.25),
      "=": () => tab.lens.zoomAt(0, 0, 1.25),
      "-": () => tab.lens.zoomAt(0, 0, 0.8),
    };
    const steps = { arrowleft: [1, 0], arrowright: [-1, 0], arrowup: [0, 1], arrowdown: [0, -1] }[key];
    if (event.code === "Backquote") tab.hold(true, "all");
    else if (steps && target instanceof Element && target.closest(".cmp-picture")) tab.lens.pan(...steps.map((step) => step * PAN_STEP));
    else if (acts[key] && !event.repeat) acts[key]();
    else return;
    event.preventDefault();
  }
}
