// Defects stay editable after they were applied, as long as the history keeps the map before them and no other page was
// opened since. The rule, which `tests/anatomy/replay_past.py` follows too:
//
// `{"tool": "defect-edit", "position": p, "defect", "values"}` gives the defect of the step that led to position p other
// values (it may be another defect), and `{"tool": "defect-remove", "position": p}` takes it away. The new map starts as the
// map at p - 1 with the defect as it is now, or without it. Over it is laid what was changed since: the steps after p fall
// into runs, which the edits of this same defect part; of each run, in order, the pixels in which the map after the run
// differs from the map before it get their value after it. So strokes and other defects stay as they are, pixel by pixel,
// and what an earlier edit of this defect did goes.

import { paste } from "./box.js";
import { pageAt } from "./past.js";

/** The defects that can still be changed, in order: [{position, defect, values}], `values` as they were edited last. */
export function appliedDefects(map) {
  const found = new Map();
  map.undoStack.forEach(({ op, page }, i) => {
    if (page) found.clear();
    if (!op || page) return;
    const { tool, defect, values = {} } = op;
    const position = tool === "defect" ? map.base + i + 1 : op.position;
    if (tool === "defect" || (tool === "defect-edit" && found.has(position))) found.set(position, { position, defect, values });
    else if (tool === "defect-remove") found.delete(position);
  });
  return [...found.values()];
}

/** `ids`, the map before the step that led to `position` with its defect made anew, with what was changed since laid over it. */
export function withLaterChanges(map, position, ids) {
  const { width } = map;
  const now = pageAt(map, position).ids;
  let before = now.slice();
  const lay = () => now.forEach((id, i) => id !== before[i] && (ids[i] = id));
  for (const step of map.undoStack.slice(position - map.base)) {
    const own = step.op && /^defect-/.test(step.op.tool) && step.op.position === position;
    if (own) lay();
    paste(now, width, step.box, step.after);
    if (own) before = now.slice();
  }
  lay();
  return ids;
}
