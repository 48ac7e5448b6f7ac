// A quantity through the beat: lines over the frames, the place that is shown, ED and ES.

import { make, svg } from "../common/dom.js";
import { PLOT, beatScale, knownValues, phaseAt, polylines, shortNumber } from "./curve.js";

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
      onSeek(phaseAt((event.clientX - left) / width));
    };
    place.addEventListener("pointerdown", (event) => {
      if (event.button) return;
      place.setPointerCapture(event.pointerId);
      seek(event);
    });
    place.addEventListener("pointermove", (event) => place.hasPointerCapture(event.pointerId) && seek(event));
  }

  /** `lines` are {name, kind, values}: `values` one for each frame (null if unknown), shown at phase k / frames. */
  show(lines, { title, unit, es, seconds }) {
    const known = knownValues(lines);
    if (!known.length) {
      this.place.replaceChildren();
      this.marker = null;
      return;
    }
    const { width, height, left, right, top, bottom } = PLOT;
    const { high, x, y } = beatScale(known);
    this.x = x;
    const parts = [];
    for (const share of [0, 0.5, 1]) {
      const value = share * high;
      parts.push(svg("line", { class: "grid", x1: left, x2: width - right, y1: y(value), y2: y(value) }));
      parts.push(svg("text", { class: "axis", x: left - 4, y: y(value) + 3, "text-anchor": "end" }, shortNumber(value)));
    }
    parts.push(svg("line", { class: "event", x1: x(es), x2: x(es), y1: top, y2: height - bottom }));
    parts.push(svg("text", { class: "axis", x: x(es), y: height - 4, "text-anchor": "middle" }, "ES"));
    parts.push(svg("text", { class: "axis", x: x(0), y: height - 4, "text-anchor": "start" }, "ED"));
    parts.push(svg("text", { class: "axis", x: width - right, y: height - 4, "text-anchor": "end" }, `${Math.round(1000 * seconds)} ms`));
    parts.push(svg("text", { class: "axis", x: left - 4, y: 7, "text-anchor": "end" }, unit));
    for (const { kind, values } of lines) parts.push(...polylines(values, x, y).map((points) => svg("polyline", { class: kind, points })));
    this.marker = svg("line", { class: "now", y1: top - 4, y2: height - bottom });
    parts.push(this.marker);
    const spoken = lines.map(({ name, values }) => `${name}: ${values.filter((value) => value !== null).map(shortNumber).join(", ")}`).join("; ");
    const picture = svg("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": `${title} (${unit}). ${spoken}` }, ...parts);
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
