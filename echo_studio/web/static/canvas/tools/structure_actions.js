// What can be done to the chosen label as a whole: copy, cut and paste it, hide it or all others, smooth it, rid it of islands.

import { LABELS } from "../../common/labels.js";
import { CUT_AWAY, selectionOf, withMoved } from "../document/selection.js";

export class StructureActions {
  constructor(root, editor, pane, link) {
    this.root = root;
    this.editor = editor;
    this.pane = pane;
    this.link = link;
    this.waiting = false; // for the server
    const actions = {
      copy: () => this.copy(),
      cut: () => this.cut(),
      paste: () => this.paste(null),
      hide: () => this.hide(),
      solo: () => this.solo(),
      smooth: () => this.smooth(),
      islands: () => this.islands(),
    };
    for (const [name, action] of Object.entries(actions)) this.button(name).addEventListener("click", action);
    for (const eye of root.querySelectorAll("[data-hide]")) {
      eye.addEventListener("click", () => this.hide(Number(eye.dataset.hide)));
    }
    this.commands = { u: actions.hide, o: actions.solo, t: actions.smooth, n: actions.islands, j: () => editor.toggleLinked() };
    editor.listeners.add(() => this.refresh());
    this.refresh();
  }

  button(name) {
    return this.root.querySelector(`[data-action="${name}"]`);
  }

  /** The chosen label where it is a structure; else null, and the status line says so. */
  structure(purpose) {
    const { label } = this.editor;
    if (label >= 1 && label <= 3) return label;
    this.editor.say(`Choose LV cavity, LV myocardium or Left atrium to ${purpose}.`);
    return null;
  }

  /** The structure may be changed: none, or its lock, says why not. */
  unlocked(purpose) {
    const label = this.structure(purpose);
    if (label === null || !this.editor.document.locked.has(label)) return label;
    this.editor.say(`${LABELS[label].name} is locked: unlock it to ${purpose}.`);
    return null;
  }

  copy() {
    const label = this.structure("copy it");
    if (label === null) return false;
    this.settle();
    const selection = selectionOf(this.editor.document, [label]);
    if (!selection) {
      this.editor.say(`There is no ${LABELS[label].name} to copy.`);
      return false;
    }
    this.editor.clipboard = { label, selection };
    this.editor.redraw();
    return true;
  }

  cut() {
    const label = this.unlocked("cut it");
    if (label === null || !this.copy()) return false;
    const { document: map, clipboard, locks } = this.editor;
    const op = { tool: "transform", structures: [label], matrix: CUT_AWAY, locked: locks };
    map.replace(withMoved(map, clipboard.selection, [label], CUT_AWAY), op);
    return true;
  }

  /** Let the copied structure float at a point of the map; null: near where it was. */
  paste(at) {
    const { clipboard } = this.editor;
    if (!clipboard) {
      this.editor.say("Nothing is copied yet: choose a label and press Ctrl+C.");
      return;
    }
    this.editor.choose("move");
    this.editor.chooseLabel(clipboard.label);
    this.editor.tools.move.float(clipboard, at);
  }

  hide(id = this.editor.label) {
    const { hidden } = this.editor;
    if (!hidden.delete(id)) hidden.add(id);
    this.shown();
  }

  /** Show the chosen label alone, or everything again. */
  solo() {
    const { hidden, label } = this.editor;
    const others = LABELS.map(({ id }) => id).filter((id) => id !== label);
    const alone = this.alone;
    hidden.clear();
    if (!alone) for (const id of others) hidden.add(id);
    this.shown();
  }

  get alone() {
    const { hidden, label } = this.editor;
    return hidden.size === LABELS.length - 1 && !hidden.has(label);
  }

  shown() {
    this.pane.repaint();
    this.editor.redraw();
  }

  smooth() {
    const radius = Number(this.root.querySelector("[data-part=radius]").value);
    return this.tidy("smooth it", (label) => ({ tool: "smooth", label, radius }));
  }

  islands() {
    return this.tidy("remove its islands", (label) => ({ tool: "islands", label }));
  }

  // The server computes it from the map of this moment; the reply counts only while that map is on the canvas.
  async tidy(purpose, describe) {
    const label = this.unlocked(purpose);
    if (label === null || this.waiting) return;
    this.settle();
    const { document: map } = this.editor;
    const { revision } = map;
    const op = describe(label);
    this.waiting = true;
    this.refresh();
    try {
      const { ids, sector } = await this.link.edit(op);
      if (map.revision !== revision || map.stroke) this.editor.say("The map has changed meanwhile: nothing was done.");
      else {
        map.replace(ids, op, sector);
        if (map.revision === revision) this.editor.say("Nothing to change there.");
      }
    } catch (problem) {
      this.editor.say(problem.message);
    } finally {
      this.waiting = false;
      this.refresh();
    }
  }

  /** What floats or is outlined belongs to the map. */
  settle() {
    const { tool } = this.editor;
    if (tool.leave) tool.leave();
  }

  refresh() {
    const { editor } = this;
    const structure = editor.label >= 1 && editor.label <= 3;
    const press = (button, on) => button.setAttribute("aria-pressed", String(on));
    for (const eye of this.root.querySelectorAll("[data-hide]")) press(eye, editor.hidden.has(Number(eye.dataset.hide)));
    press(this.button("hide"), editor.hidden.has(editor.label));
    press(this.button("solo"), this.alone);
    for (const name of ["copy", "cut"]) this.button(name).disabled = !structure;
    for (const name of ["smooth", "islands"]) this.button(name).disabled = !structure || this.waiting;
    this.button("paste").disabled = !editor.clipboard;
  }
}
