// Move, turn and scale a structure with a box around it, or a selection that was pasted and floats until it is set down.
//
// A structure: each release is one step, and the next drag starts anew from the map that it left. A floating selection
// keeps its box and its matrix, so that it is resampled once however often it is dragged: Enter or a click outside
// sets it down as one step, Escape drops it.
// Keys do it too, see box_keys.js.

import { LABELS, withCompanions } from "../../common/labels.js";
import { invertible, selectionOf } from "../document/selection.js";
import { BoxKeys } from "./box_keys.js";
import { structureAt } from "./handles.js";
import { MoveBox, NO_MATRIX } from "./move_box.js";
import { FloatingSelection, StructureSelection, structuresOf } from "./move_selection.js";

export class MoveTool {
  constructor(editor) {
    this.editor = editor;
    this.linked = true; // cavity and wall together
    this.floating = null; // a FloatingSelection
    this.drag = null; // {grip, from, box, matrix, selection, ...}; `from` is null where keys do it
    this.found = { key: "" }; // the selection of the chosen structures on the map as it is
    this.viewport = null; // the pane's, since it was drawn first
    editor.document.listeners.add((box, settled) => settled && this.follow());
  }

  activate() {
    this.listening = new AbortController();
    const { signal } = this.listening;
    // Keys change the box as long as they are held, so that repeats are one step.
    window.addEventListener("keyup", (event) => this.keyup(event), { signal });
    window.addEventListener("keydown", (event) => event.key === "Shift" && this.steady(true), { signal });
    window.addEventListener("blur", () => this.endKeys(), { signal });
    if (!this.floating && this.structures && !this.selection) this.editor.say("There is nothing of this label to move: paint it first.");
  }

  /** Another tool is chosen: what floats is meant to stay. */
  leave() {
    this.finish();
  }

  deactivate() {
    this.listening.abort();
    if (this.surface) this.surface.style.cursor = "";
  }

  options() {
    if (!this.floating) {
      return [{ type: "toggle", key: "linked", label: "Cavity and wall together", title: "The ventricle moves as one (J). Off: the chosen structure alone" }];
    }
    return [
      { type: "button", key: "down", label: "Set down", title: "Put the piece on the map (Enter, or a click outside)" },
      { type: "button", key: "away", label: "Drop piece", title: "Forget the piece; it can be pasted again (Escape)" },
    ];
  }

  setOption(key, value) {
    if (key === "down") this.finish();
    else if (key === "away") this.cancel();
    else this[key] = value;
  }

  /** Ids that move, or null where the chosen label is outside or sector. */
  get structures() {
    return structuresOf(this.editor.label, this.linked);
  }

  /** What would be moved, cut out of the map as it is; null where there is nothing. */
  get selection() {
    const { document: map } = this.editor;
    const { structures } = this;
    const key = `${structures} ${map.revision}`;
    if (this.found.key !== key) this.found = { key, selection: structures && selectionOf(map, withCompanions(structures)) };
    return this.found.selection;
  }

  /** The box on the canvas, or null. */
  get box() {
    if (this.drag && this.drag.box) return this.drag.box;
    const [sy, sx] = this.editor.document.spacingMm || [1, 1];
    const { floating } = this;
    if (floating) return new MoveBox(floating.selection.box, floating.matrix, sy / sx);
    return this.selection ? new MoveBox(this.selection.box, NO_MATRIX, sy / sx) : null;
  }

  /** Let a copied selection float: its middle at a point of the map, or a little off its old place. */
  float(copied, at) {
    this.finish();
    const { document: map } = this.editor;
    map.beginStroke();
    this.floating = new FloatingSelection(map, copied, at);
    this.show(this.floating.matrix);
  }

  down(x, y, { near }) {
    this.endKeys();
    if (this.drag) return;
    const { document: map } = this.editor;
    const grip = this.box && this.viewport && this.box.grip([x, y], this.viewport, near);
    const under = structureAt(map, x, y, near);
    if (grip) this.grab(grip, [x, y], under);
    else if (this.floating) this.drag = { outside: true };
    else if (under) {
      this.editor.chooseLabel(under.structure);
      this.grab({ kind: "move" }, [x, y], under);
    }
  }

  move(points, { shift }) {
    if (!this.drag || !this.drag.from) return;
    Object.assign(this.drag, { next: points.at(-1), shift, moved: true });
    if (!this.frame) this.step();
  }

  /** Shift was pressed or released while the pointer rests. */
  steady(shift) {
    if (this.drag && this.drag.from && this.drag.moved) this.move([this.drag.last], { shift });
  }

