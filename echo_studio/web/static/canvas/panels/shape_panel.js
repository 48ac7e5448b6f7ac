// Sliders of the shape, and random variations. Where the sliders stand follows from the history: when its last step is theirs
// they show its values and go on from the map before it; after anything else they are neutral and start from the canvas.

import { baseOf, lastOp, pageAt, withBase } from "../document/past.js";
import { Proposal, settleTool } from "./proposal.js";

const SHAPE_STEPS = { times: 0.01, share: 0.01, mm: 0.5, degrees: 1 };
// A click may be the first of two, and a key may repeat: what is meant is clear a little later.
const SHAPE_PAUSE_MS = 300;
// What random variations are made with (data/deform.py). The edit log names it: variations without a name are older ones.
const VARY_DEFORMATION = "torchio/1";

export class ShapePanel {
  constructor(inspector, editor, link) {
    this.inspector = inspector;
    this.editor = editor;
    this.link = link;
    this.sliders = [];
    this.values = {};
    this.inputs = 0; // since the pointer went down
    this.timer = 0;
    this.proposal = new Proposal(editor);
    this.panel = inspector.panel("shape");
    this.panel.innerHTML =
      '<div class="panel-buttons"><button type="button" data-act="reset" title="All sliders back to neutral, as one step">Reset all</button>' +
      '<button type="button" data-act="vary" title="Another heart of the same kind: the papers\' random affine and elastic deformation, ' +
      'each time from the same map (/)" aria-label="Random variation">Random variation <kbd>/</kbd></button></div>' +
      '<p class="panel-problem" role="status" hidden></p><div class="shape-sliders"></div>' +
      '<p class="facts" data-part="vary-seed" role="status"></p>';
    this.part("reset").addEventListener("click", () => this.reset());
    this.part("vary").addEventListener("click", () => this.vary());
    this.problem = this.panel.querySelector(".panel-problem");
    this.proposal.onProblem = (words) => Object.assign(this.problem, { textContent: words, hidden: !words });
    editor.document.listeners.add((box, settled) => settled && this.refresh());
    inspector.listeners.add((name) => name !== "shape" && this.leave());
  }

  part(name) {
    return this.panel.querySelector(`[data-act="${name}"]`);
  }

  offer({ sliders }) {
    this.sliders = sliders;
    this.rows = Object.fromEntries(sliders.map((slider) => [slider.name, this.row(slider)]));
    this.panel.querySelector(".shape-sliders").replaceChildren(...Object.values(this.rows).map(({ row }) => row));
    this.refresh();
  }

  row(slider) {
    const { name, title, low, high, unit } = slider;
    const row = Object.assign(document.createElement("div"), { className: "shape-slider" });
    row.innerHTML = `<label for="shape-${name}"></label><output for="shape-${name}"></output>` +
      '<button type="button" class="neutral"><span></span></button>' +
      `<input type="range" id="shape-${name}" data-slider="${name}" min="${low}" max="${high}" step="${SHAPE_STEPS[unit]}">`;
    const [label, output] = row.children;
    const button = row.querySelector("button");
    const input = row.querySelector("input");
    label.textContent = title;
    button.setAttribute("aria-label", `Reset ${title}`);
    button.title = `${title}: back to neutral, as a double click on the slider`;
    input.addEventListener("pointerdown", () => (this.inputs = 0));
    input.addEventListener("input", () => this.slide(name, Number(input.value)));
    // A drag is over when it is released.
    input.addEventListener("change", () => this.commitSoon(this.inputs > 1 ? 0 : SHAPE_PAUSE_MS));
    input.addEventListener("keydown", () => (this.inputs = 0));
    input.addEventListener("dblclick", () => this.neutral(slider));
    button.addEventListener("click", () => this.neutral(slider));
    return { row, output, button, input };
  }

