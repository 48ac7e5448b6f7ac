// Keys of the Video tab, while it is shown and nobody types. A key does what a button does.

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
    const { tab } = this;
    const { clock, stage, transport } = tab;
    const { target } = event;
    const on = (what) => target instanceof Element && Boolean(target.closest(what));
    const key = event.key.toLowerCase();
    // Sliders have their own use for arrows, buttons for Space; the scrubber's arrows step frames all the same.
    const slides = on("input[type=range]");
    const steps = { arrowleft: -1, arrowright: 1 }[key];
    const acts = {
      g: () => tab.generate(),
      escape: () => tab.cancel(),
      r: () => tab.sampling.newSeed(),
      u: () => tab.keyframes.take(),
      o: () => tab.setOverlay(!stage.overlay.on),
      m: () => stage.setMMode(!stage.mmode),
      k: () => (event.shiftKey ? stage.unpin() : stage.pin()),
      l: () => transport.setLoop(!clock.loop),
      ",": () => transport.faster(-1),
      ".": () => transport.faster(1),
    };
    if (key === " ") {
      if (on("button, input[type=checkbox]")) return;
      if (stage.leading && !event.repeat) clock.play();
    } else if (steps && (!slides || on("[data-vid=scrub]"))) {
      if (on("[role=tab]")) return;
      if (stage.leading) clock.step(steps);
    } else if ((key === "home" || key === "end") && !slides) {
      if (key === "home") clock.seek(0);
      else transport.toEs();
    } else if (acts[key]) {
      if (!event.repeat) acts[key]();
    } else return;
    event.preventDefault();
  }
}
