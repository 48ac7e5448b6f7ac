// Move, turn and scale a structure with a box around it, or a piece that was pasted and floats until it is set down.
//
// A structure: each release is one step, and the next drag starts anew from the map that it left. A floating piece
// keeps its box and its matrix, so that it is resampled once however often it is dragged: Enter or a click outside
// sets it down as one step, Escape drops it.
// Keys: arrows shift (Shift: 10 pixels), comma and full stop turn by 1° (Shift: 15°), Page Up and Page Down scale.

const BOX_KEYS = {
  ArrowLeft: { dx: -1 },
  ArrowRight: { dx: 1 },
  ArrowUp: { dy: -1 },
  ArrowDown: { dy: 1 },
  Comma: { turn: -1 },
  Period: { turn: 1 },
  PageUp: { grow: 1 },
  PageDown: { grow: -1 },
};
const KEY_SCALE = 1.02; // of one press of Page Up
const GRIP_CURSORS = ["ew-resize", "nwse-resize", "ns-resize", "nesw-resize"];

class MoveTool {
  constructor(editor) {
    this.editor = editor;
    this.linked = true; // cavity and wall together
    this.floating = null; // {label, piece, matrix, before}
    this.drag = null; // {grip, from, box, matrix, ...}; `from` is null where keys do it
    this.found = { key: "" }; // the piece of the chosen structures on the map as it is
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
    if (!this.floating && this.structures && !this.piece) this.editor.say(`There is no ${this.names} to move: paint one first.`);
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

  /** Ids that move, or null where the chosen label is no structure. */
  get structures() {
    const { label } = this.editor;
    if (label < 1 || label > 3) return null;
    return this.linked && label !== 3 ? [1, 2] : [label];
  }

  get names() {
    return this.structures.map((id) => LABELS[id].name).join(" or ");
  }

  /** What would be moved, cut out of the map as it is; null where there is nothing. */
  get piece() {
    const { document: map } = this.editor;
    const { structures } = this;
    const key = `${structures} ${map.revision}`;
    if (this.found.key !== key) this.found = { key, piece: structures && pieceOf(map, structures) };
    return this.found.piece;
  }

  /** The box on the canvas, or null. */
  get box() {
    if (this.drag && this.drag.box) return this.drag.box;
    const [sy, sx] = this.editor.document.spacingMm || [1, 1];
    const { floating } = this;
    if (floating) return new MoveBox(floating.piece.box, floating.matrix, sy / sx);
    return this.piece ? new MoveBox(this.piece.box, NO_MATRIX, sy / sx) : null;
  }

  /** Let a copied piece float: its middle at a point of the map, or a little off its old place. */
  float({ label, piece }, at) {
    this.finish();
    const { document: map } = this.editor;
    const [x0, y0, x1, y1] = piece.box;
    const middle = [(x0 + x1 + 1) / 2, (y0 + y1 + 1) / 2];
    const wanted = at || middle.map((coordinate, axis) => Math.min(coordinate + 8, axis ? map.height : map.width));
    const [dx, dy] = [0, 1].map((axis) => Math.round(wanted[axis] - middle[axis]));
    map.beginStroke();
    const before = { width: map.width, height: map.height, ids: map.ids.slice(), locked: map.locked };
    this.floating = { label, piece, matrix: [1, 0, 0, 1, dx, dy], before };
    this.show(this.floating.matrix);
  }

  down(x, y, { near }) {
    this.endKeys();
    if (this.drag) return;
    const { document: map } = this.editor;
    const grip = this.box && this.viewport && this.box.grip([x, y], this.viewport, near);
    const under = structureAt(map, x, y, near);
    if (grip) this.take(grip, [x, y], under);
    else if (this.floating) this.drag = { outside: true };
    else if (under) {
      this.editor.chooseLabel(under.structure);
      this.take({ kind: "move" }, [x, y], under);
    }
  }

  move(points, { shift }) {
    if (!this.drag || !this.drag.from) return;
    Object.assign(this.drag, { wanted: points.at(-1), shift, moved: true });
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
      if (this.drag && this.drag.wanted) this.step();
    });
  }

  follows() {
    const { drag } = this;
    drag.last = drag.wanted;
    drag.wanted = null;
    this.show(drag.box.dragged(drag.grip, drag.from, drag.last, drag.shift));
  }

  up() {
    const { drag } = this;
    if (!drag || (!drag.from && !drag.outside)) return;
    if (drag.outside) {
      this.drag = null;
      this.finish();
      return;
    }
    if (drag.wanted) this.follows();
    this.drop();
    // A press inside the box may have meant another structure there.
    const { under } = drag;
    if (!drag.moved && under && !this.floating && drag.grip.kind === "move") this.editor.chooseLabel(under.structure);
  }

  // Begin a drag `from` a point of the map, or by keys where it is null. A lock may refuse it.
  take(grip, from, under = null) {
    const { document: map } = this.editor;
    const { box, structures, piece } = this;
    if (!box) return;
    const drag = { grip, from, under, box, matrix: box.matrix, dx: 0, dy: 0, turn: 0, grow: 0 };
    if (!this.floating) {
      const locked = structures.find((id) => map.locked.has(id));
      if (locked !== undefined) {
        this.editor.say(`${LABELS[locked].name} is locked: unlock it to move it.`);
        return;
      }
      map.beginStroke();
      const { width, height, fan } = map;
      Object.assign(drag, { structures, piece, before: { width, height, fan, ids: map.ids.slice(), locked: map.locked } });
    }
    this.drag = drag;
  }

  show(matrix) {
    if (!invertible(matrix)) return;
    const { document: map } = this.editor;
    const { floating, drag } = this;
    if (drag) drag.matrix = matrix;
    const drawn = floating
      ? withPasted(floating.before, floating.piece, matrix)
      : withMoved(drag.before, drag.piece, drag.structures, matrix);
    map.show(drawn);
    map.touched();
    this.editor.redraw();
  }

  drop() {
    const { drag, floating } = this;
    const { document: map, locks } = this.editor;
    if (floating) floating.matrix = drag.matrix;
    else {
      this.show(drag.matrix); // with the locks as they are now
      this.drag = null;
      map.endStroke({ tool: "transform", structures: drag.structures, matrix: drag.matrix, locked: locks });
    }
    this.drag = null;
    this.editor.redraw();
  }

  /** Enter: set down what floats. */
  finish() {
    this.endKeys();
    const { floating } = this;
    if (!floating || this.drag) return;
    const { document: map, locks } = this.editor;
    const { label, piece, matrix } = floating;
    this.show(matrix); // with the locks as they are now
    this.floating = null;
    map.endStroke({ tool: "paste", label, box: piece.box, mask: runLengths(piece), matrix, locked: locks });
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

  keydown({ code, shiftKey }) {
    const change = BOX_KEYS[code];
    if (!change) return false;
    if (!this.drag) this.take({ kind: change.turn ? "turn" : change.grow ? "scale" : "move" }, null);
    const { drag } = this;
    if (!drag || drag.from || drag.outside) return true; // a lock refuses it, or the pointer holds it
    const { dx = 0, dy = 0, turn = 0, grow = 0 } = change;
    const far = shiftKey ? 10 : 1;
    drag.dx += dx * far;
    drag.dy += dy * far;
    drag.turn += turn * (shiftKey ? 15 : 1);
    drag.grow += grow * (shiftKey ? 5 : 1);
    const changed = drag.turn || drag.grow ? drag.box.changed((drag.turn * Math.PI) / 180, KEY_SCALE ** drag.grow) : drag.box.matrix;
    this.show(composed([1, 0, 0, 1, drag.dx, drag.dy], changed));
    return true;
  }

  keyup({ key, code }) {
    if (BOX_KEYS[code]) this.endKeys();
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
    const near = (point, radius) => Math.hypot(point[0] - cursor[0], point[1] - cursor[1]) * viewport.scale < radius;
    const hot = drag ? drag.grip : box && cursor && box.grip(cursor, viewport, near);
    this.surface.style.cursor = panning || !hot ? "" : this.cursorOver(hot, box, viewport, Boolean(drag));
    if (!box) return;
    const words = drag && drag.box ? box.words(drag.grip, drag.matrix) : "";
    box.draw(context, viewport, { matrix: drag && drag.box ? drag.matrix : box.matrix, hot, floating: Boolean(this.floating), words });
  }

  // Along the way in which a grip pulls, also when the box is turned.
  cursorOver({ kind, gx, gy }, box, viewport, dragging) {
    if (kind === "move") return dragging ? "grabbing" : "move";
    if (kind === "turn") return dragging ? "grabbing" : "grab";
    const [from, to] = [[0.5, 0.5], [gx, gy]].map((at) => viewport.toPane(...box.place(...at)));
    const eighth = Math.round((Math.atan2(to[1] - from[1], to[0] - from[0]) / Math.PI) * 4);
    return GRIP_CURSORS[((eighth % 4) + 4) % 4];
  }
}
