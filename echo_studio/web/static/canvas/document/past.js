// Maps of the past, made from the steps that the history keeps.

import { paste } from "./box.js";

/** The map at a position of the history, {width, height, spacing, ids, sector}; the arrays are copies. Null: not kept. */
export function pageAt(map, position) {
  if (position < map.base || position > map.position) return null;
  let page = { ...map.page, ids: (map.stroke ? map.stroke.original : map.ids).slice(), sector: map.sector.slice() };
  for (let k = map.undoStack.length; k > position - map.base; k--) {
    const step = map.undoStack[k - 1];
    if (step.box) paste(page.ids, page.width, step.box, step.before);
    else page = { ...step.page.before, ids: step.page.before.ids.slice(), sector: step.page.before.sector.slice() };
  }
  return page;
}

/** The op of the step that led to the canvas; {} at the start of the history. */
export function lastOp(map) {
  const step = map.undoStack.at(-1);
  return (step && step.op) || {};
}

// Sliders and variations may be tried again and again, each time on the map before the first try. The op of a later try
// names that map by its position as `base`; without one it is the map before the step, as for every other op.

/** The position of the map that another try of this tool starts from. */
export function baseOf(map, tool) {
  const op = lastOp(map);
  const base = op.tool === tool ? (op.base ?? map.position - 1) : map.position;
  return base >= map.base ? base : map.position;
}

export function withBase(map, op, base) {
  return base === map.position ? op : { ...op, base };
}
