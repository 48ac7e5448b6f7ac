// Deform structures by their handles. A drag is warped from the map before it, in every frame, and ends as one step.
//
// Handles: drag moves, Shift-click pins, Alt-click or Delete removes; a double click or Alt-click in a structure adds.
// Keys: comma and full stop choose a handle, arrows nudge it (Shift: 10 pixels), Enter pins, Delete removes.
//
// What moves: cavity and wall together, or, where they are not linked, the structure of the dragged handle alone.
// The atrium moves alone, but follows the annulus where cavity and wall do, unless it is locked: else the heart tears.
// Handles near the dragged one follow, less with distance. Pinned ones and the annulus stay where they are.
// A locked structure refuses to be moved. Other locked labels are not covered, as in Python's `carry`.

const DEFORM_REACH = 0.35; // how far a drag is followed: a share of the diagonal of what moves
const DEFORM_HIT = 10; // pixels of the pane
const MAX_HANDLES = 256; // Python's `deform` takes no more
const NUDGES = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

class DeformTool {
  constructor(editor) {
    this.editor = editor;
    this.kind = "rigid";
    this.linked = true;
    this.handles = []; // {key, structure, place: [x, y] with pixel centres at whole numbers, pinned}
    this.chosen = null; // key of the handle that keys act on
    this.drag = null;
    this.page = null; // of the document, which the handles are for
    this.active = false;
    this.states = new WeakMap(); // step of the history -> handles {before, after} it
    this.forget();
    editor.document.listeners.add((box, settled) => settled && !this.dropping && this.follow());
  }

  // What the person did to the handles themselves.
  forget() {
    this.handles = [];
    this.chosen = null;
    this.removed = new Set();
    this.added = 0;
  }

  activate() {
    this.active = true;
    this.listening = new AbortController();
    const { signal } = this.listening;
    // A nudge lasts as long as its key is held, so that repeats are one step.
    window.addEventListener("keyup", ({ key }) => NUDGES[key] && this.finish(), { signal });
    window.addEventListener("blur", () => this.finish(), { signal });
    if (this.stale || !this.handles.length) this.follow();
  }

  deactivate() {
    this.active = false;
    this.listening.abort();
    if (this.surface) this.surface.style.cursor = "";
  }

