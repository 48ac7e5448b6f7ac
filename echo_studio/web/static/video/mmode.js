// M-mode: the brightness along a line, a column a frame, over a few beats. Computed in the page, from the frames.

import { make } from "../common/dom.js";
import { paint } from "./clip.js";
import { fillStrip, lineLength, sampleLine } from "./line.js";
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

  sample() {
    const { clip, strip } = this;
    const { frames } = clip;
    const { rows, values } = sampleLine(clip, this.line);
    this.values = values;
    paint(strip, { width: frames * BEATS + 2, height: rows }, (data) => fillStrip(data, values, { rows, frames, beats: BEATS }));
  }

  draw() {
    const { canvas, clip, strip } = this;
    const place = fitted(canvas, { width: canvas.clientWidth, height: canvas.clientHeight }, 1);
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