  // The first position is drawn at once; others that come before the next frame wait for it, and the last one counts.
  step() {
    this.follows();
    this.frame = requestAnimationFrame(() => {
      this.frame = 0;
      if (this.drag && this.drag.next) this.step();
    });
  }

  follows() {
    const { drag } = this;
    drag.last = drag.next;
    drag.next = null;
    this.show(drag.box.dragged(drag.grip, drag.from, drag.last, drag.shift));
  }

  up() {
    const { drag } = this;
    if (drag && drag.outside) {
      this.drag = null;
      this.finish();
    }
    if (!drag || !drag.from) return;
    if (drag.next) this.follows();
    this.drop();
    // A press inside the box may have meant another structure there.
    const { under } = drag;
    if (!drag.moved && under && !this.floating && drag.grip.kind === "move") this.editor.chooseLabel(under.structure);
  }

  // Begin a drag `from` a point of the map, or by keys where it is null. A lock may refuse it.
  grab(grip, from, under = null) {
    const { document: map } = this.editor;
    const { box, structures, selection } = this;
    if (!box) return;
    const drag = { grip, from, under, box, matrix: box.matrix, keys: new BoxKeys() };
    if (!this.floating) {
      const locked = structures.find((id) => map.locked.has(id));
      if (locked !== undefined) {
        this.editor.say(`${LABELS[locked].name} is locked: unlock it to move it.`);
        return;
      }
      map.beginStroke();
      drag.selection = new StructureSelection(map, structures, selection);
    }
    this.drag = drag;
  }

  show(matrix) {
    if (!invertible(matrix)) return;
    const { document: map } = this.editor;
    const { floating, drag } = this;
    if (drag) drag.matrix = matrix;
    map.show((floating || drag.selection).painted(matrix));
    map.touched();
    this.editor.redraw();
  }

  drop() {
    const { drag, floating } = this;
    const { document: map, locks } = this.editor;
    this.show(drag.matrix); // with the locks as they are now
    this.drag = null;
    if (floating) floating.matrix = drag.matrix;
    else map.endStroke({ ...drag.selection.op(drag.matrix), locked: locks });
    this.editor.redraw();
  }

  /** Enter: set down what floats. */
  finish() {
    this.endKeys();
    const { floating } = this;
    if (!floating || this.drag) return;
    const { document: map, locks } = this.editor;
    this.show(floating.matrix); // with the locks as they are now
    this.floating = null;
    map.endStroke({ ...floating.op(floating.matrix), locked: locks });
    this.editor.redraw();
  }

  /** Escape, or a second finger: what is dragged goes back; else what floats is dropped. */
  cancel() {
    const { drag, floating } = this;
    this.drag = null;
    if (floating && drag) this.show(floating.matrix);
    else if (floating || drag) {
      this.floating = null;
      this.editor.document.abandonStroke();
    }
    this.editor.redraw();
  }

  get busy() {
    return Boolean(this.drag || this.floating);
  }

  takeBack() {
    this.endKeys(); // undo takes it back
    if (!this.floating) return false;
    this.cancel();
    return true;
  }

  // The map changed. Where that was not by this tool, a step from elsewhere ended its stroke.
  follow() {
    const lost = this.floating && !this.editor.document.stroke;
    this.drag = null;
    if (!lost) return;
    this.floating = null;
    queueMicrotask(() => this.editor.say("The map changed under the floating piece: paste it again."));
  }

  keydown(event) {
    const kind = BoxKeys.kind(event);
    if (!kind) return false;
    if (!this.drag) this.grab({ kind }, null);
    const { drag } = this;
    if (!drag || drag.from || drag.outside) return true; // a lock refuses it, or the pointer holds it
    drag.keys.press(event);
    this.show(drag.keys.matrix(drag.box));
    return true;
  }

  keyup({ key, code }) {
    if (BoxKeys.kind({ code })) this.endKeys();
    else if (key === "Shift") this.steady(false);
  }

  endKeys() {
    if (this.drag && !this.drag.from && !this.drag.outside) this.drop();
  }

  draw(context, viewport) {
    this.viewport = viewport;
    this.surface = context.canvas;
    const { drag, box } = this;
    const { cursor, panning } = this.editor;
    const near = (point, radius) => viewport.distance(point, cursor) < radius;
    const hot = drag ? drag.grip : box && cursor && box.grip(cursor, viewport, near);
    this.surface.style.cursor = panning || !hot ? "" : box.cursor(hot, viewport, Boolean(drag));
    if (!box) return;
    const words = drag && drag.box ? box.words(drag.grip, drag.matrix) : "";
    box.draw(context, viewport, { matrix: drag && drag.box ? drag.matrix : box.matrix, hot, floating: Boolean(this.floating), words });
  }
}
