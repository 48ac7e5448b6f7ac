// How the heart moves, without the page: numbers, segments that move otherwise, frames. The label cycle is made from it.

// A heart that ejects less shortens and thickens less, and an EF of 15 % has no room for a healthy heart's shortening.
const FOLLOWS = "follows the ejection fraction until it is moved itself, and again after a double click";
export const FOLLOWERS = ["shortening", "thickening"];
export const USUAL_FRAMES = 24;
export const PACE = ["heart_rate", "frames"]; // a recording has its own

/** `factor` is what people read for 1; `shapes` says that end systole comes from it. */
export const MOTION_NUMBERS = [
  { name: "ef", title: "Ejection fraction", unit: "%", step: 1, factor: 1, shapes: true, hint: "Share of its volume that the ventricle ejects" },
  { name: "shortening", title: "Longitudinal shortening", unit: "%", step: 1, factor: 100, shapes: true, hint: `How far the annulus moves towards the apex, of the long axis; ${FOLLOWS}` },
  { name: "thickening", title: "Wall thickening", unit: "%", step: 1, factor: 100, shapes: true, hint: `How much the wall gains of its thickness; ${FOLLOWS}` },
  { name: "heart_rate", title: "Heart rate", unit: "bpm", step: 1, factor: 1, hint: "Beats a minute: how long the video lasts and where end systole lies in it" },
  { name: "frames", title: "Frames", unit: "", step: 1, factor: 1, hint: "Frames of one beat" },
];

export class Motion {
  constructor() {
    this.values = {};
    this.moved = new Set(); // of the followers
    this.regional = []; // [{segment, kind}] of the segments that move otherwise
    this.view = "4CH"; // of the heart: it says which segments there are
    this.segments = null; // by view; null until the server has said what can be chosen
    this.limits = {}; // [low, high] by name
    this.usual = []; // motion of hearts at each whole ejection fraction within its limits
  }

  /** What can be chosen: `usual` is the motion of hearts at each whole EF from the least one on. */
  offer({ motion, usual, limits, frames, segments }) {
    const { regional: _none, ...numbers } = motion;
    Object.assign(this, { segments, usual, limits: { ...limits, frames }, values: { ...numbers, frames: USUAL_FRAMES } });
    this.follow();
  }

  /** The motion of a recording: what the server takes for its own. */
  record({ motion, frames }) {
    const { regional: _none, ...numbers } = motion;
    Object.assign(this.values, numbers, { frames });
    this.moved.clear();
    this.regional = [];
  }

  set(name, value) {
    this.values[name] = value;
    if (FOLLOWERS.includes(name)) this.moved.add(name);
    if (name === "ef") this.follow();
  }

  /** A number follows the ejection fraction again. */
  release(name) {
    this.moved.delete(name);
    this.follow();
  }

  follow() {
    for (const name of FOLLOWERS) if (!this.moved.has(name)) this.values[name] = this.usualOf(name);
  }

  /** What hearts of this ejection fraction usually have. */
  usualOf(name) {
    const [low, high] = this.limits.ef;
    const known = this.usual[Math.round(Math.min(high, Math.max(low, this.values.ef))) - low];
    return Math.round(100 * known[name]) / 100;
  }

  /** What cannot be sent, in words; empty where all is well. */
  get problem() {
    const wrong = MOTION_NUMBERS.map(({ name, title, unit, factor }) => {
      const [low, high] = this.limits[name];
      const value = this.values[name];
      const fits = value >= low && value <= high && (name !== "frames" || Number.isInteger(value));
      const [least, most, got] = [low, high, value].map((one) => scaled(one, factor));
      return fits ? "" : `${title}: expected ${least} to ${most}${unit && ` ${unit}`}, got ${got}`;
    });
    return wrong.find(Boolean) || "";
  }

  /** The segments that the heart's view shows. */
  get names() {
    return this.segments?.[this.view] || [];
  }

  /** Those of them that move with the others. */
  get free() {
    return this.names.filter((name) => !this.regional.some(({ segment }) => segment === name));
  }

  /** One more segment does not move: the apex first. */
  addSegment() {
    const { free } = this;
    if (free.length) this.regional.push({ segment: free.includes("apex") ? "apex" : free[0], kind: "akinetic" });
  }

  /** The heart is one of this view: segments that it does not show move with the others. */
  suit(view) {
    this.view = view;
    this.regional = this.regional.filter(({ segment }) => this.names.includes(segment));
  }

  /** What a video was requested with; a number that is not the usual one was moved. */
  restore({ view, motion, frames }) {
    const { regional, ...numbers } = motion;
    this.view = view;
    Object.assign(this.values, numbers, { frames });
    this.moved = new Set(FOLLOWERS.filter((name) => this.values[name] !== this.usualOf(name)));
    this.regional = regional.map((one) => ({ ...one }));
  }

  /** {view, frames, motion} of the request. */
  get request() {
    const { frames, ...numbers } = this.values;
    return { view: this.view, frames, motion: { ...numbers, regional: this.regional.map((one) => ({ ...one })) } };
  }
}

/** A value as people read it, without the noise of floating point. */
export function scaled(value, factor) {
  return Math.round(value * factor * 100) / 100;
}
