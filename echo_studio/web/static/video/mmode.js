// M-mode: the brightness along a line, a column a frame, over a few beats. Computed here, from the frames.

import { make } from "../common/dom.js";
import { paint } from "./clip.js";
import { fitted } from "./onion.js";

const BEATS = 3;

export class MMode {
  constructor(name) {
    this.name = name;
    this.canvas = document.createElement("canvas");
    this.canvas.setAttribute("role", "img");
    this.element = make("div", { className: "vid-mstrip surface" }, this.canvas);
    this.strip = document.createElement("canvas");
    this.clip = this.line = null;
    this.phase = 0;
    new ResizeObserver(() => this.draw()).observe(this.canvas);
  }

  show(clip, line) {
    if (clip !== this.clip || line !== this.line) {
      Object.assign(this, { clip, line });
      if (clip && line) this.sample();
    }
    const depth = clip && line ? lineLength(clip, line) : "";
    this.canvas.setAttribute("aria-label", `M-mode of the ${this.name.toLowerCase()}: brightness along a line of ${depth}, ${BEATS} beats`);
    this.draw();
  }

  move(phase) {
    this.phase = phase;
    this.draw();
  }

  /** Bilinear along the line, every beat alike; one more column on each side, so that smoothing joins the beats. */
  sample() {
    const { clip, strip } = this;
    const { width, height, frames } = clip;
    const { x0, y0, x1, y1 } = this.line;
    const rows = Math.max(2, Math.ceil(Math.hypot((x1 - x0) * width, (y1 - y0) * height)));
    this.values = new Uint8Array(rows * frames);
    for (let frame = 0; frame < frames; frame++) {
      const grey = clip.greyOf(frame);
      for (let row = 0; row < rows; row++) {
        const share = row / (rows - 1);
        const x = Math.min(width - 1, Math.max(0, (x0 + share * (x1 - x0)) * width - 0.5));
        const y = Math.min(height - 1, Math.max(0, (y0 + share * (y1 - y0)) * height - 0.5));
        this.values[row * frames + frame] = bilinear(grey, width, height, x, y);
      }
    }
    paint(strip, { width: frames * BEATS + 2, height: rows }, (data) => {
      let at = 0;
      for (let row = 0; row < rows; row++) {
        for (let column = -1; column <= frames * BEATS; column++, at += 4) {
          data[at] = data[at + 1] = data[at + 2] = this.values[row * frames + ((column + frames) % frames)];
          data[at + 3] = 255;
        }
      }
    });
  }

  draw() {
    const { canvas, clip, strip } = this;
    const place = fitted(canvas, { width: canvas.clientWidth, height: canvas.clientHeight });
    if (!place || !clip || !this.line) return;
    const { context } = place;
    const { clientWidth: wide, clientHeight: high } = canvas;
    context.imageSmoothingEnabled = true;
    context.imageSmoothingQuality = "high";
    context.drawImage(strip, 1, 0, clip.frames * BEATS, strip.height, 0, 0, wide, high);
    const x = (phase) => (phase / BEATS) * wide;
    context.font = "600 10px system-ui, sans-serif";
    context.textBaseline = "top";
    for (let beat = 0; beat < BEATS; beat++) {
      for (const [name, phase] of Object.entries({ ED: 0, ES: (clip.es + 0.5) / clip.frames })) {
        const at = x(beat + phase);
        context.fillStyle = "#ffffff66";
        context.fillRect(at, 0, 1, 5);
        context.fillStyle = "#ffffffb0";
        context.fillText(name, at + 3, 1);
      }
    }
    context.fillStyle = "#ffd166";
    for (let beat = 0; beat < BEATS; beat++) context.fillRect(Math.round(x(beat + this.phase)), 0, 1, high);
    const depth = lineLength(clip, this.line);
    context.textBaseline = "alphabetic";
    context.fillStyle = "#000a";
    context.fillRect(4, high - 17, context.measureText(depth).width + 8, 14);
    context.fillStyle = "#e3e6e9";
    context.fillText(depth, 8, high - 6);
  }
}

function bilinear(grey, width, height, x, y) {
  const [column, row] = [Math.floor(x), Math.floor(y)];
  const [right, below] = [Math.min(width - 1, column + 1), Math.min(height - 1, row + 1)];
  const [dx, dy] = [x - column, y - row];
  const upper = grey[row * width + column] * (1 - dx) + grey[row * width + right] * dx;
  const lower = grey[below * width + column] * (1 - dx) + grey[below * width + right] * dx;
  return Math.round(upper * (1 - dy) + lower * dy);
}

/** How long a line is, in mm where that is known. */
function lineLength({ width, height, spacingMm }, { x0, y0, x1, y1 }) {
  const [dy, dx] = spacingMm || [1, 1];
  const length = Math.hypot((x1 - x0) * width * dx, (y1 - y0) * height * dy);
  return `${Math.round(length)} ${spacingMm ? "mm" : "px"}`;
}

/** A line across the ventricle at end diastole, half way down; through the middle of the picture where there is none. */
export function lineAcross(clip) {
  const ids = clip.labelsOf(0);
  const rows = [];
  for (let y = 0; y < clip.height; y++) {
    const row = ids.subarray(y * clip.width, (y + 1) * clip.width);
    const [first, last] = [row.indexOf(1), row.lastIndexOf(1)];
    if (first >= 0) rows.push([y, first, last]);
  }
  if (!rows.length) return { x0: 0.5, y0: 0.1, x1: 0.5, y1: 0.9 };
  const [y, first, last] = rows[Math.floor(rows.length / 2)];
  const margin = 0.45 * (last - first) + 0.04 * clip.width;
  const share = (x) => Math.min(1, Math.max(0, x / clip.width));
  return { x0: share(first - margin), y0: y / clip.height, x1: share(last + margin), y1: y / clip.height };
}
