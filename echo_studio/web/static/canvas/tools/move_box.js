// The box around what is moved: eight grips that scale, one that turns, the inside that shifts.
//
// The box lies around a selection in the pixels of the map that it was cut from; a matrix takes it to the canvas. Every
// drag gives a new matrix from the one at its start and from where the pointer is, never from the drag's last one.

import { composed, inverted, mapped } from "../document/selection.js";

const GRIP_HIT = 9; // pixels of the pane; a finger has more
const GRIP_GAP = 6; // pixels of the pane between what is moved and its frame
const TURN_REACH = 26; // pixels of the pane from the frame to the grip that turns
const TURN_STEP = Math.PI / 12;
const ROOM_FOR_SIDES = 44; // pixels of the pane: on a shorter side the grip in the middle would cover the corners'
export const NO_MATRIX = [1, 0, 0, 1, 0, 0];
const GRIP_CURSORS = ["ew-resize", "nwse-resize", "ns-resize", "nesw-resize"];

export class MoveBox {
  /** box: [x0, y0, x1, y1] in pixels, both ends inside. aspect: size of a pixel in y over its size in x. */
  constructor(box, matrix, aspect) {
    this.box = box;
    this.matrix = matrix;
    this.aspect = aspect;
  }

  /** Where a part of the box lies on the map: (0, 0) is its upper left corner, (1, 1) the lower right one. */
  place(gx, gy, matrix = this.matrix) {
    const [x0, y0, x1, y1] = this.box;
    return mapped(matrix, [x0 + gx * (x1 + 1 - x0), y0 + gy * (y1 + 1 - y0)]);
  }

  /** The frame's corners and the grips in the pane. */
  layout(viewport, matrix = this.matrix) {
    const at = (gx, gy) => viewport.toPane(...this.place(gx, gy, matrix));
    const [origin, right, below] = [at(0, 0), at(1, 0), at(0, 1)];
    const along = unit(origin, right);
    const down = unit(origin, below);
    const outward = (gx, gy, gap) => {
      const [x, y] = at(gx, gy);
      const [sx, sy] = [2 * gx - 1, 2 * gy - 1].map((side) => side * gap);
      return [x + along[0] * sx + down[0] * sy, y + along[1] * sx + down[1] * sy];
    };
    const wide = Math.hypot(right[0] - origin[0], right[1] - origin[1]) > ROOM_FOR_SIDES;
    const tall = Math.hypot(below[0] - origin[0], below[1] - origin[1]) > ROOM_FOR_SIDES;
    const grips = [];
    for (const gx of [0, 0.5, 1]) {
      for (const gy of [0, 0.5, 1]) {
        if ((gx === 0.5 && (gy === 0.5 || !wide)) || (gy === 0.5 && !tall)) continue;
        grips.push({ kind: "scale", gx, gy, at: outward(gx, gy, GRIP_GAP) });
      }
    }
    // Above, unless that is out of sight.
    const above = outward(0.5, 0, GRIP_GAP + TURN_REACH);
    const side = above[1] > 8 ? 0 : 1;
    const turn = side ? outward(0.5, 1, GRIP_GAP + TURN_REACH) : above;
    grips.push({ kind: "turn", at: turn, from: outward(0.5, side, GRIP_GAP) });
    return { frame: [[0, 0], [1, 0], [1, 1], [0, 1]].map(([gx, gy]) => outward(gx, gy, GRIP_GAP)), grips };
  }

  /** The grip at a point of the map, the inside as {kind: "move"}, or null. */
  grip([x, y], viewport, near) {
    const hits = this.layout(viewport).grips.filter(({ at }) => near(viewport.toMap(...at), GRIP_HIT));
    if (hits.length) return hits.at(-1);
    const [lx, ly] = mapped(inverted(this.matrix), [x, y]);
    const [x0, y0, x1, y1] = this.box;
    return lx >= x0 && ly >= y0 && lx <= x1 + 1 && ly <= y1 + 1 ? { kind: "move" } : null;
  }

  /** The matrix when a grip was dragged from one point of the map to another. `steady`: proportions, steps of 15°. */
  dragged(grip, from, to, steady) {
    if (grip.kind === "turn") return this.turned(grip, from, to, steady);
    if (grip.kind === "scale") return this.scaled(grip, from, to, steady);
    // Whole pixels: a shift alone never resamples.
    return this.shifted(Math.round(to[0] - from[0]), Math.round(to[1] - from[1]));
  }

  shifted(dx, dy) {
    return composed([1, 0, 0, 1, dx, dy], this.matrix);
  }

  turned(grip, from, to, steady) {
    const [cx, cy] = this.place(0.5, 0.5);
    const angle = ([x, y]) => Math.atan2((y - cy) * this.aspect, x - cx);
    const turn = angle(to) - angle(from);
    return this.changed(steady ? Math.round(turn / TURN_STEP) * TURN_STEP : turn, 1);
  }

  // Sides change by whole pixels of the map, so that a trembling hand resamples nothing.
  scaled({ gx, gy }, from, to, steady) {
    const back = inverted(this.matrix);
    const [start, end] = [from, to].map((point) => mapped(back, point));
    const [x0, y0, x1, y1] = this.box;
    const [a, b, c, d] = this.matrix;
    const factor = (side, length, moved, scale) => {
      const pulled = Math.round(scale * (side === 1 ? moved : -moved)) / scale;
      return side === 0.5 ? 1 : Math.max(1 / scale, length + pulled) / length;
    };
    let fx = factor(gx, x1 + 1 - x0, end[0] - start[0], Math.hypot(a, b));
    let fy = factor(gy, y1 + 1 - y0, end[1] - start[1], Math.hypot(c, d));
    if (steady) fx = fy = Math.abs(Math.log(fx)) > Math.abs(Math.log(fy)) ? fx : fy;
    const ax = x0 + (1 - gx) * (x1 + 1 - x0); // what stays: the other side, or the middle
    const ay = y0 + (1 - gy) * (y1 + 1 - y0);
    return composed(this.matrix, [fx, 0, 0, fy, ax - fx * ax, ay - fy * ay]);
  }

