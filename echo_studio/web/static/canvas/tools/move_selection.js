// What the move box holds: structures of the map, or a selection that was pasted and floats. Both are painted on the map as it
// was when they were selected, with the locks as they are, and both know what the edit log keeps of them.

import { runLengths, withMoved, withPasted } from "../document/selection.js";

export class StructureSelection {
  constructor({ width, height, ids, sector, locked }, structures, selection) {
    this.structures = structures;
    this.selection = selection;
    this.before = { width, height, ids: ids.slice(), sector, locked };
  }

  /** The whole map with the structures elsewhere. */
  painted(matrix) {
    return withMoved(this.before, this.selection, this.structures, matrix);
  }

  op(matrix) {
    return { tool: "transform", structures: this.structures, matrix };
  }
}

export class FloatingSelection {
  /** at: where on the map its middle comes to lie; null: a little off its old place. */
  constructor({ width, height, ids, locked }, { label, selection }, at) {
    this.label = label;
    this.selection = selection;
    this.before = { width, height, ids: ids.slice(), locked };
    const [x0, y0, x1, y1] = selection.box;
    const middle = [(x0 + x1 + 1) / 2, (y0 + y1 + 1) / 2];
    const target = at || [Math.min(middle[0] + 8, width), Math.min(middle[1] + 8, height)];
    this.matrix = [1, 0, 0, 1, Math.round(target[0] - middle[0]), Math.round(target[1] - middle[1])];
  }

  /** The whole map with the selection on it. */
  painted(matrix) {
    return withPasted(this.before, this.selection, matrix);
  }

  op(matrix) {
    return { tool: "paste", label: this.label, box: this.selection.box, mask: runLengths(this.selection), matrix };
  }
}

/** Ids that move when a label is chosen, or null where it is outside or sector; linked: cavity and wall go together. */
export function structuresOf(label, linked) {
  if (label > 4) return [label];
  if (label < 1 || label > 3) return null;
  return linked && label !== 3 ? [1, 2] : [label];
}
