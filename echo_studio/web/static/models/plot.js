// Quality against NFE: a line for each solver, NFE on a logarithmic axis, the advised NFE marked.

import { make, svg } from "../common/dom.js";
import { PLOT, bySolver, qualityScale, rowTitle } from "./quality.js";

/** A figure with the plot and its legend; `titles` are the solvers' names for people. */
export function qualityPlot(rows, { measure, range, advised, titles }) {
  const { width, height, left, right, top, bottom } = PLOT;
  const { x, y, least, most, ticks } = qualityScale(rows, range);
  const digits = range[1] - range[0] < 5 ? 2 : 0;
  const parts = [svg("text", { class: "axis", x: left - 5, y: height - 6, "text-anchor": "end" }, "NFE")];
  for (const share of [0, 0.5, 1]) {
    const value = range[0] + share * (range[1] - range[0]);
    parts.push(svg("line", { class: "grid", x1: left, x2: width - right, y1: y(value), y2: y(value) }));
    parts.push(svg("text", { class: "axis", x: left - 5, y: y(value) + 3, "text-anchor": "end" }, value.toFixed(digits)));
  }
  for (const nfe of ticks) {
    parts.push(svg("text", { class: "axis", x: x(nfe), y: height - 6, "text-anchor": "middle" }, String(nfe)));
  }
  if (advised >= least && advised <= most) {
    parts.push(svg("line", { class: "advised", x1: x(advised), x2: x(advised), y1: top, y2: height - bottom }, svg("title", {}, `Advised: ${advised} NFE`)));
  }
  const lines = bySolver(rows);
  lines.forEach(([, points], number) => {
    const places = points.map((row) => `${x(row.nfe).toFixed(1)},${y(row.value).toFixed(1)}`).join(" ");
    const line = svg("g", { class: `line line-${number % 6}` }, svg("polyline", { points: places }));
    for (const row of points) {
      const words = `${rowTitle(titles, row)}, ${row.nfe} NFE: ${row.value.toFixed(3)}${row.n ? ` (${row.n} maps)` : ""}`;
      line.append(svg("circle", { cx: x(row.nfe), cy: y(row.value), r: 2.6 }, svg("title", {}, words)));
    }
    parts.push(line);
  });
  const spoken = rows.map((row) => `${rowTitle(titles, row)} ${row.nfe} NFE ${row.value.toFixed(3)}`).join("; ");
  const picture = svg("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": `${measure.title} against NFE: ${spoken}` }, ...parts);
  const legend = make("figcaption", {}, ...lines.map(([, points], number) => make("span", { className: `line line-${number % 6}` }, rowTitle(titles, points[0]))));
  return make("figure", { className: "quality" }, picture, legend);
}