  /** Turned clockwise (radians) and enlarged about the middle; right angles and circles in mm stay such. */
  changed(turn, factor) {
    const [cx, cy] = this.place(0.5, 0.5);
    const [cos, sin] = [Math.cos(turn) * factor, Math.sin(turn) * factor];
    const [a, b, c, d] = [cos, sin / this.aspect, -sin * this.aspect, cos];
    return composed([a, b, c, d, cx - (a * cx + c * cy), cy - (b * cx + d * cy)], this.matrix);
  }

  /** What a drag did to the box, in words: "+4, −3 px", "15°" or "120 × 100 %". */
  words(grip, matrix) {
    const number = (value, digits = 0) => value.toFixed(digits).replace("-", "−");
    const lengths = (m) => [Math.hypot(m[0], m[1] * this.aspect), Math.hypot(m[2] / this.aspect, m[3])];
    if (grip.kind === "turn") {
      const angle = (m) => Math.atan2(m[1] * this.aspect, m[0]);
      const turn = ((angle(matrix) - angle(this.matrix)) * 180) / Math.PI;
      return `${number(turn - 360 * Math.round(turn / 360), 1)}°`;
    }
    if (grip.kind === "scale") {
      const [before, after] = [lengths(this.matrix), lengths(matrix)];
      return `${[0, 1].map((i) => number((100 * after[i]) / before[i])).join(" × ")} %`;
    }
    const [before, after] = [this.place(0.5, 0.5), this.place(0.5, 0.5, matrix)];
    return `${[0, 1].map((i) => number(after[i] - before[i])).join(", ")} px`;
  }

  /** The CSS cursor over a grip: along the way in which it pulls, also when the box is turned. */
  cursor({ kind, gx, gy }, viewport, dragging) {
    if (kind === "move") return dragging ? "grabbing" : "move";
    if (kind === "turn") return dragging ? "grabbing" : "grab";
    if (gx === undefined) return ""; // keys scale without a grip
    const [from, to] = [[0.5, 0.5], [gx, gy]].map((at) => viewport.toPane(...this.place(...at)));
    const eighth = Math.round((Math.atan2(to[1] - from[1], to[0] - from[0]) / Math.PI) * 4);
    return GRIP_CURSORS[((eighth % 4) + 4) % 4];
  }

  draw(context, viewport, { matrix, hot, floating, words }) {
    const { frame, grips } = this.layout(viewport, matrix);
    context.setLineDash(floating ? [6, 4] : []);
    for (const [colour, width] of [["#000", 3], ["#fff", 1.25]]) {
      context.beginPath();
      frame.forEach(([x, y], i) => (i ? context.lineTo(x, y) : context.moveTo(x, y)));
      context.closePath();
      context.strokeStyle = colour;
      context.lineWidth = width;
      context.stroke();
    }
    context.setLineDash([]);
    if (words) drawWords(context, words, frame);
    else for (const grip of grips) drawGrip(context, grip, hot && same(grip, hot));
  }
}

function same(a, b) {
  return a.kind === b.kind && a.gx === b.gx && a.gy === b.gy;
}

function unit([ax, ay], [bx, by]) {
  const length = Math.hypot(bx - ax, by - ay) || 1;
  return [(bx - ax) / length, (by - ay) / length];
}

function drawGrip(context, grip, hot) {
  const { kind, from = null } = grip;
  const [x, y] = grip.at;
  const size = hot ? 6 : 4.5;
  context.strokeStyle = "#000";
  context.lineWidth = 3.5;
  context.beginPath();
  if (from) {
    context.moveTo(...from);
    context.lineTo(x, y);
    context.stroke();
    context.strokeStyle = "#fff";
    context.lineWidth = 1.25;
    context.stroke();
    context.beginPath();
    context.strokeStyle = "#000";
    context.lineWidth = 3.5;
  }
  if (kind === "turn") context.arc(x, y, size + 0.5, 0, 2 * Math.PI);
  else context.rect(x - size, y - size, 2 * size, 2 * size);
  context.stroke();
  context.fillStyle = hot ? "#4fb3e8" : "#fff";
  context.fill();
}

// Below the frame, where neither the pointer nor the selection covers them.
function drawWords(context, words, frame) {
  const x = (Math.min(...frame.map((at) => at[0])) + Math.max(...frame.map((at) => at[0]))) / 2;
  const y = Math.max(...frame.map((at) => at[1])) + 18;
  context.font = "12px system-ui, sans-serif";
  context.textAlign = "center";
  const wide = context.measureText(words).width + 14;
  const [left, base] = [Math.max(4, Math.min(x - wide / 2, context.canvas.clientWidth - wide - 4)), Math.min(y, context.canvas.clientHeight - 10)];
  context.fillStyle = "rgba(0, 0, 0, 0.75)";
  context.fillRect(left, base - 14, wide, 20);
  context.fillStyle = "#fff";
  context.fillText(words, left + wide / 2, base);
}