  options() {
    const kinds = [["rigid", "Rigid"], ["similarity", "Similar"], ["affine", "Affine"]];
    return [
      { type: "choice", key: "kind", label: "Warp", choices: kinds, title: "Rigid turns, similar scales too, affine also shears" },
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
    this.forget();
    return this.load();
  }

  /** The map changed, but not by a drag: where a drag led here before, its handles are known. */
  follow() {
    this.stale = !this.active;
    if (this.stale) return;
    const { page, undoStack, redoStack } = this.editor.document;
    if (page !== this.page) this.forget();
    this.page = page;
    const [past, future] = [undoStack.at(-1), redoStack.at(-1)].map((step) => this.states.get(step));
    if (past) this.adopt(past.after);
    else if (future) this.adopt(future.before);
    else this.load();
  }

  async load() {
    const { document: map, link } = this.editor;
    const { revision } = map;
    try {
      const found = await link.handles();
      if (revision !== map.revision || this.drag) return;
      this.adopt(found);
      if (!this.handles.length) this.editor.say("There is no structure to deform: paint one first.");
    } catch (problem) {
      this.editor.say(problem.message);
    }
  }

  // Pins and removals hold for handles of the same name; what the person added stays.
  adopt(found) {
    const pinned = new Set(this.handles.filter((handle) => handle.pinned).map(({ key }) => key));
    const keys = new Set(found.map(({ key }) => key));
    const own = this.handles.filter(({ key }) => key.startsWith("own-") && !keys.has(key));
    this.handles = [...found, ...own]
      .filter(({ key }) => !this.removed.has(key))
      .map(({ key, structure, place }) => ({ key, structure, place: [...place], pinned: pinned.has(key) }));
    this.editor.redraw();
  }

  get handle() {
    return this.handles.find(({ key }) => key === this.chosen);
  }

  down(x, y, { near, double, shift, alt }) {
    this.finish();
    let handle = nearestHandle(this.handles, x, y, (place) => near(place, DEFORM_HIT));
    this.chosen = handle ? handle.key : null;
    if (handle && shift) handle.pinned = !handle.pinned;
    else if (handle && alt) this.remove();
    else {
      if (!handle && (double || alt)) handle = this.add(x, y, near);
      if (handle) this.take(handle, [x, y]);
    }
    this.editor.redraw();
  }

  move(points) {
    if (!this.drag || !this.drag.from) return;
    const [x, y] = points.at(-1);
    this.drag.wanted = [x - this.drag.from[0], y - this.drag.from[1]];
    if (!this.frame) this.step();
  }

  // The first position is drawn at once, others that arrive before the next frame wait for it; the last one counts.
  step() {
    this.show(this.drag.wanted);
    this.drag.wanted = null;
    this.frame = requestAnimationFrame(() => {
      this.frame = 0;
      if (this.drag && this.drag.wanted) this.step();
    });
  }

  up() {
    if (!this.drag || !this.drag.from) return;
    if (this.drag.wanted) this.show(this.drag.wanted);
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
    this.finish(); // so that undo takes the nudge back
    return false;
  }

  keydown({ key, shiftKey }) {
    if (key === "," || key === ".") this.choose(key === "." ? 1 : -1);
    else if (!this.handle) return false;
    else if (NUDGES[key]) this.nudge(...NUDGES[key].map((step) => step * (shiftKey ? 10 : 1)));
    else if (this.drag) return false;
    else if (key === "Delete" || key === "Backspace") this.remove();
    else if (key === "Enter") this.handle.pinned = !this.handle.pinned;
    else return false;
    this.editor.redraw();
    return true;
  }

  choose(direction) {
    if (!this.handles.length || this.drag) return;
    const count = this.handles.length;
    const at = this.handles.findIndex(({ key }) => key === this.chosen);
    this.chosen = this.handles[at < 0 ? (direction > 0 ? 0 : count - 1) : (at + direction + count) % count].key;
  }

  nudge(dx, dy) {
    if (this.drag && this.drag.from) return; // the pointer holds it
    if (!this.drag && !this.take(this.handle, null)) return;
    const [x, y] = this.drag.shift;
    this.show([x + dx, y + dy]);
  }

  remove() {
    this.removed.add(this.chosen);
    this.handles = this.handles.filter(({ key }) => key !== this.chosen);
    this.chosen = null;
  }

  add(x, y, near) {
    const found = structureAt(this.editor.document, x, y, near);
    if (!found) return null;
    if (this.handles.length >= MAX_HANDLES) {
      this.editor.say(`There are ${MAX_HANDLES} handles: remove one first.`);
      return null;
    }
    this.added += 1;
    const handle = { key: `own-${this.added}`, pinned: false, ...found };
    this.handles.push(handle);
    this.chosen = handle.key;
    return handle;
  }

  /** Ids that move with a handle. */
  structuresOf(handle) {
    if (handle.structure === 3 || !this.linked) return [handle.structure];
    return isHinge(handle) && !this.editor.document.locked.has(3) ? [1, 2, 3] : [1, 2];
  }

  /** Begin a drag `from` a point of the canvas, or by keys where it is null; false where a lock refuses it. */
  take(handle, from) {
    const { document: map } = this.editor;
    const structures = this.structuresOf(handle);
    const held = structures.find((id) => map.locked.has(id));
    if (held !== undefined) {
      this.editor.say(`${LABELS[held].name} is locked: unlock it to deform it.`);
      return false;
    }
    const [sy, sx] = map.spacingMm || [1, 1];
    const aspect = sy / sx;
    const warp = new Warp(map, { structures, locked: map.locked, aspect });
    // The handles on the borders of what moves hold it; the endocardium is a border of the wall, the annulus of the atrium.
    const borders = new Set(structures.includes(2) ? [1, ...structures] : structures);
    const parts = this.handles.filter((one) => borders.has(one.structure) || (borders.has(3) && isHinge(one)));
    const shares = parts.map((one) => {
      if (one === handle) return 1;
      const stays = one.pinned || isHinge(one) || !structures.includes(one.structure);
      return stays ? 0 : followShare(handle.place, one.place, DEFORM_REACH * warp.diagonal(), aspect);
    });
    const before = this.snapshot();
    this.drag = { handle, from, structures, warp, parts, shares, before, rest: parts.map(({ place }) => place), shift: [0, 0] };
    map.beginStroke();
    return true;
  }

  show([dx, dy]) {
    const { document: map } = this.editor;
    const { warp, parts, shares, rest } = this.drag;
    this.drag.shift = [dx, dy];
    parts.forEach((handle, i) => (handle.place = [rest[i][0] + shares[i] * dx, rest[i][1] + shares[i] * dy]));
    map.show(warp.draw(rest, parts.map(({ place }) => place), this.kind));
    map.touched();
    this.editor.redraw();
  }

  drop() {
    const { document: map, locks } = this.editor;
    const { structures, parts, rest, before } = this.drag;
    this.drag = null;
    const after = parts.map(({ place }) => place);
    const last = map.undoStack.at(-1);
    this.dropping = true;
    map.endStroke({ tool: "deform", kind: this.kind, structures, before: rest, after, locked: locks });
    this.dropping = false;
    const step = map.undoStack.at(-1);
    if (step !== last) this.states.set(step, { before, after: this.snapshot() });
    this.editor.redraw();
  }

  snapshot() {
    return this.handles.map((handle) => ({ ...handle }));
  }

  draw(context, viewport) {
    const { cursor, panning } = this.editor;
    const { drag } = this;
    const within = DEFORM_HIT / viewport.scale;
    const hovered = drag ? drag.handle : cursor && nearestHandle(this.handles, ...cursor, (at) => Math.hypot(at[0] - cursor[0], at[1] - cursor[1]) < within);
    this.surface = context.canvas;
    this.surface.style.cursor = panning || !hovered ? "" : drag ? "grabbing" : "grab";
    if (drag) drag.parts.forEach((handle, i) => drawTether(context, viewport, drag.rest[i], handle.place));
    for (const handle of this.handles) {
      // What has no part in the drag steps back.
      context.globalAlpha = drag && !drag.parts.includes(handle) ? 0.35 : 1;
      drawHandle(context, viewport, handle, handle === hovered || handle.key === this.chosen);
    }
    context.globalAlpha = 1;
  }
}
