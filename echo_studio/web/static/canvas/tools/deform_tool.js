// Deform structures by their handles. A drag is warped from the map before it, in every frame, and ends as one step.
//
// Handles: drag moves, Shift-click pins, Alt-click or Delete removes; a double click or Alt-click in a structure adds.
// Keys: comma and full stop choose a handle, arrows nudge it (Shift: 10 pixels), Enter pins, Delete removes.
// What moves along is in handles.js. A locked structure refuses to move; pixels of other locked labels stay as they
// are, as in Python's `warp_labels`, so that the edit log is replayed byte for byte.

import { LABELS } from "../../common/labels.js";
import { Warp } from "../document/warp.js";
import {
  HandleSet,
  MAX_HANDLES,
  drawHandle,
  drawTether,
  partsOf,
  sharesOf,
  structureAt,
  structuresMovedBy,
} from "./handles.js";

const DEFORM_HIT = 10; // pixels of the pane; a finger has more
const NUDGES = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

export class DeformTool {
  constructor(editor) {
    this.editor = editor;
    this.kind = "rigid";
    this.linked = true;
    this.set = new HandleSet();
    this.drag = null;
    this.listening = null; // to keys, while the tool is chosen
    this.page = null; // of the document, which the handles are for
    this.stale = true; // the map changed since handles were placed
    this.states = new WeakMap(); // step of the history -> handles {before, after} it
    editor.document.listeners.add((box, settled) => settled && !this.dropping && this.follow());
  }

  get handles() {
    return this.set.list;
  }

  activate() {
    this.listening = new AbortController();
    const { signal } = this.listening;
    // A nudge lasts as long as its key is held, so that repeats are one step.
    window.addEventListener("keyup", ({ key }) => NUDGES[key] && this.finish(), { signal });
    window.addEventListener("blur", () => this.finish(), { signal });
    if (this.stale || !this.handles.length) this.follow();
  }

  deactivate() {
    this.listening.abort();
    this.listening = null;
    if (this.surface) this.surface.style.cursor = "";
  }

  options() {
    const choices = [["rigid", "Rigid"], ["similarity", "Similarity"], ["affine", "Affine"]];
    return [
      { type: "choice", key: "kind", label: "Warp", choices, title: "Rigid turns; similarity scales too; affine also shears" },
      { type: "toggle", key: "linked", label: "Cavity and wall together", title: "Off: only the structure of the handle moves" },
      { type: "button", key: "reset", label: "Place handles again", title: "Forget pinned, added and removed handles" },
    ];
  }

  setOption(key, value) {
    if (key === "reset") this.reset();
    else this[key] = value;
  }

  /** Handles that place themselves on the map as it is. */
  reset() {
    this.cancel();
    this.set.forget();
    return this.load();
  }

  // The map changed, but not by a drag. Where a drag led to this state or starts from it, its handles are known.
  follow() {
    this.drag = null; // the document ended its stroke
    this.stale = !this.listening;
    if (this.stale) return;
    const { page, undoStack, redoStack } = this.editor.document;
    if (page !== this.page) this.set.forget();
    this.page = page;
    const [past, future] = [undoStack.at(-1), redoStack.at(-1)].map((step) => this.states.get(step));
    if (past || future) this.set.adopt(past ? past.after : future.before);
    else this.load();
  }

  async load() {
    const { document: map, link } = this.editor;
    const { revision } = map;
    try {
      const found = await link.handles();
      if (revision !== map.revision || this.drag) return;
      this.set.adopt(found);
      if (!this.handles.length) this.editor.say("There is no structure to deform yet: paint one first.");
      this.editor.redraw();
    } catch (problem) {
      this.editor.say(problem.message);
    }
  }

  down(x, y, { near, double, shift, alt }) {
    this.finish();
    let handle = this.set.nearest(x, y, (place) => near(place, DEFORM_HIT));
    this.set.chosen = handle;
    if (handle && shift) handle.pinned = !handle.pinned;
    else if (handle && alt) this.set.remove(handle);
    else {
      if (!handle && (double || alt)) handle = this.add(x, y, near);
      if (handle) this.grab(handle, [x, y]);
    }
    this.editor.redraw();
  }

  move(points) {
    if (!this.drag || !this.drag.from) return;
    const [x, y] = points.at(-1);
    this.drag.next = [x - this.drag.from[0], y - this.drag.from[1]];
    if (!this.frame) this.step();
  }

  // The first position is drawn at once; others that come before the next frame wait for it, and the last one counts.
  step() {
    this.show(this.drag.next);
    this.drag.next = null;
    this.frame = requestAnimationFrame(() => {
      this.frame = 0;
      if (this.drag && this.drag.next) this.step();
    });
  }

