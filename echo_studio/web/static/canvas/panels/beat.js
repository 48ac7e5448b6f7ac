// The heart that is being drawn beats: a switch over the frame. The label map on the canvas is taken as end diastole, its
// motion is the usual one; a beat is made again soon after each change of the map, the seed or the look.

import { Clock } from "../../video/clock.js";
import { VideoJob } from "../../video/job.js";

const PAUSE_MS = 200; // after the last change
const FRAMES = 24;
const ENOUGH = 3; // a new beat replaces the older one when a third of its frames are there

export class Beat {
  /** `pane` shows it in place of the frame. */
  constructor(root, link, editor, settings, pane) {
    this.root = root;
    this.link = link;
    this.editor = editor;
    this.settings = settings;
    this.pane = pane;
    this.on = false;
    this.source = () => null; // what is kept of a real frame that beats
    this.catalog = null;
    this.made = ""; // what the newest beat is made from
    this.timer = 0;
    this.clip = null;
    this.frame = document.createElement("canvas");
    this.painted = -1;
    this.clock = new Clock();
    this.clock.listeners.add(() => this.move());
    this.button = root.querySelector("[data-part=beat]");
    this.button.addEventListener("click", () => this.set(!this.on));
    this.job = new VideoJob(
      link,
      {
        show: (status) => status.state === "failed" && this.say(status.message),
        preview: () => {},
        frames: (clip) => (!this.clip || ENOUGH * clip.known.size >= clip.frames) && this.show(clip),
        done: (_status, clip) => this.show(clip),
        ended: () => {},
      },
      "/videos?drawn=true",
    );
    editor.document.listeners.add((box, settled) => settled && this.soon());
    settings.listeners.add(() => this.soon());
  }

  set(on) {
    if (on === this.on) return;
    this.on = on;
    this.button.setAttribute("aria-pressed", String(on));
    this.root.dataset.beat = on ? "on" : "off";
    this.clock.play(on);
    if (on) {
      this.make();
      return;
    }
    clearTimeout(this.timer);
    this.job.cancel().catch(() => {}); // it has ended meanwhile
    this.made = "";
    this.clip = this.pane.moving = null;
    this.pane.redraw();
  }

  soon() {
    if (!this.on) return;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.make(), PAUSE_MS);
  }

  async make() {
    try {
      this.catalog ||= await this.link.json("/videos/catalog");
      const { ids, width, height, spacing, revision } = this.editor.document;
      const request = this.request(this.catalog);
      const made = JSON.stringify([revision, width, height, request]);
      if (!this.on || made === this.made) return;
      this.made = made;
      await this.job.start({ ed: { ids: ids.slice(), width, height, spacing }, es: null }, request);
    } catch (problem) {
      this.say(problem.message);
    }
  }

  request({ generators, motion }) {
    const entry = generators.find((one) => one.frame_by_frame);
    if (!entry) throw new Error("No generator makes a beat frame by frame: the checkpoints are missing.");
    const { seed, view, grain, coarseness } = this.settings.values;
    const numbers = { generator: entry.name, solver: entry.advised_solver || "heun", nfe: entry.advised_nfe, guidance: entry.advised_guidance };
    const look = entry.has_look && { grain, coarseness };
    return { ...numbers, seed, view, frames: FRAMES, motion, start_step: 0, ...look, source: this.source() };
  }

  say(words) {
    if (this.on) this.editor.say(words);
  }

  show(clip) {
    if (!this.on) return;
    this.clip = clip;
    this.painted = -1;
    this.clock.lead(clip);
  }

  /** Draw the frame of this moment. */
  move() {
    const { clip, clock } = this;
    if (!this.on || !clip) return;
    const frame = clip.present(clip.at(clock.phase));
    if (frame !== this.painted) clip.paintGrey(frame, this.frame);
    else return;
    this.painted = frame;
    this.pane.moving = { raster: this.frame, width: clip.width, height: clip.height };
    this.pane.redraw();
  }
}
