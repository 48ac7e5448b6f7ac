// Quality against NFE, without the page: what was measured, and where it lies in a plot.

export const MEASURES = [
  { key: "lv_endo", title: "LV cavity (Dice)", share: true },
  { key: "lv_epi", title: "Epicardium (Dice)", share: true },
  { key: "la", title: "Left atrium (Dice)", share: true },
  { key: "frechet", title: "Fréchet distance", share: false },
  { key: "grain", title: "Grain, over real frames'", share: false },
];
export const PLOT = { width: 340, height: 132, left: 34, right: 8, top: 8, bottom: 20 };
const TICKS = [1, 2, 3, 5, 10, 20, 50, 100, 200, 500, 1000];

/**
 * The rows of a card that can be shown for this measure: [{solver, nfe, value, n, by}]. Cards may be foreign. A row that
 * holds no figures of the labeller's beside its own is of the time when the labeller alone scored.
 */
export function qualityRows(scores, measure) {
  const rows = Array.isArray(scores && scores.by_nfe) ? scores.by_nfe : [];
  return rows
    .filter((row) => row && Number.isFinite(row.nfe) && row.nfe >= 1 && Number.isFinite(row[measure.key]))
    .map((row) => ({ solver: String(row.solver), nfe: row.nfe, value: row[measure.key], n: row.n, by: row.labeller ? "judge" : "labeller" }));
}

/** Lowest and highest value of all rows, a little wider; Dice ends at 1 at most. */
export function valueRange(rows, measure) {
  const values = rows.map(({ value }) => value);
  const low = Math.min(...values);
  const high = Math.max(...values);
  const margin = Math.max((high - low) * 0.08, measure.share ? 0.01 : high * 0.02);
  return [Math.max(0, low - margin), measure.share ? Math.min(1, high + margin) : high + margin];
}

/** {x(nfe), y(value), ticks, least, most}: NFE on a logarithmic axis, the greater value higher. */
export function qualityScale(rows, range) {
  const { width, height, left, right, top, bottom } = PLOT;
  const most = Math.max(...rows.map(({ nfe }) => nfe), 2);
  const least = Math.min(...rows.map(({ nfe }) => nfe));
  const span = Math.log(most / least) || 1;
  const x = (nfe) => left + 6 + (Math.log(nfe / least) / span) * (width - left - right - 12);
  const y = (value) => top + ((range[1] - value) / (range[1] - range[0] || 1)) * (height - top - bottom);
  return { x, y, least, most, ticks: TICKS.filter((tick) => tick >= least && tick <= most) };
}

/** The rows by solver and by whose they are, from the least NFE to the most: [[solver, rows]]. */
export function bySolver(rows) {
  const lines = new Map();
  for (const row of rows) lines.set(`${row.by} ${row.solver}`, [...(lines.get(`${row.by} ${row.solver}`) || []), row]);
  return [...lines.values()].map((own) => [own[0].solver, own.sort((a, b) => a.nfe - b.nfe)]);
}

/** What a row is of, in words: the solver, and whose score it is if it is not the judge's. */
export function rowTitle(titles, { solver, by }) {
  return `${shortTitle(titles, solver)}${by === "labeller" ? ", scored by the labeller" : ""}`;
}

/** A solver's name without what stands in brackets behind it. */
export function shortTitle(titles, solver) {
  return (titles[solver] || solver).replace(/ \(.*/, "");
}
