// How the heart moves: sliders, segments, frames. `values` is what the server is asked for; the label cycle follows at once.

import { make } from "../common/dom.js";
import { RegionalList } from "./regional.js";

// A heart that ejects less shortens and thickens less, and an EF of 15 % has no room for a healthy heart's shortening.
const FOLLOWS = "follows the ejection fraction until it is moved itself, and again after a double click";
const FOLLOWERS = ["shortening", "thickening"];

const MOTION_SLIDERS = [
  { name: "ef", title: "Ejection fraction", unit: "%", step: 1, factor: 1, shapes: true, hint: "Share of its volume that the ventricle ejects" },
  { name: "shortening", title: "Longitudinal shortening", unit: "%", step: 1, factor: 100, shapes: true, hint: `How far the annulus moves towards the apex, of the long axis; ${FOLLOWS}` },
  { name: "thickening", title: "Wall thickening", unit: "%", step: 1, factor: 100, shapes: true, hint: `How much the wall gains of its thickness; ${FOLLOWS}` },
  { name: "heart_rate", title: "Heart rate", unit: "bpm", step: 1, factor: 1, hint: "Beats a minute: how long the video lasts and where end systole lies in it" },
  { name: "frames", title: "Frames", unit: "", step: 1, factor: 1, hint: "Frames of one beat" },
];

export class MotionForm {
  constructor(root, keyframes, onChange) {
    this.root = root;
    this.keyframes = keyframes;
    this.onChange = onChange;
    this.place = root.querySelector("[data-vid=sliders]");
    this.values = {};
    this.inputs = {};
    this.moved = new Set(); // of the followers
    const [list, add] = ["regional", "add-regional"].map((name) => root.querySelector(`[data-vid=${name}]`));
    this.regional = new RegionalList(list, add, onChange);
  }

  offer({ motion, usual, limits, frames, segments }) {
    this.segments = segments;
    const { regional, ...numbers } = motion;
    this.usual = usual;
    this.limits = { ...limits, frames };
    this.values = { ...numbers, frames: 24 };
    this.follow();
    this.place.replaceChildren(...MOTION_SLIDERS.map((slider) => this.row(slider, this.limits[slider.name])));
    this.show();
  }

  row({ name, title, unit, step, factor, hint }, [low, high]) {
    const range = { min: low * factor, max: high * factor, step };
    const slider = make("input", { type: "range", ...range, id: `vid-${name}`, title: hint });
    const field = make("input", { type: "number", ...range, title: hint });
    field.setAttribute("aria-label", `${title}${unit && `, ${unit}`}`);
    slider.addEventListener("input", () => this.change(name, Number(slider.value) / factor));
    field.addEventListener("input", () => field.value !== "" && this.change(name, Number(field.value) / factor));
    field.addEventListener("change", () => this.show());
    if (FOLLOWERS.includes(name)) slider.addEventListener("dblclick", () => this.release(name));
    this.inputs[name] = [slider, field];
    const label = make("label", { htmlFor: slider.id, textContent: title });
    return make("div", { className: "vid-slider", title: hint }, label, make("span", {}, field, unit), slider);
  }

  change(name, value) {
    this.values[name] = value;
    if (FOLLOWERS.includes(name)) this.moved.add(name);
    if (name === "ef") this.follow();
    this.show();
    this.onChange();
  }

  release(name) {
    this.moved.delete(name);
    this.follow();
    this.show();
    this.onChange();
  }

  follow() {
    for (const name of FOLLOWERS) if (!this.moved.has(name)) this.values[name] = this.along(name);
  }

  /** What hearts of this ejection fraction usually have. */
  along(name) {
    const [low, high] = this.limits.ef;
    const known = this.usual[Math.round(Math.min(high, Math.max(low, this.values.ef))) - low];
    return Math.round(100 * known[name]) / 100;
  }

  /** Sliders that shape end systole rest while it is drawn by hand. */
  show() {
    for (const { name, factor, shapes } of MOTION_SLIDERS) {
      const shown = String(Math.round(this.values[name] * factor * 100) / 100);
      for (const input of this.inputs[name]) {
        if (input.value !== shown && document.activeElement !== input) input.value = shown;
        input.disabled = Boolean(shapes && this.keyframes.es);
      }
    }
  }

  /** What cannot be sent, in words; empty where all is well. */
  get problem() {
    const wrong = MOTION_SLIDERS.map(({ name, title, unit, factor }) => {
      const [low, high] = this.limits[name];
      const value = this.values[name];
      const fits = value >= low && value <= high && (name !== "frames" || Number.isInteger(value));
      return fits ? "" : `${title}: expected ${low * factor} to ${high * factor}${unit && ` ${unit}`}, got ${value * factor}`;
    });
    return wrong.find(Boolean) || "";
  }

  /** The segments are those of the heart's view. */
  suit() {
    const names = this.segments[this.keyframes.view];
    if (names !== this.regional.segments) this.regional.offer(names);
    this.show();
  }

  restore({ motion, frames }) {
    const { regional, ...numbers } = motion;
    Object.assign(this.values, numbers, { frames });
    this.moved = new Set(FOLLOWERS.filter((name) => this.values[name] !== this.along(name)));
    this.regional.segments = this.segments[this.keyframes.view];
    this.regional.set(regional);
    this.show();
  }

  /** {view, frames, motion} of the order. */
  get order() {
    const { frames, ...numbers } = this.values;
    return { view: this.keyframes.view, frames, motion: { ...numbers, regional: this.regional.values.map((one) => ({ ...one })) } };
  }
}
