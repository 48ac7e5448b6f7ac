// Closed outlines: filled as a step of the history, and shown while they are drawn.

import { polygonSpans } from "../document/raster.js";

/** Paint what lies inside a closed outline: one step of the history. */
export function fillOutline({ document: map, label, locks }, tool, points) {
  map.beginStroke();
  polygonSpans(points, map.height, (y, x0, x1) => map.writeSpan(y, x0, x1, label));
  map.endStroke({ tool, label, points, locked: locks });
}

/** A line through points of the map that is seen on any colour, with knots on some of them. */
export function drawOutline(context, viewport, points, knots = [], closed = false) {
  const placed = points.map((point) => viewport.toPane(...point));
  for (const [colour, width] of [["#000", 3], ["#fff", 1.25]]) {
    context.beginPath();
    placed.forEach(([x, y], i) => (i ? context.lineTo(x, y) : context.moveTo(x, y)));
    if (closed) context.closePath();
    context.strokeStyle = colour;
    context.lineWidth = width;
    context.stroke();
  }
  context.fillStyle = "#fff";
  for (const [x, y] of knots.map((point) => viewport.toPane(...point))) context.fillRect(x - 2.5, y - 2.5, 5, 5);
}
