// A quantity through the beat: lines over the frames, the place that is shown, ED and ES.

import { make, svg } from "../common/dom.js";

const PLOT = { width: 268, height: 112, left: 34, right: 6, top: 16, bottom: 16 };

export class BeatPlot {
  /** `onSeek` is called with a phase where somebody presses. */
  constructor(place, onSeek) {
    this.place = place;
    this.phase = 0;
    this.marker = null;
    const seek = (event) => {
      const picture = place.querySelector("svg");
      if (!picture) return;
      const { left, width } = picture.getBoundingClientRect();
      const x = ((event.clientX - left) / width) * PLOT.width;
      onSeek(Math.min(0.9999, Math.max(0, (x - PLOT.left) / (PLOT.width - PLOT.left - PLOT.right))));
    };
    place.addEventListener("pointerdown", (event) => {
      if (event.button) return;
      place.setPointerCapture(event.pointerId);
      seek(event);
    });
    place.addEventListener("pointermove", (event) => place.hasPointerCapture(event.pointerId) && seek(event));
  }

  /** `lines` are {name, kind, values, at?}: `values` one for each frame (null for none), drawn at phase k / frames. */
  show(lines, { title, unit, es, seconds }) {
    const all = lines.flatMap(({ values }) => values.filter((value) => value !== null));
    if (!all.length) {
      this.place.replaceChildren();
      this.marker = null;
      return;
    }
    const high = Math.max(...all) * 1.06 || 1;
    const { width, height, left, right, top, bottom } = PLOT;
    const x = (phase) => left + phase * (width - left - right);
    const y = (value) => top + (1 - value / high) * (height - top - bottom);
    this.x = x;
    const parts = [];
    for (const share of [0, 0.5, 1]) {
      const value = share * high;
      parts.push(svg("line", { class: "grid", x1: left, x2: width - right, y1: y(value), y2: y(value) }));
      parts.push(svg("text", { class: "axis", x: left - 4, y: y(value) + 3, "text-anchor": "end" }, shortNumber(value)));
    }
    const last = (phase) => svg("line", { class: "event", x1: x(phase), x2: x(phase), y1: top, y2: height - bottom });
    parts.push(last(es), svg("text", { class: "axis", x: x(es), y: height - 4, "text-anchor": "middle" }, "ES"));
    parts.push(svg("text", { class: "axis", x: x(0), y: height - 4, "text-anchor": "start" }, "ED"));
    parts.push(svg("text", { class: "axis", x: width - right, y: height - 4, "text-anchor": "end" }, `${Math.round(1000 * seconds)} ms`));
    parts.push(svg("text", { class: "axis", x: left - 4, y: 7, "text-anchor": "end" }, unit));
    for (const { kind, values } of lines) parts.push(...pieces(values, x, y).map((points) => svg("polyline", { class: kind, points })));
    this.marker = svg("line", { class: "now", y1: top - 4, y2: height - bottom });
    parts.push(this.marker);
    const told = lines.map(({ name, values }) => `${name}: ${values.filter((value) => value !== null).map(shortNumber).join(", ")}`).join("; ");
    const picture = svg("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": `${title} (${unit}). ${told}` }, ...parts);
    const legend = make("figcaption", {}, ...lines.map(({ name, kind }) => make("span", { className: kind }, name)));
    this.place.replaceChildren(picture, ...(lines.length > 1 ? [legend] : []));
    this.move(this.phase);
  }

  move(phase) {
    this.phase = phase;
    if (!this.marker) return;
    this.marker.setAttribute("x1", this.x(phase));
    this.marker.setAttribute("x2", this.x(phase));
  }
}

/** Points of the polylines between gaps; the beat closes with its first value. */
function pieces(values, x, y) {
  const closed = [...values, values[0]];
  const runs = [[]];
  closed.forEach((value, k) => {
    if (value === null) runs.push([]);
    else runs[runs.length - 1].push(`${x(k / values.length).toFixed(1)},${y(value).toFixed(1)}`);
  });
  return runs.filter((run) => run.length > 1).map((run) => run.join(" "));
}

function shortNumber(value) {
  if (value >= 10000) return `${Math.round(value / 1000)}k`;
  return value < 10 && value > 0 ? value.toFixed(1) : String(Math.round(value));
}
