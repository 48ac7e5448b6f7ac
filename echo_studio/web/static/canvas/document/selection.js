// Move selected structures and paste them by an affine map. The rules are those of tests/anatomy/replay.py, whose text is the
// contract: the edit log is replayed there, byte for byte. A matrix is [a, b, c, d, e, f] as a DOMMatrix's, from the
// map before to the map after; positions count from corners, so that the centre of pixel i is i + 0.5.

import { LABELS, withCompanions } from "../../common/labels.js";
import { cut, joined } from "./box.js";
import { LABEL } from "./document.js";

const SELECTION_SLACK = 1e-6; // ties are decided alike whatever the rounding
export const CUT_AWAY = [1, 0, 0, 1, 1e6, 0]; // beyond any map, as far as the edit log allows: it knows no other way to cut

/** The pixels of some structures: {box: [x0, y0, x1, y1], wide, ids}, `ids` being 0 elsewhere; null where there are none. */
export function selectionOf({ ids, width, height }, structures) {
  let box = null;
  for (let y = 0; y < height; y++) {
    const row = y * width;
    let x0 = 0;
    while (x0 < width && !structures.includes(ids[row + x0])) x0++;
    if (x0 === width) continue;
    let x1 = width - 1;
    while (!structures.includes(ids[row + x1])) x1--;
    box = joined(box, [x0, y, x1, y]);
  }
  if (!box) return null;
  const selected = cut(ids, width, box).map((id) => (structures.includes(id) ? id : 0));
  return { box, wide: box[2] - box[0] + 1, ids: selected };
}

/** Paint a selection, seen through a matrix, into `ids`; `free(i)` tells whether pixel i may be written. */
function paintSelection(ids, width, height, selection, matrix, free) {
  const [a, b, c, d, e, f] = matrix;
  const [left, top, right, bottom] = selection.box;
  const determinant = a * d - b * c;
  const corners = boxCorners(selection.box).map((corner) => mapped(matrix, corner));
  const [xs, ys] = [0, 1].map((axis) => corners.map((corner) => corner[axis]));
  // A pixel of margin covers rounding.
  const x0 = Math.max(0, Math.floor(Math.min(...xs)) - 1);
  const x1 = Math.min(width - 1, Math.ceil(Math.max(...xs)) + 1);
  const y0 = Math.max(0, Math.floor(Math.min(...ys)) - 1);
  const y1 = Math.min(height - 1, Math.ceil(Math.max(...ys)) + 1);
  for (let j = y0; j <= y1; j++) {
    const v = j + 0.5 - f;
    for (let i = x0; i <= x1; i++) {
      const u = i + 0.5 - e;
      const x = Math.floor((d * u - c * v) / determinant + SELECTION_SLACK);
      const y = Math.floor((a * v - b * u) / determinant + SELECTION_SLACK);
      if (x < left || y < top || x > right || y > bottom) continue;
      const id = selection.ids[(y - top) * selection.wide + x - left];
      const place = j * width + i;
      if (id && free(place)) ids[place] = id;
    }
  }
}

/** The map of {width, height, ids, sector, locked} after some of its structures, cut out as `selection`, moved. */
export function withMoved(map, selection, moving, matrix) {
  const structures = withCompanions(moving);
  const { width, height, ids, sector, locked } = map;
  const result = ids.slice();
  const [x0, y0, x1, y1] = selection.box;
  for (let y = y0; y <= y1; y++) {
    for (let i = y * width + x0; i <= y * width + x1; i++) {
      if (structures.includes(ids[i])) result[i] = sector[i] ? LABEL.SECTOR : LABEL.OUTSIDE;
    }
  }
  const stays = LABELS.map(({ id }) => locked.has(id) && !structures.includes(id));
  paintSelection(result, width, height, selection, matrix, (i) => !stays[ids[i]]);
  return result;
}

/** The map of {width, height, ids, locked} with a selection from elsewhere on it. */
export function withPasted({ width, height, ids, locked }, selection, matrix) {
  const result = ids.slice();
  paintSelection(result, width, height, selection, matrix, (i) => !locked.has(ids[i]));
  return result;
}

/** The pixels of a selection in run lengths "12,3,40": unset, set, unset ..., row by row, the first may be 0. */
export function runLengths({ ids }) {
  const runs = [];
  let start = 0;
  let set = false;
  for (let i = 0; i <= ids.length; i++) {
    if (i < ids.length && Boolean(ids[i]) === set) continue;
    runs.push(i - start);
    start = i;
    set = !set;
  }
  return runs.join(",");
}

/** Corners of a box of pixels, clockwise from the upper left one. */
function boxCorners([x0, y0, x1, y1]) {
  return [[x0, y0], [x1 + 1, y0], [x1 + 1, y1 + 1], [x0, y1 + 1]];
}

/**
 * Where a matrix takes a point.
 * @param {number[]} matrix [a, b, c, d, e, f], as those of canvas contexts
 * @param {number[]} point
 */
export function mapped(matrix, point) {
  const [a, b, c, d, e, f] = matrix;
  const [x, y] = point;
  return [a * x + c * y + e, b * x + d * y + f];
}

/** First `inner`, then `outer`. */
export function composed(outer, inner) {
  const [a, b, c, d] = inner;
  const [e, f] = mapped(outer, [inner[4], inner[5]]);
  return [outer[0] * a + outer[2] * b, outer[1] * a + outer[3] * b, outer[0] * c + outer[2] * d, outer[1] * c + outer[3] * d, e, f];
}

/**
 * The way back.
 * @param {number[]} matrix
 */
export function inverted(matrix) {
  const [a, b, c, d, e, f] = matrix;
  const determinant = a * d - b * c;
  const [A, B, C, D] = [d / determinant, -b / determinant, -c / determinant, a / determinant];
  return [A, B, C, D, -(A * e + C * f), -(B * e + D * f)];
}

/** Whether the edit log takes a matrix: no selection is squeezed to a line or blown up beyond any map. */
export function invertible(matrix) {
  const [a, b, c, d] = matrix;
  return Math.abs(a * d - b * c) >= 1e-9 && matrix.every((number) => Math.abs(number) <= 1e6);
}
