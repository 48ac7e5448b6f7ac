// What the box holds: a structure of the map, or a piece from the clipboard. Both are drawn on the map as it was when
// they were taken, with the locks as they are, and both tell what the edit log keeps of it.

import { runLengths, withMoved, withPasted } from "../document/pieces.js";

export class TakenPiece {
  constructor({ width, height, ids, sector, locked }, structures, piece) {
    this.structures = structures;
    this.piece = piece;
    this.before = { width, height, ids: ids.slice(), sector, locked };
  }

  /** The whole map with the structures elsewhere. */
  drawn(matrix) {
    return withMoved(this.before, this.piece, this.structures, matrix);
  }

  op(matrix) {
    return { tool: "transform", structures: this.structures, matrix };
  }
}

export class FloatingPiece {
  /** at: where on the map its middle comes to lie; null: a little off its old place. */
  constructor({ width, height, ids, locked }, { label, piece }, at) {
    this.label = label;
    this.piece = piece;
    this.before = { width, height, ids: ids.slice(), locked };
    const [x0, y0, x1, y1] = piece.box;
    const middle = [(x0 + x1 + 1) / 2, (y0 + y1 + 1) / 2];
    const wanted = at || [Math.min(middle[0] + 8, width), Math.min(middle[1] + 8, height)];
    this.matrix = [1, 0, 0, 1, Math.round(wanted[0] - middle[0]), Math.round(wanted[1] - middle[1])];
  }

  /** The whole map with the piece on it. */
  drawn(matrix) {
    return withPasted(this.before, this.piece, matrix);
  }

  op(matrix) {
    return { tool: "paste", label: this.label, box: this.piece.box, mask: runLengths(this.piece), matrix };
  }
}

/** Ids that move when a label is chosen, or null where it is no structure; linked: cavity and wall go together. */
export function structuresOf(label, linked) {
  if (label < 1 || label > 3) return null;
  return linked && label !== 3 ? [1, 2] : [label];
}
