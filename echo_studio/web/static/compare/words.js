// A comparison in words.

/** How far a cell is, 0 to 1. */
export function shareOf({ state, nfe, settings }) {
  if (state === "running") return nfe / settings.nfe;
  return state === "waiting" ? 0 : 1;
}

/** How far the comparison is. */
export function stateWords({ cells, state, ahead, stopping, message }) {
  const count = (...states) => cells.filter((cell) => states.includes(cell.state)).length;
  const some = count("failed") ? ` · ${count("failed")} failed` : "";
  const done = `${count("done")} of ${cells.length} cells done${some}`;
  const now = Math.min(count("done", "failed") + 1, cells.length);
  if (stopping) return "Stopping after this NFE …";
  if (state === "waiting") return ahead ? `Waiting: ${ahead} ahead` : "Starting …";
  if (state === "running") return `Cell ${now} of ${cells.length}${some}`;
  if (state === "cancelled") return `Cancelled: ${done}`;
  return state === "failed" ? message : done;
}

/** What is the same in every cell, in one line. */
export function sameWords(cells) {
  const words = {
    label_map: (name) => name,
    view: String,
    phase: String,
    generator: String,
    solver: String,
    schedule: (name) => name && `schedule ${name}`,
    nfe: (nfe) => `${nfe} NFE`,
    seed: (seed) => `seed ${seed}`,
    guidance: (scale) => scale > 0 && `guidance ${scale}`,
  };
  const shared = Object.keys(words).filter((name) => cells.every(({ settings }) => settings[name] === cells[0].settings[name]));
  return shared.map((name) => words[name](cells[0].settings[name])).filter(Boolean).join(" · ");
}
