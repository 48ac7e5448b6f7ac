// Quality against NFE: a line for each solver, NFE on a logarithmic axis, the advised NFE marked.

import { make, svg } from "../common/dom.js";

export const MEASURES = [
  { key: "lv_endo", title: "LV cavity (Dice)", share: true },
  { key: "lv_epi", title: "Epicardium (Dice)", share: true },
  { key: "la", title: "Left atrium (Dice)", share: true },
  { key: "frechet", title: "Fréchet distance", share: false },
];
const PLOT = { width: 340, height: 132, left: 34, right: 8, top: 8, bottom: 20 };
const TICKS = [1, 2, 3, 5, 10, 20, 50, 100, 200, 500, 1000];

/** The rows of a card that can be drawn for this measure: [{solver, nfe, value, n}]. */
export function qualityRows(scores, measure) {
  const rows = Array.isArray(scores && scores.by_nfe) ? scores.by_nfe : [];
  return rows
    .filter((row) => row && Number.isFinite(row.nfe) && row.nfe >= 1 && Number.isFinite(row[measure.key]))
    .map((row) => ({ solver: String(row.solver), nfe: row.nfe, value: row[measure.key], n: row.n }));
}

/** Lowest and highest value of all rows, a little wider; Dice ends at 1 at most. */
export function valueRange(rows, measure) {
  const values = rows.map(({ value }) => value);
  const low = Math.min(...values);
  const high = Math.max(...values);
  const margin = Math.max((high - low) * 0.08, measure.share ? 0.01 : high * 0.02);
  return [Math.max(0, low - margin), measure.share ? Math.min(1, high + margin) : high + margin];
}

/** A solver's name without what stands in brackets behind it. */
export function shortTitle(titles, solver) {
  return (titles[solver] || solver).replace(/ \(.*/, "");
}

/** A figure with the plot and its legend; `titles` are the solvers' names for people. */
export function qualityPlot(rows, { measure, range, advised, titles }) {
  const { width, height, left, right, top, bottom } = PLOT;
  const most = Math.max(...rows.map(({ nfe }) => nfe), 2);
  const least = Math.min(...rows.map(({ nfe }) => nfe));
  const span = Math.log(most / least) || 1;
  const x = (nfe) => left + 6 + (Math.log(nfe / least) / span) * (width - left - right - 12);
  const y = (value) => top + ((range[1] - value) / (range[1] - range[0] || 1)) * (height - top - bottom);
  const digits = range[1] - range[0] < 5 ? 2 : 0;
  const parts = [svg("text", { class: "axis", x: left - 5, y: height - 6, "text-anchor": "end" }, "NFE")];
  for (const share of [0, 0.5, 1]) {
    const value = range[0] + share * (range[1] - range[0]);
    parts.push(svg("line", { class: "grid", x1: left, x2: width - right, y1: y(value), y2: y(value) }));
    parts.push(svg("text", { class: "axis", x: left - 5, y: y(value) + 3, "text-anchor": "end" }, value.toFixed(digits)));
  }
  for (const nfe of TICKS.filter((tick) => tick >= least && tick <= most)) {
    parts.push(svg("text", { class: "axis", x: x(nfe), y: height - 6, "text-anchor": "middle" }, String(nfe)));
  }
  if (advised >= least && advised <= most) {
    parts.push(svg("line", { class: "advised", x1: x(advised), x2: x(advised), y1: top, y2: height - bottom }, svg("title", {}, `Advised: ${advised} NFE`)));
  }
  const solvers = [...new Set(rows.map(({ solver }) => solver))];
  solvers.forEach((solver, number) => {
    const points = rows.filter((row) => row.solver === solver).sort((a, b) => a.nfe - b.nfe);
    const places = points.map((row) => `${x(row.nfe).toFixed(1)},${y(row.value).toFixed(1)}`).join(" ");
    const line = svg("g", { class: `line line-${number % 6}` }, svg("polyline", { points: places }));
    for (const row of points) {
      const words = `${shortTitle(titles, solver)}, ${row.nfe} NFE: ${row.value.toFixed(3)}${row.n ? ` (${row.n} maps)` : ""}`;
      line.append(svg("circle", { cx: x(row.nfe), cy: y(row.value), r: 2.6 }, svg("title", {}, words)));
    }
    parts.push(line);
  });
  const told = rows.map((row) => `${shortTitle(titles, row.solver)} ${row.nfe} NFE ${row.value.toFixed(3)}`).join("; ");
  const picture = svg("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": `${measure.title} against NFE: ${told}` }, ...parts);
  const legend = make("figcaption", {}, ...solvers.map((solver, number) => make("span", { className: `line line-${number % 6}` }, shortTitle(titles, solver))));
  return make("figure", { className: "quality" }, picture, legend);
}
