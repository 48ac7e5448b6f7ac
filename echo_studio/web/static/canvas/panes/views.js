// How the frame is looked at: which view, with what it is compared, how much of the stage it has.

const VIEW_NAMES = ["side", "split", "overlay", "flicker"];
const COMPARISONS = [["labels", "Label map"], ["previous", "Previous frame"], ["pinned", "Pinned frame"], ["original", "Real frame"], ["difference", "Difference"], ["spread", "Spread of seeds"]];
const FLICKER_MS = 500;
const DIVIDER_STEP = 0.02;

export class Views {
  /** `panes` are the edit pane and the result pane, which share a viewport. */
  constructor(root, panes, result) {
    this.root = root;
    this.pane = panes.result;
    this.panes = panes;
    this.result = result;
    this.wide = ""; // "edit" or "result": the pane that has the whole stage
    this.pointed = "result"; // the pane that W makes wide
    this.held = false;
    this.timer = 0;
    this.onSpread = (_page) => {}; // the spread over seeds of a page is to be shown
    this.calm = window.matchMedia("(prefers-reduced-motion: reduce)");
    this.calm.addEventListener("change", () => this.restart());
    for (const name of VIEW_NAMES) this.control("view", name).addEventListener("click", () => this.choose(name));
    for (const name of ["edit", "result"]) {
      this.control("wide", name).addEventListener("click", () => this.widen(name));
      const section = panes[name].surface.closest(".pane");
      for (const kind of ["pointerenter", "focusin"]) section.addEventListener(kind, () => (this.pointed = name));
    }
    this.select = this.part("comparison");
    for (const [name, title] of COMPARISONS) this.select.append(new Option(title, name));
    this.select.addEventListener("change", () => this.compare(this.select.value));
    const opacity = this.part("overlay");
    opacity.addEventListener("input", () => this.setOverlay(opacity.value));
    this.setOverlay(opacity.value);
    this.bindPeek(this.part("peek"));
    this.divider = new Divider(this.part("divider"), this.pane);
    result.listeners.add(() => this.refresh());
    result.onCompare = () => {
      this.compare("pinned");
      if (this.pane.view === "side") this.choose("split");
    };
    result.onOriginal = () => this.compare("original");
    this.refresh();
  }

  part(name) {
    return this.root.querySelector(`[data-part="${name}"]`);
  }

  control(kind, name) {
    return this.root.querySelector(`[data-${kind}="${name}"]`);
  }

  choose(view) {
    this.pane.view = view;
    this.restart();
    this.refresh();
  }

  compare(other) {
    this.pane.other = other;
    this.refresh();
  }

  /** The next picture to compare with that there is. */
  nextComparison() {
    const names = [...this.select.options].filter(({ disabled }) => !disabled).map(({ value }) => value);
    this.compare(names[(names.indexOf(this.pane.other) + 1) % names.length]);
  }

  setOverlay(percent) {
    this.pane.overlay = percent / 100;
    this.part("overlay-value").textContent = `${percent} %`;
    this.pane.redraw();
  }

  /** The comparison in place of the frame for as long as a key or the button is held. */
  hold(on) {
    if (this.held === on) return;
    this.held = on;
    this.restart();
    this.refresh();
  }

  bindPeek(button) {
    button.addEventListener("pointerdown", (event) => {
      button.setPointerCapture(event.pointerId);
      this.hold(true);
    });
    for (const kind of ["pointerup", "pointercancel", "blur"]) button.addEventListener(kind, () => this.hold(false));
    const onKey = (event, on) => {
      if (event.key !== " " && event.key !== "Enter") return;
      event.preventDefault();
      event.stopPropagation();
      this.hold(on);
    };
    button.addEventListener("keydown", (event) => onKey(event, true));
    button.addEventListener("keyup", (event) => onKey(event, false));
  }

  // Pictures that alternate by themselves are for those who do not mind motion; the others hold a key.
  restart() {
    clearInterval(this.timer);
    this.swap(this.held);
    if (this.held || this.pane.view !== "flicker" || this.calm.matches) return;
    this.timer = setInterval(() => this.swap(!this.pane.swapped), FLICKER_MS);
  }

  swap(on) {
    this.pane.swapped = on;
    this.pane.redraw();
  }

  /** Give one pane the whole stage, or both their halves again. */
  widen(name) {
    const before = this.stage();
    this.wide = this.wide ? "" : name;
    this.root.dataset.wide = this.wide;
    const { viewport } = this.pane;
    // What was in the middle stays there; a fitted map is fitted again by the observer of the panes.
    if (!viewport.fitted) viewport.pan((this.stage() - before) / 2, 0);
    this.refresh();
  }

  stage() {
    return this.panes.edit.surface.clientWidth || this.panes.result.surface.clientWidth;
  }

  refresh() {
    const { pane, result } = this;
    for (const name of VIEW_NAMES) this.control("view", name).setAttribute("aria-pressed", String(pane.view === name));
    for (const name of ["edit", "result"]) this.control("wide", name).setAttribute("aria-pressed", String(this.wide === name));
    const [, previous, pinned, original, difference] = this.select.options;
    original.hidden = difference.hidden = original.disabled = difference.disabled = !result.original;
    if (!result.original && (pane.other === "original" || pane.other === "difference")) pane.other = "labels";
    previous.disabled = !result.previous;
    pinned.disabled = !result.pinned;
    pinned.textContent = (result.pinned && result.pinned.title) || "Pinned frame";
    this.select.value = pane.other;
    if (pane.other === "spread" && pane.view !== "side" && result.kind === "final") this.onSpread(result.page);
    this.part("compare").hidden = pane.view === "side";
    this.part("overlay-field").hidden = pane.view !== "overlay";
    this.part("peek").setAttribute("aria-pressed", String(this.held));
    this.divider.show(pane.view === "split" && Boolean(result.shown) && !this.held);
    pane.redraw();
  }
}

/** The line between the two halves of the split view: dragged, or moved with the arrow keys. */
class Divider {
  constructor(handle, pane) {
    this.handle = handle;
    this.pane = pane;
    handle.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      handle.focus({ preventScroll: true });
      handle.setPointerCapture(event.pointerId);
    });
    handle.addEventListener("pointermove", (event) => {
      if (!handle.hasPointerCapture(event.pointerId)) return;
      const box = pane.surface.getBoundingClientRect();
      this.move((event.clientX - box.left) / box.width);
    });
    handle.addEventListener("dblclick", () => this.move(0.5));
    handle.addEventListener("keydown", (event) => this.key(event));
    this.move(pane.divider);
  }

  show(on) {
    this.handle.hidden = !on;
  }

  move(share) {
    const { handle, pane } = this;
    pane.divider = Math.min(1, Math.max(0, share));
    handle.style.left = `${100 * pane.divider}%`;
    handle.setAttribute("aria-valuenow", Math.round(100 * pane.divider));
    pane.redraw();
  }

  key(event) {
    const step = event.shiftKey ? 5 * DIVIDER_STEP : DIVIDER_STEP;
    const goal = { ArrowLeft: this.pane.divider - step, ArrowRight: this.pane.divider + step, Home: 0, End: 1 }[event.key];
    if (goal === undefined) return;
    this.move(goal);
    event.preventDefault();
    event.stopPropagation(); // the tool under way may use the arrows, too
  }
}
