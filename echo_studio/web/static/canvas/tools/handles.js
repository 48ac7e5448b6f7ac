// The handles of a label map: where they are, which one is chosen, what the person did to them, how they look.
// Places are (x, y) in pixels with centres at whole numbers, as the server sends them; the canvas counts from corners.
//
// What moves with a handle: cavity and wall together, or, where they are not linked, the handle's own structure alone.
// The atrium moves alone, but goes with the annulus where cavity and wall do, unless it is locked: else the heart tears.
// Handles near the dragged one follow it, less with distance. Pinned ones and the annulus stay where they are.

import { LABELS } from "../../common/labels.js";

export const MAX_HANDLES = 256; // Python's `deform` takes no more
const HANDLE_RADIUS = 5;
const HANDLE_REACH = 0.35; // how far a drag is followed: a share of the diagonal of the handles that take part

export class HandleSet {
  constructor() {
    this.forget();
  }

  forget() {
    this.list = []; // {key, structure, place: [x, y], pinned}
    this.chosen = null; // the handle that keys act on
    this.removed = new Set(); // keys
    this.added = 0;
  }

  /** Take handles that were found for the map. Pins and removals hold for the same key; added handles stay. */
  adopt(found) {
    const pinned = new Set(this.list.filter((handle) => handle.pinned).map(({ key }) => key));
    const keys = new Set(found.map(({ key }) => key));
    const own = this.list.filter(({ key }) => key.startsWith("own-") && !keys.has(key));
    const { chosen } = this;
    this.list = [...found, ...own]
      .filter(({ key }) => !this.removed.has(key))
      .map(({ key, structure, place }) => ({ key, structure, place: [...place], pinned: pinned.has(key) }));
    this.chosen = (chosen && this.list.find(({ key }) => key === chosen.key)) || null;
  }

  copy() {
    return this.list.map((handle) => ({ ...handle }));
  }

  /** The nearest handle to a point of the canvas, of those that `hit` takes. */
  nearest(x, y, hit) {
    let best = null;
    let least = Infinity;
    for (const handle of this.list) {
      const [hx, hy] = onCanvas(handle.place);
      const distance = Math.hypot(hx - x, hy - y);
      if (distance < least && hit([hx, hy])) [best, least] = [handle, distance];
    }
    return best;
  }

  /** Choose the handle after (1) or before (-1) the chosen one. */
  step(direction) {
    if (!this.list.length) return;
    const at = this.chosen ? this.list.indexOf(this.chosen) : direction > 0 ? -1 : 0;
    this.chosen = this.list.at((at + direction) % this.list.length);
  }

  add(structure, place) {
    this.added += 1;
    this.chosen = { key: `own-${this.added}`, structure, place, pinned: false };
    this.list.push(this.chosen);
    return this.chosen;
  }

  remove(handle) {
    this.removed.add(handle.key);
    this.list = this.list.filter((one) => one !== handle);
    if (this.chosen === handle) this.chosen = null;
  }
}

/** The annulus: where atrium and ventricle meet. */
function isHinge({ key }) {
  return key.startsWith("hinge");
}

/** Ids of the structures that move when a handle does. */
export function structuresMovedBy(handle, linked, locked) {
  if (handle.structure === 3 || !linked) return [handle.structure];
  return isHinge(handle) && !locked.has(3) ? [1, 2, 3] : [1, 2];
}

/** The handles on the borders of structures: of the wall the endocardium is one too, of the atrium the annulus. */
export function partsOf(handles, structures) {
  const borders = structures.includes(2) ? [1, ...structures] : structures;
  return handles.filter((handle) => borders.includes(handle.structure) || (borders.includes(3) && isHinge(handle)));
}

/** For each handle, the share of the movement of the dragged one that it follows. */
export function sharesOf(parts, dragged, structures, aspect) {
  const [xs, ys] = [0, 1].map((axis) => parts.map(({ place }) => place[axis]));
  const span = (values) => Math.max(...values) - Math.min(...values);
  const reach = HANDLE_REACH * Math.hypot(span(xs), span(ys) * aspect);
  return parts.map((handle) => {
    if (handle === dragged) return 1;
    if (handle.pinned || isHinge(handle) || !structures.includes(handle.structure)) return 0;
    const [dx, dy] = [0, 1].map((axis) => handle.place[axis] - dragged.place[axis]);
    const distance = Math.hypot(dx, dy * aspect);
    return distance < reach ? (1 - (distance / reach) ** 2) ** 2 : 0;
  });
}

/** {structure, place} of a structure at a point of the canvas or, at its border, as near as `near` allows; or null. */
export function structureAt({ width, height, ids }, x, y, near) {
  const at = (column, row) => (column >= 0 && row >= 0 && column < width && row < height ? ids[row * width + column] : 0);
  const isStructure = (id) => id >= 1 && id <= 3;
  const [column, row] = [Math.floor(x), Math.floor(y)];
  if (isStructure(at(column, row))) return { structure: at(column, row), place: [x - 0.5, y - 0.5] };
  let best = null;
  let least = Infinity;
  for (let j = row - 10; j <= row + 10; j++) {
    for (let i = column - 10; i <= column + 10; i++) {
      const distance = Math.hypot(i + 0.5 - x, j + 0.5 - y);
      if (distance >= least || !isStructure(at(i, j)) || !near([i + 0.5, j + 0.5])) continue;
      [best, least] = [{ structure: at(i, j), place: [i, j] }, distance];
    }
  }
  return best;
}

function onCanvas([x, y]) {
  return [x + 0.5, y + 0.5];
}

/** A disc in the colour of its structure; a square with a dot where it is pinned. */
export function drawHandle(context, viewport, { place, structure, pinned }, large) {
  const [x, y] = viewport.toPane(...onCanvas(place));
  const radius = HANDLE_RADIUS + (large ? 2 : 0);
  context.beginPath();
  if (pinned) context.rect(x - radius, y - radius, 2 * radius, 2 * radius);
  else context.arc(x, y, radius, 0, 2 * Math.PI);
  context.fillStyle = `rgb(${LABELS[structure].colour.join(" ")})`;
  context.strokeStyle = "#111";
  context.lineWidth = 4;
  context.stroke();
  context.strokeStyle = "#fff";
  context.lineWidth = large ? 2 : 1.25;
  context.stroke();
  context.fill();
  if (!pinned) return;
  context.beginPath();
  context.arc(x, y, 2, 0, 2 * Math.PI);
  context.fillStyle = "#111";
  context.fill();
}

/** From where a handle rested to where it is. */
export function drawTether(context, viewport, rest, place) {
  if (rest[0] === place[0] && rest[1] === place[1]) return;
  for (const [colour, width] of [["rgba(0, 0, 0, 0.6)", 3], ["#fff", 1]]) {
    context.beginPath();
    context.moveTo(...viewport.toPane(...onCanvas(rest)));
    context.lineTo(...viewport.toPane(...onCanvas(place)));
    context.strokeStyle = colour;
    context.lineWidth = width;
    context.stroke();
  }
}
