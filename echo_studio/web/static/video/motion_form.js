// The sliders and segments of the motion. Its `motion` says what is requested of the server.

import { make } from "../common/dom.js";
import { FOLLOWERS, MOTION_NUMBERS, PACE, USUAL_FRAMES, scaled } from "./motion.js";
import { RegionalList } from "./regional.js";

export class MotionForm {
  /** `onChange` is called after each change that a person makes. */
  constructor(root, motion, keyframes, onChange) {
    this.motion = motion;
    this.keyframes = keyframes;
    this.onChange = onChange;
    this.place = root.querySelector("[data-vid=sliders]");
    this.inputs = {};
    this.recorded = null; // the beat of a recording that is edited
    const [list, add] = ["regional", "add-regional"].map((name) => root.querySelector(`[data-vid=${name}]`));
    this.regional = new RegionalList(list, add, motion, onChange);
  }

  offer(catalog) {
    this.motion.offer(catalog);
    this.place.replaceChildren(...MOTION_NUMBERS.map((number) => this.row(number, this.motion.limits[number.name])));
    this.show();
  }

  row({ name, title, unit, step, factor, hint }, [low, high]) {
    const range = { min: scaled(low, factor), max: scaled(high, factor), step };
    const slider = make("input", { type: "range", ...range, id: `vid-${name}`, title: hint });
    const field = make("input", { type: "number", ...range, title: hint });
    field.setAttribute("aria-label", `${title}${unit && `, ${unit}`}`);
    const change = (work) => {
      work();
      this.show();
      this.onChange();
    };
    slider.addEventListener("input", () => change(() => this.motion.set(name, Number(slider.value) / factor)));
    field.addEventListener("input", () => field.value !== "" && change(() => this.motion.set(name, Number(field.value) / factor)));
    field.addEventListener("change", () => this.show());
    if (FOLLOWERS.includes(name)) slider.addEventListener("dblclick", () => change(() => this.motion.release(name)));
    this.inputs[name] = [slider, field];
    const label = make("label", { htmlFor: slider.id, textContent: title });
    return make("div", { className: "vid-slider", title: hint }, label, make("span", {}, field, unit), slider);
  }

  /** Sliders that shape end systole rest while it is drawn by hand. */
  show() {
    for (const { name, factor, shapes } of MOTION_NUMBERS) {
      const shown = String(scaled(this.motion.values[name], factor));
      for (const input of this.inputs[name]) {
        if (input.value !== shown && document.activeElement !== input) input.value = shown;
        input.disabled = Boolean((shapes && this.keyframes.es) || (this.recorded && PACE.includes(name)));
      }
    }
  }

  /** The segments are those of the heart's view. */
  suit() {
    if (this.keyframes.view !== this.motion.view || !this.regional.shown) {
      this.motion.suit(this.keyframes.view);
      this.regional.draw();
    }
    this.show();
  }

  /** Begin with the motion of a recording, whose pace and frames are given; null for a heart without one. */
  record(beat) {
    if (beat) this.motion.record(beat);
    else this.motion.set("frames", USUAL_FRAMES);
    this.recorded = beat;
    this.show();
  }

  restore(request) {
    this.motion.restore(request);
    this.regional.draw();
    this.show();
  }
}
