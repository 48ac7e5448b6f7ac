// Both keyframes as outlines over each other, and between them the labels of the frame that is shown.

import { labelColours } from "../common/label_colours.js";

export class Onion {
  constructor(canvas) {
    this.canvas = canvas;
    this.cycle = null;
    this.frame = 0;
    this.layer = document.createElement("canvas");
    new ResizeObserver(() => this.draw()).observe(canvas);
  }

  show(cycle) {
    this.cycle = cycle;
    this.draw();
  }

  move(phase) {
    const frame = this.cycle ? this.cycle.at(phase) : 0;
    if (frame === this.frame) return;
    this.frame = frame;
    this.draw();
  }

  draw() {
    const { canvas, cycle } = this;
    const place = fitted(canvas, cycle || { width: 1, height: 1 });
    if (!cycle || !place) return;
    const { context, left, top, scale } = place;
    this.frame = Math.min(this.frame, cycle.frames - 1);
    cycle.paintLabels(this.frame, this.layer, labelColours(), 60);
    context.globalAlpha = 0.45;
    context.imageSmoothingEnabled = true;
    context.drawImage(this.layer, left, top, cycle.width * scale, cycle.height * scale);
    context.globalAlpha = 1;
    context.translate(left, top);
    context.scale(scale, scale);
    const style = getComputedStyle(canvas);
    for (const [frame, colour, dash] of [[cycle.es, style.getPropertyValue("--es"), [4, 3]], [0, style.getPropertyValue("--ed"), []]]) {
      context.lineWidth = 1.4 / scale;
      context.setLineDash(dash.map((length) => length / scale));
      context.strokeStyle = colour;
      for (const { path } of cycle.outline(frame)) context.stroke(path);
    }
  }
}

/** Size a canvas for its place and clear it: {context, left, top, scale} of a picture in its middle, or null where it is not seen. */
export function fitted(canvas, { width, height }) {
  const { clientWidth, clientHeight } = canvas;
  if (!clientWidth || !clientHeight) return null;
  const ratio = window.devicePixelRatio || 1;
  const [wide, high] = [Math.round(clientWidth * ratio), Math.round(clientHeight * ratio)];
  if (canvas.width !== wide || canvas.height !== high) Object.assign(canvas, { width: wide, height: high });
  const context = canvas.getContext("2d");
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, clientWidth, clientHeight);
  const scale = Math.min(clientWidth / width, clientHeight / height);
  return { context, scale, left: (clientWidth - width * scale) / 2, top: (clientHeight - height * scale) / 2 };
}
