// The geometry of a plot through the beat, without the page: where values lie, and what is said of them.

export const PLOT = { width: 268, height: 112, left: 34, right: 6, top: 16, bottom: 16 };

/** The values that are known, of all lines. */
export function knownValues(lines) {
  return lines.flatMap(({ values }) => values.filter((value) => value !== null));
}

/** {high, x(phase), y(value)} for values from 0 up; a little room stays above the greatest. */
export function beatScale(values) {
  const { width, height, left, right, top, bottom } = PLOT;
  const high = Math.max(...values) * 1.06 || 1;
  const x = (phase) => left + phase * (width - left - right);
  const y = (value) => top + (1 - value / high) * (height - top - bottom);
  return { high, x, y };
}

/** The phase, 0 up to just below 1, at a share of the plot's width. */
export function phaseAt(share) {
  const phase = (share * PLOT.width - PLOT.left) / (PLOT.width - PLOT.left - PLOT.right);
  return Math.min(0.9999, Math.max(0, phase));
}

/** Points of the polylines between gaps; the beat closes with its first value. */
export function polylines(values, x, y) {
  const closed = [...values, values[0]];
  const runs = [[]];
  closed.forEach((value, k) => {
    if (value === null) runs.push([]);
    else runs[runs.length - 1].push(`${x(k / values.length).toFixed(1)},${y(value).toFixed(1)}`);
  });
  return runs.filter((run) => run.length > 1).map((run) => run.join(" "));
}

export function shortNumber(value) {
  if (value >= 10000) return `${Math.round(value / 1000)}k`;
  return value < 10 && value > 0 ? value.toFixed(1) : String(Math.round(value));
}