  up() {
    if (!this.drag || !this.drag.from) return;
    if (this.drag.next) this.show(this.drag.next);
    this.drop();
  }

  cancel() {
    const { drag } = this;
    this.drag = null;
    if (!drag) return;
    drag.parts.forEach((handle, i) => (handle.place = drag.rest[i]));
    this.editor.document.abandonStroke();
    this.editor.redraw();
  }

  get busy() {
    return Boolean(this.drag);
  }

  /** End a nudge whose key is still held. */
  finish() {
    if (this.drag && !this.drag.from) this.drop();
  }

  takeBack() {
    this.finish(); // undo takes the nudge back
    return false;
  }

  keydown({ key, shiftKey }) {
    const { chosen } = this.set;
    if (NUDGES[key] && chosen) this.nudge(...NUDGES[key].map((step) => step * (shiftKey ? 10 : 1)));
    else if (this.drag) return false;
    else if (key === "," || key === ".") this.set.step(key === "." ? 1 : -1);
    else if (key === "Enter" && chosen) chosen.pinned = !chosen.pinned;
    else if ((key === "Delete" || key === "Backspace") && chosen) this.set.remove(chosen);
    else return false;
    this.editor.redraw();
    return true;
  }

  nudge(dx, dy) {
    if (!this.drag) this.grab(this.set.chosen, null);
    if (!this.drag || this.drag.from) return; // a lock refuses it, or the pointer holds it
    const [x, y] = this.drag.shift;
    this.show([x + dx, y + dy]);
  }

  add(x, y, near) {
    const found = structureAt(this.editor.document, x, y, near);
    if (found && this.handles.length < MAX_HANDLES) return this.set.add(found.structure, found.place);
    this.editor.say(found ? `There are ${MAX_HANDLES} handles: remove one first.` : "Handles are for cavity, wall and atrium.");
    return null;
  }

  // Begin a drag `from` a point of the canvas, or by keys where it is null. A lock may refuse it.
  grab(handle, from) {
    const { document: map } = this.editor;
    const structures = structuresMovedBy(handle, this.linked, map.locked);
    const locked = structures.find((id) => map.locked.has(id));
    if (locked !== undefined) {
      this.editor.say(`${LABELS[locked].name} is locked: unlock it to deform it.`);
      return;
    }
    const [sy, sx] = map.spacingMm || [1, 1];
    const aspect = sy / sx;
    const parts = partsOf(this.handles, structures);
    const shares = sharesOf(parts, handle, structures, aspect);
    const rest = parts.map(({ place }) => place);
    const warp = new Warp(map, { structures, locked: map.locked, aspect });
    this.drag = { handle, from, structures, warp, parts, rest, shares, shift: [0, 0], before: this.set.copy() };
    map.beginStroke();
  }

  show([dx, dy]) {
    const { document: map } = this.editor;
    const { warp, parts, shares, rest } = this.drag;
    this.drag.shift = [dx, dy];
    const places = rest.map(([x, y], i) => [x + shares[i] * dx, y + shares[i] * dy]);
    parts.forEach((handle, i) => (handle.place = places[i]));
    map.show(warp.warped(rest, places, this.kind));
    map.touched();
    this.editor.redraw();
  }

  drop() {
    const { document: map, locks } = this.editor;
    const { structures, parts, rest, before } = this.drag;
    this.drag = null;
    const last = map.undoStack.at(-1);
    const after = parts.map(({ place }) => place);
    this.dropping = true;
    map.endStroke({ tool: "deform", kind: this.kind, structures, before: rest, after, locked: locks });
    this.dropping = false;
    const step = map.undoStack.at(-1);
    if (step !== last) this.states.set(step, { before, after: this.set.copy() });
    this.editor.redraw();
  }

  draw(context, viewport) {
    const { cursor, panning } = this.editor;
    const { drag } = this;
    const hit = (place) => viewport.distance(place, cursor) < DEFORM_HIT;
    const under = drag ? drag.handle : cursor && this.set.nearest(...cursor, hit);
    this.surface = context.canvas;
    this.surface.style.cursor = panning || !under ? "" : drag ? "grabbing" : "grab";
    if (drag) drag.rest.forEach((place, i) => drawTether(context, viewport, place, drag.parts[i].place));
    for (const handle of this.handles) {
      // What has no part in the drag steps back.
      context.globalAlpha = drag && !drag.parts.includes(handle) ? 0.35 : 1;
      drawHandle(context, viewport, handle, handle === under || handle === this.set.chosen);
    }
    context.globalAlpha = 1;
  }
}