  /** Take from the history where the sliders stand. */
  refresh() {
    this.stopTimer();
    const { document: map } = this.editor;
    const op = lastOp(map);
    const own = baseOf(map, "shape") !== map.position;
    this.values = Object.fromEntries(this.sliders.map(({ name, neutral }) => [name, own ? (op.values[name] ?? neutral) : neutral]));
    this.base = null; // looked up when it is needed
    const seed = op.tool === "vary" ? op.seed : null;
    this.panel.querySelector("[data-part=vary-seed]").textContent = seed === null ? "" : `Varied with seed ${seed}`;
    this.show();
  }

  show() {
    for (const slider of this.sliders) {
      const { row, output, button, input } = this.rows[slider.name];
      const value = this.values[slider.name];
      const blind = slider.unit === "mm" && !this.editor.document.spacing;
      if (Number(input.value) !== value) input.value = value;
      output.textContent = shapeReading(slider, value);
      input.setAttribute("aria-valuetext", output.textContent);
      input.disabled = blind;
      button.disabled = blind || value === slider.neutral;
      row.classList.toggle("moved", value !== slider.neutral);
      const reason = `${slider.title} in mm needs the size of a pixel, which this map does not tell`;
      row.title = input.title = blind ? reason : `${slider.title} (arrow keys; double click: neutral)`;
    }
    this.part("reset").disabled = !Object.keys(this.moved()).length;
  }

  /** {slider: value} of those that are not neutral. */
  moved() {
    return Object.fromEntries(this.sliders.map(({ name, neutral }) => [name, this.values[name], neutral])
      .filter(([, value, neutral]) => value !== neutral));
  }

  slide(name, value) {
    settleTool(this.editor);
    this.stopTimer();
    this.inputs += 1;
    this.values[name] = value;
    this.show();
    this.proposal.show(...this.request());
  }

  neutral({ name, neutral }) {
    if (this.values[name] === neutral) return;
    this.slide(name, neutral);
    this.commit();
  }

  reset() {
    settleTool(this.editor);
    for (const { name, neutral } of this.sliders) this.values[name] = neutral;
    this.show();
    this.commit();
  }

  /** [key, compute] for the proposal. */
  request() {
    const { document: map } = this.editor;
    this.base ||= pageAt(map, baseOf(map, "shape"));
    const { ids, sector } = this.base;
    const op = { tool: "shape", values: this.moved() };
    const still = !Object.keys(op.values).length;
    return [JSON.stringify(op), async () => (still ? { ids, sector } : this.link.edit(op, ids, sector))];
  }

  commitSoon(pause) {
    this.stopTimer();
    this.timer = setTimeout(() => this.commit(), pause);
  }

  commit() {
    this.stopTimer();
    const { document: map } = this.editor;
    const op = withBase(map, { tool: "shape", values: this.moved() }, baseOf(map, "shape"));
    if (!Object.keys(op.values).length && op.base === undefined) this.proposal.hide(); // nothing to go back from
    else this.proposal.apply(...this.request(), op);
  }

  vary(seed = Math.floor(Math.random() * 2 ** 31)) {
    settleTool(this.editor);
    this.stopTimer();
    const { document: map } = this.editor;
    const from = baseOf(map, "vary");
    const { ids, sector } = pageAt(map, from);
    const op = { tool: "vary", seed, deformation: VARY_DEFORMATION };
    this.proposal.apply(JSON.stringify(op), () => this.link.edit(op, ids, sector), withBase(map, op, from));
  }

  /** Another panel: what was released is still applied, what is only shown is given up. */
  leave() {
    if (this.timer) this.commit();
    if (this.proposal.op || !this.proposal.key) return;
    this.proposal.hide();
    this.refresh();
  }

  stopTimer() {
    clearTimeout(this.timer);
    this.timer = 0;
  }
}

/** Where a slider stands, in its unit: factors in percent, shifts with their sign. */
function shapeReading({ unit, neutral }, value) {
  const sign = neutral === 0 && value > 0 ? "+" : "";
  if (unit === "mm") return `${sign}${value.toFixed(1)} mm`;
  if (unit === "degrees") return `${sign}${value.toFixed(0)}°`;
  return `${sign}${Math.round(value * 100)} %`;
}
