// The box by keyboard: arrows shift (Shift: 10 pixels), comma and full stop turn by 1° (Shift: 15°), Page Up and Page
// Down scale (Shift: five times as much). What is pressed until the key is released adds up to one matrix.

import { composed } from "../document/selection.js";

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

export class BoxKeys {
  constructor() {
    this.dx = 0;
    this.dy = 0;
    this.turn = 0;
    this.grow = 0;
  }

  /** What a key does to the box: the kind of a grip, or null. By its place, as Shift changes its character. */
  static kind({ code }) {
    const change = BOX_KEYS[code];
    if (!change) return null;
    return change.turn ? "turn" : change.grow ? "scale" : "move";
  }

  press({ code, shiftKey }) {
    const { dx = 0, dy = 0, turn = 0, grow = 0 } = BOX_KEYS[code];
    this.dx += dx * (shiftKey ? 10 : 1);
    this.dy += dy * (shiftKey ? 10 : 1);
    this.turn += turn * (shiftKey ? 15 : 1);
    this.grow += grow * (shiftKey ? 5 : 1);
  }

  /** The box's matrix after all of it. A mere shift is exact. */
  matrix(box) {
    const changed = this.turn || this.grow ? box.changed((this.turn * Math.PI) / 180, KEY_SCALE ** this.grow) : box.matrix;
    return composed([1, 0, 0, 1, this.dx, this.dy], changed);
  }
}
