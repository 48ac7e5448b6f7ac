// One picture on the stage: a clip's frame with labels over it, a label cycle, or a picture on the way. Dragging draws a line.

import { make } from "../common/dom.js";
import { labelColours } from "../common/label_colours.js";
import { LineGesture, placeOf } from "./line_gesture.js";
import { fitted } from "./onion.js";

export class VideoView {
  /** `display` is the Edit tab's: how labels and pixels are shown. `onLine` is called with {x0, y0, x1, y1}, shares of the picture's width and height, while the pointer places a line; with (null, true) at its end. */
  constructor(name, display, onLine) {
    this.element = make("figure", { className: "vid-view" });
    this.canvas = make("canvas", { tabIndex: 0 });
    this.canvas.setAttribute("role", "img");
    this.badge = make("span", { className: "vid-badge" });
    this.caption = make("figcaption");
    this.mark = make("p", { className: "mark", textContent: "SYNTHETIC" });
    this.element.append(make("div", { className: "surface" }, this.canvas, this.badge, this.mark), this.caption);
    this.name = name;
    this.display = display;
    this.onLine = onLine;
    this.clip = null;
    this.picture = null;
    this.spacing = "";
    this.phase = 0;
    this.opacity = 0;
    this.line = null;
    this.colours = null;
    this.grey = document.createElement("canvas");
    this.labels = document.createElement("canvas");
    this.painted = {};
    new ResizeObserver(() => this.draw()).observe(this.canvas);
    this.listen();
  }

  /** `words` say what it is. A picture (of a video on the way) is shown instead of the clip, with a spacing of its own. */
  show({ clip, picture = null, spacing = clip?.spacing, badge, words, edited = clip?.edited }) {
    Object.assign(this, { clip, picture, spacing });
    this.painted = {};
    this.badge.textContent = badge;
    this.badge.hidden = !badge;
    this.caption.textContent = words;
    this.caption.title = words;
    this.mark.hidden = !picture && !clip?.grey;
    this.mark.textContent = edited ? "EDITED REAL FRAME" : "SYNTHETIC";
    this.canvas.setAttribute("aria-label", `${this.name}: ${badge || words || "nothing yet"}`);
    this.draw();
  }

  move(phase) {
    this.phase = phase;
    if (this.clip && !this.picture && this.painted.frame !== this.clip.present(this.clip.at(phase))) this.draw();
  }

  draw() {
    const shown = this.picture || this.clip || { width: 1, height: 1 };
    this.place = fitted(this.canvas, shown, this.display.aspectOf(this.spacing));
    if (!this.place || (!this.picture && !this.clip)) return;
    const { context, left, top, scale, wide, high } = this.place;
    context.imageSmoothingEnabled = scale < 8;
    context.imageSmoothingQuality = "high";
    const put = (source) => context.drawImage(source, left, top, wide, high);
    if (this.picture) put(this.picture);
    else this.drawFrame(context, put);
    if (this.line) this.drawLine();
  }

  drawFrame(context, put) {
    const { clip } = this;
    const frame = clip.present(clip.at(this.phase));
    const colours = labelColours();
    const labelled = `${frame} ${colours}`;
    if (clip.grey) {
      if (this.painted.frame !== frame) clip.paintGrey(frame, this.grey);
      put(this.grey);
    }
    this.painted.frame = frame;
    if (!clip.grey) {
      this.drawCycle(context, frame, colours);
      return;
    }
    if (!this.opacity) return;
    if (this.painted.labels !== labelled) clip.paintLabels(frame, this.labels, colours, 0);
    this.painted.labels = labelled;
    context.globalAlpha = this.opacity;
    put(this.labels);
    context.globalAlpha = 1;
  }

  /** A label cycle is small: its structures as smooth shapes, on the sector. */
  drawCycle(context, frame, colours) {
    const { clip } = this;
    const { left, top, wide, high } = this.place;
    clip.paintLabels(frame, this.labels, colours, 80);
    context.save();
    context.translate(left, top);
    context.scale(wide / clip.width, high / clip.height);
    context.drawImage(this.labels, 0, 0);
    for (const { label, path } of clip.outline(frame)) {
      Object.assign(context, { fillStyle: `rgb(${colours[label].join(" ")})`, strokeStyle: `rgb(${colours[label].join(" ")})`, lineWidth: 0.8 });
      context.fill(path);
      context.stroke(path);
    }
    context.restore();
  }

  drawLine() {
    const { context } = this.place;
    const [[ax, ay], [bx, by]] = this.ends;
    for (const [colour, width] of [["#000a", 4], ["#ffd166", 1.6]]) {
      Object.assign(context, { strokeStyle: colour, lineWidth: width, lineCap: "round" });
      context.beginPath();
      context.moveTo(ax, ay);
      context.lineTo(bx, by);
      context.stroke();
    }
    context.fillStyle = "#ffd166";
    context.beginPath();
    context.arc(ax, ay, 3.5, 0, 2 * Math.PI);
    context.fill();
  }

  /** The line's ends in CSS pixels. */
  get ends() {
    const { left, top, wide, high } = this.place;
    const { x0, y0, x1, y1 } = this.line;
    return [[left + x0 * wide, top + y0 * high], [left + x1 * wide, top + y1 * high]];
  }

  listen() {
    const { canvas } = this;
    const gesture = new LineGesture(this.onLine);
    const place = (event) => {
      const { left, top } = canvas.getBoundingClientRect();
      return placeOf(event.clientX - left, event.clientY - top, this.place);
    };
    canvas.addEventListener("pointerdown", (event) => {
      if (event.button || !this.clip || !this.place) return;
      gesture.begin(place(event));
      canvas.setPointerCapture(event.pointerId);
    });
    canvas.addEventListener("pointermove", (event) => gesture.from && gesture.move(place(event)));
    for (const kind of ["pointerup", "pointercancel"]) canvas.addEventListener(kind, () => gesture.end());
  }
}
