// Defects: choose one, see it as a ghost, apply it; applied ones stay editable, see defect_history.js.

import { SCHEMA } from "../../common/labels.js";
import { appliedDefects, withLaterChanges } from "../document/defect_history.js";
import { lastOp, pageAt } from "../document/past.js";
import { DefectForm } from "./defect_form.js";
import { DefectPlacing } from "./defect_placing.js";
import { defectReading, lengthsChanged } from "./defect_quantities.js";
import { Proposal, settleTool } from "./proposal.js";

const DEFECT_WORDS = {
  septal: "A hole through the septum, with blood in it",
  "missing-atrium": "The left atrium is not there, or in part",
  aneurysm: "The thinned apex bulges outward",
  "thin-wall": "A scar: one segment is thinner",
  "thick-wall": "One segment bulges into the cavity",
  dilated: "A larger, rounder cavity",
  hypertrophy: "A thicker wall all around",
  effusion: "Fluid between the wall and the pericardium",
  mass: "Something in the cavity, such as a thrombus",
};

export class DefectPanel {
  constructor(inspector, editor, link, settings) {
    this.inspector = inspector;
    this.editor = editor;
    this.link = link;
    this.defects = [];
    this.applied = [];
    this.chosen = null; // {defect, position, values, stored}; position is null for one that is not applied yet
    this.applying = null; // the op that is on its way to become a step
    this.proposal = new Proposal(editor);
    this.panel = inspector.panel("defects");
    this.panel.innerHTML =
      '<h3 data-part="applied-title">In this map</h3><ul class="defects" data-part="applied" aria-label="Defects in this map"></ul>' +
      '<h3>Add a defect</h3><ul class="defects" data-part="defects" aria-label="Defects to add"></ul>';
    this.box = Object.assign(document.createElement("div"), { className: "defect-box" });
    this.box.innerHTML = '<p class="panel-problem" role="status" hidden></p><div class="panel-buttons">' +
      '<button type="button" data-act="apply" class="chosen"></button><button type="button" data-act="remove">Remove</button></div>';
    this.form = new DefectForm();
    this.form.onChange = () => this.preview();
    this.placing = new DefectPlacing(editor, link, settings, (values) => this.chosen && this.open && this.form.take(values));
    editor.placing = this.placing;
    this.box.prepend(this.form.element);
    this.problem = this.box.querySelector(".panel-problem");
    this.proposal.onProblem = (words) => Object.assign(this.problem, { textContent: words, hidden: !words });
    this.button("apply").addEventListener("click", () => this.apply());
    this.button("remove").addEventListener("click", () => this.remove());
    this.box.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || /** @type {Element} */ (event.target).closest("button")) return;
      this.apply();
      event.preventDefault();
    });
    editor.document.listeners.add((box, settled) => settled && this.refresh());
    inspector.listeners.add(() => this.seen());
  }

  /** @returns {HTMLButtonElement} */
  button(name) {
    return this.box.querySelector(`[data-act="${name}"]`);
  }

  part(name) {
    return this.panel.querySelector(`[data-part="${name}"]`);
  }

  get open() {
    return this.inspector.chosen === "defects";
  }

  offer({ defects }) {
    this.defects = defects;
    this.part("defects").replaceChildren(...defects.map(({ name, title }) => this.item(title, DEFECT_WORDS[name] || "", null, name)));
    this.refresh();
  }

  known(name) {
    return this.defects.find((defect) => defect.name === name);
  }

  item(title, words, position, defect) {
    const item = document.createElement("li");
    const button = Object.assign(document.createElement("button"), { type: "button" });
    button.innerHTML = "<b></b><small></small>";
    button.firstChild.textContent = title;
    button.lastChild.textContent = words;
    button.title = position === null ? `${title}: see it on the canvas before it is applied` : `${title}: change or remove it`;
    button.dataset.defect = defect;
    if (position !== null) button.dataset.position = position;
    button.addEventListener("click", () => this.choose(defect, position));
    item.append(button);
    return item;
  }

  /** A defect to add, or one that is in the map at a position of the history; a second click lets it go. */
  choose(defect, position) {
    const same = this.chosen && this.chosen.defect === defect && this.chosen.position === position;
    if (same) this.chosen = null;
    else this.load(defect, position, position === null ? {} : this.applied.find((one) => one.position === position).values);
    this.proposal.hide();
    this.show();
    this.preview();
  }

  load(defect, position, values) {
    this.form.fill(this.known(defect), values, this.editor.document);
    this.chosen = { defect, position, values: { ...this.form.values }, stored: JSON.stringify(values) };
  }

  /** The map has changed: which defects are in it, and where the one that was worked on is. */
  refresh() {
    const { document: map } = this.editor;
    this.applied = appliedDefects(map).filter(({ defect }) => this.known(defect));
    if (this.chosen) this.follow(lastOp(map) === this.applying);
    this.applying = null;
    this.show();
    this.preview();
  }

  // The defect that is worked on, after the map has changed; `done` when the change is its own step.
  follow(done) {
    const { chosen, applying, form } = this;
    if (done && applying.tool === "defect-remove") {
      this.chosen = null;
      return;
    }
    const position = done && chosen.position === null ? this.editor.document.position : chosen.position;
    const there = this.applied.find((one) => one.position === position && one.defect === chosen.defect);
    // What is being typed outlives the changes of others.
    if (there && chosen.position === position && chosen.stored === JSON.stringify(there.values)) return;
    if (there) this.load(there.defect, position, there.values);
    else if (this.lengthsChanged()) this.load(chosen.defect, null, {});
    // One that is gone, by an undo for example, may be applied once more.
    else if (position !== null) this.load(chosen.defect, null, form.values);
  }

  lengthsChanged() {
    return lengthsChanged(this.known(this.chosen.defect), this.form.values, this.editor.document);
  }

  show() {
    const active = /** @type {HTMLElement} */ (document.activeElement);
    const focused = this.box.contains(active) ? active : null;
    this.part("applied").replaceChildren(...this.applied.map(({ position, defect, values }) =>
      this.item(this.known(defect).title, defectReading(this.known(defect), values), position, defect)));
    this.part("applied").hidden = this.part("applied-title").hidden = !this.applied.length;
    const { chosen } = this;
    for (const button of this.panel.querySelectorAll("[data-defect]")) {
      const position = "position" in button.dataset ? Number(button.dataset.position) : null;
      const on = Boolean(chosen) && button.dataset.defect === chosen.defect && position === chosen.position;
      button.setAttribute("aria-expanded", String(on));
      if (on && this.box.parentElement !== button.parentElement) button.parentElement.append(this.box);
    }
    if (!chosen) {
      this.box.remove();
      return;
    }
    const applied = chosen.position !== null;
    this.button("remove").hidden = !applied;
    this.button("remove").title = "Take this defect out again, as a new step; what was drawn since stays";
    this.button("apply").innerHTML = `${applied ? "Update" : "Apply"} <kbd>Enter</kbd>`;
    this.button("apply").title = applied ? "Change the defect, as a new step; what was drawn since stays" : "Put the defect into the map, as one step";
    if (focused && focused.isConnected) focused.focus({ preventScroll: true });
  }

  get changed() {
    const { chosen, form } = this;
    return chosen.position === null || JSON.stringify(chosen.values) !== JSON.stringify(form.values);
  }

  preview() {
    this.placing.defect = this.draggable;
    if (this.chosen) this.button("apply").disabled = !this.changed;
    if (!this.chosen || !this.open) return;
    if (this.changed) this.proposal.show(...this.request());
    else this.proposal.hide();
  }

  /** The defect that is worked on, where it has a place. */
  get draggable() {
    const { chosen, form } = this;
    if (!chosen || !this.open || !this.known(chosen.defect).placed) return null;
    return { name: chosen.defect, position: chosen.position, values: () => form.values };
  }

  /** [key, compute] of the map with the defect as the form has it. */
  request() {
    const { defect, position } = this.chosen;
    const op = { tool: "defect", defect, values: { ...this.form.values }, schema: SCHEMA };
    const { document: map } = this.editor;
    if (position === null) return [JSON.stringify(op), () => this.link.edit(op)];
    const compute = async () => {
      const { ids, sector } = pageAt(map, position - 1);
      const made = await this.link.edit(op, ids, sector);
      return { ids: withLaterChanges(map, position, made.ids), sector: null };
    };
    return [JSON.stringify([position, op]), compute];
  }

  apply() {
    if (this.chosen && this.changed) this.applyStep((defect, position) => {
      const values = { ...this.form.values };
      return position === null ? { tool: "defect", defect, values, schema: SCHEMA } : { tool: "defect-edit", position, defect, values, schema: SCHEMA };
    }, () => this.request());
  }

  remove() {
    this.applyStep((defect, position) => ({ tool: "defect-remove", position, defect }), (op) => {
      const { document: map } = this.editor;
      const compute = async () => ({ ids: withLaterChanges(map, op.position, pageAt(map, op.position - 1).ids), sector: null });
      return [JSON.stringify(op), compute];
    });
  }

  applyStep(describe, request) {
    settleTool(this.editor);
    const op = describe(this.chosen.defect, this.chosen.position);
    this.applying = op;
    this.proposal.apply(...request(op), op);
  }

  /** This panel, or another one, was opened. */
  seen() {
    this.placing.defect = this.draggable;
    if (this.open) this.preview();
    else if (!this.proposal.op && this.proposal.key) this.proposal.hide();
  }

  /** Enter over the canvas; false where there is nothing to apply. */
  enter() {
    const ready = this.open && Boolean(this.chosen) && this.changed;
    if (ready) this.apply();
    return ready;
  }
}
