// Puts the Video tab together inside its gr.HTML component. The Edit tab's object has the canvas, the slots and the way to
// the server, which this tab uses as well.

import { bitmapOf } from "../common/link.js";
import { mountTab } from "../common/mount_tab.js";
import { Newest } from "../common/newest.js";
import { keyframe, postRequest } from "../common/packed.js";
import { Tab } from "../common/tab.js";
import { Clip } from "./clip.js";
import { Clock } from "./clock.js";
import { VideoJob } from "./job.js";
import { Keyframes } from "./keyframes.js";
import { KeyframesForm } from "./keyframes_form.js";
import { VideoKeys } from "./keys.js";
import { Motion } from "./motion.js";
import { MotionForm } from "./motion_form.js";
import { Onion, fitted } from "./onion.js";
import { BeatPlot } from "./plot.js";
import { RecordedBeat } from "./recorded_beat.js";
import { Report } from "./report.js";
import { VideoSampling } from "./sampling.js";
import { SamplingForm } from "./sampling_form.js";
import { Stage } from "./stage.js";
import { Transport } from "./transport.js";
import { jobPercent, jobWords, requestWords } from "./words.js";

const FOLLOW_MS = 150; // after the last change: a hand that drags a slider is not done

class VideoTab extends Tab {
  constructor(root, studio) {
    super(root, "data-vid", studio);
    this.timer = 0; // of the video that follows a change
    this.started = null; // signature of the video under way
    this.start = null; // {picture, map} of the starting frame
    this.clock = new Clock();
    this.onion = new Onion(this.part("onion"), studio.display);
    const seek = (phase) => this.clock.seek(Math.floor(phase * this.clock.frames));
    this.volume = new BeatPlot(this.part("volume"), seek);
    this.areas = new BeatPlot(this.part("areas"), seek);
    this.stage = new Stage(this.root, this.clock, studio.display, () => this.refresh());
    this.transport = new Transport(this.root, this.clock, this.stage);
    this.keyframes = new Keyframes(studio, () => this.changed());
    this.keyframesForm = new KeyframesForm(this.root, this.keyframes);
    this.motion = new Motion();
    this.motionForm = new MotionForm(this.root, this.motion, this.keyframes, () => this.changed());
    this.sampling = new VideoSampling((changes) => this.sampled(changes));
    this.recorded = new RecordedBeat(this.root, this);
    this.samplingForm = new SamplingForm(this.root, this.sampling);
    this.report = new Report(this.root, this.link, this.areas, this);
    this.job = new VideoJob(this.link, {
      show: (status) => this.showStatus(status),
      preview: (picture, { nfe, total }, spacing) => this.stage.showComing({ picture, spacing, badge: `Middle frame · NFE ${nfe} / ${total}`, words: "", edited: Boolean(this.source) }),
      frames: (clip) => this.showFrames(clip),
      done: (status, clip) => this.done(status, clip),
      ended: () => this.stage.showComing(null),
    });
    this.cycles = new Newest((request) => this.fetchCycle(request), (cycle) => this.showCycle(cycle), (problem) => this.cycleProblem(problem.message));
    this.starts = new Newest((request) => this.fetchStart(request), (start) => this.showStart(start), (problem) => this.showStart(null, problem.message), 150);
    this.clock.listeners.add(() => this.move());
    this.listen();
  }

  async enter() {
    const catalog = await this.link.json("/videos/catalog");
    this.motionForm.offer(catalog);
    this.samplingForm.offer(catalog);
    this.report.offer(catalog.formats);
    const status = await this.link.json("/videos");
    if (status.video) await this.restore(status);
    else if (this.keyframes.ed) this.changed(); // taken before it was known what can be chosen
    else if (this.studio.document.ids.includes(1)) this.keyframes.take();
    this.keyframesForm.draw();
    this.refresh();
  }

  /** What was made or is being made when the page was left. */
  async restore(status) {
    const { video, order: request } = status;
    const fetched = async (what) => keyframe(await this.link.request(`/videos/${video}/${what}`));
    this.keyframes.restore(await fetched("end-diastole"), request.has_es ? await fetched("end-systole") : null, request.view);
    this.motionForm.restore(request);
    this.sampling.restore(request);
    this.changed();
    this.trying(() => this.job.follow(status));
  }

  listen() {
    this.root.addEventListener("mousedown", (event) => {
      // A click leaves the focus where it was: else Space would press the same button again instead of playing.
      if (event.target instanceof Element && event.target.closest("button, .switch, input[type=checkbox]")) event.preventDefault();
    });
    this.part("generate").addEventListener("click", () => this.generate());
    this.part("refine").addEventListener("click", () => this.refine());
    this.part("live").addEventListener("change", () => this.follow());
    this.part("cancel").addEventListener("click", () => this.cancel());
    this.part("overlay").addEventListener("change", () => this.setOverlay(this.part("overlay").checked));
    this.part("opacity").addEventListener("input", () => {
      this.part("opacity-value").textContent = `${this.part("opacity").value} %`;
      this.stage.setOverlay({ on: true, opacity: Number(this.part("opacity").value) / 100 });
    });
    this.part("mmode").addEventListener("click", () => this.stage.setMMode(!this.stage.mmode));
    this.part("pin").addEventListener("click", () => this.stage.pin());
    this.part("unpin").addEventListener("click", () => this.stage.unpin());
    // The keyframes and plots have no size while the tab is hidden.
    new IntersectionObserver(([{ isIntersecting }]) => (isIntersecting ? this.seen() : this.clock.play(false))).observe(this.root);
  }

  seen() {
    if (!this.keyframes.ed && this.studio.document.ids.includes(1)) this.keyframes.take();
    this.keyframesForm.draw();
    this.stage.show(); // in the colours and with the shape of pixels that the Edit tab has now
    this.onion.draw();
    this.drawStart();
  }

  /** The real frame of the Edit tab, where it can beat. */
  get source() {
    return this.recorded.source;
  }

  get request() {
    return { ...this.motion.request, ...this.sampling.request, has_es: Boolean(this.keyframes.es), source: this.source };
  }

  /** What a video is made from; another one than a video's says that this is of older settings. */
  get signature() {
    return JSON.stringify([this.keyframes.version, this.request]);
  }

  get maps() {
    return { ed: this.keyframes.ed, es: this.keyframes.es };
  }

  /** The heart or its motion: the label cycle follows. */
  changed() {
    if (!this.motion.segments) return; // what can be chosen is not known yet
    this.motionForm.suit();
    this.refresh();
    if (!this.keyframes.ed) return;
    const wrong = this.motion.problem;
    if (wrong) {
      this.cycles.drop();
      this.cycleProblem(wrong);
      return;
    }
    this.cycles.request({ maps: this.maps, request: { ...this.motion.request, source: this.source } });
    this.renewStart();
    this.follow();
  }

  sampled(changes) {
    this.refresh();
    this.follow();
    if ("start_step" in changes || "generator" in changes || "seed" in changes) this.renewStart();
  }

  renewStart() {
    if (this.sampling.uses("start_step") && this.keyframes.ed) this.starts.request({ maps: this.maps, request: this.request });
  }

  async fetchCycle({ maps, request }) {
    return Clip.ofCycle(await postRequest(this.link, "/videos/cycle", maps, request));
  }

  showCycle(cycle) {
    this.cycleProblem("");
    this.onion.show(cycle);
    this.part("onion").setAttribute("aria-label", `Both keyframes over each other, end systole in frame ${cycle.es + 1} of ${cycle.frames}`);
    const known = cycle.volumes.some((value) => value !== null);
    const line = { name: "volume", kind: "asked", values: cycle.volumes };
    this.volume.show(known ? [line] : [], { title: "Volume of the ventricle", unit: cycle.unit, es: cycle.es / cycle.frames, seconds: cycle.seconds });
    this.part("ef").textContent = cycle.ef === null ? "" : `EF ${cycle.ef.toFixed(1)} %`;
    this.stage.showCycle(cycle);
    this.move();
  }

  cycleProblem(words) {
    this.part("motion-problem").textContent = words;
    this.part("motion-problem").hidden = !words;
    this.refresh();
  }

  async fetchStart({ maps, request }) {
    const picture = await bitmapOf(await postRequest(this.link, "/videos/starting-frame", maps, request));
    return { picture, map: maps.ed };
  }

  showStart(start, problem = "") {
    this.start = start;
    this.drawStart();
    this.part("start-frame").setAttribute("aria-label", start ? `Middle frame of the starting video at step ${this.sampling.values.start_step}` : "No starting frame");
    this.part("start-words").textContent = problem || "Starts from this (middle frame)";
    this.part("start-words").classList.toggle("problem", Boolean(problem));
  }

  /** In the shape of its label map: generators work on squares. */
  drawStart() {
    if (!this.start) {
      fitted(this.part("start-frame"), { width: 1, height: 1 }, 1); // clears it
      return;
    }
    const { picture, map } = this.start;
    const place = fitted(this.part("start-frame"), map, this.studio.display.aspectOf(map.spacing));
    if (place) place.context.drawImage(picture, place.left, place.top, place.wide, place.high);
  }

  generate(changes = {}) {
    if (this.part("generate").disabled) return;
    clearTimeout(this.timer);
    this.started = this.signature;
    this.trying(() => this.job.start(this.maps, { ...this.request, ...changes }));
  }

  /** The same beat by the generator's teacher, in more NFE. */
  refine() {
    if (this.sampling.entry?.refined_nfe) this.generate({ nfe: this.sampling.entry.refined_nfe });
  }

  /** Make the video again soon after a change, once there is one and as long as that takes a second or two. */
  follow() {
    clearTimeout(this.timer);
    const { job, stage, sampling, started } = this;
    const quick = sampling.entry?.frame_by_frame && Number(sampling.values.nfe) === 1;
    if (!this.part("live").checked || !quick || !job || !(stage.video || job.running)) return;
    const made = job.running ? started : stage.video.signature;
    if (made !== this.signature) this.timer = setTimeout(() => this.generate(), FOLLOW_MS);
  }

  /** Frames of the video on its way: they play already, and those that are not there yet are filled by their neighbours. */
  showFrames(clip) {
    this.stage.showComing({ clip, badge: `${clip.known.size} of ${clip.frames} frames`, words: "" });
    this.playFreely();
  }

  playFreely() {
    if (!matchMedia("(prefers-reduced-motion: reduce)").matches && this.root.offsetParent !== null) this.clock.play(true);
  }

  cancel() {
    this.trying(() => this.job.cancel());
  }

  setOverlay(on) {
    this.part("overlay").checked = on;
    this.stage.setOverlay({ on });
  }

  showStatus(status) {
    const percent = jobPercent(status);
    this.part("bar").dataset.state = status.state;
    this.part("bar").setAttribute("aria-valuenow", percent);
    this.part("bar").querySelector("i").style.width = `${percent}%`;
    this.part("state").textContent = status.state === "failed" ? "Failed" : jobWords(status);
    this.say(status.state === "failed" ? status.message : "");
    this.refresh(status);
  }

  done(status, clip) {
    this.stage.showVideo({ clip, words: requestWords(status.order), signature: this.started ?? this.signature });
    this.trying(() => this.report.show(status, clip));
    this.playFreely();
  }

  move() {
    const { phase, frame, frames } = this.clock;
    this.onion.move(phase);
    this.volume.move(frame / frames);
    this.areas.move(frame / frames);
  }

  refresh(status = this.job?.status) {
    if (!this.report) return; // not all is there yet
    const { stage, keyframes, sampling } = this;
    const broken = !this.part("motion-problem").hidden;
    this.part("generate").disabled = !keyframes.ed || !sampling.entry || broken;
    this.part("refine").hidden = !sampling.entry?.refined_nfe;
    this.part("refine").disabled = this.part("generate").disabled;
    this.part("follow").hidden = !sampling.entry?.frame_by_frame;
    this.part("cancel").disabled = !this.job?.running || Boolean(status?.stopping);
    this.part("mmode").disabled = !stage.video;
    this.part("mmode").setAttribute("aria-pressed", String(stage.mmode));
    this.part("pin").disabled = !stage.video || stage.pinned === stage.video;
    this.part("unpin").hidden = !stage.pinned;
    const older = stage.video && this.signature !== stage.video.signature;
    this.part("told").textContent = !keyframes.ed
      ? "Draw or open a heart in the Edit tab, then take it here (U)"
      : older ? "The video is of older settings" : stage.video ? "Drag on the picture for an M-mode line · Space plays · arrows step" : "Space plays the label cycle · G generates the video";
    this.part("told").classList.toggle("older", Boolean(older));
  }
}

/** Mount the tab inside its gr.HTML component, whose `element` it is. */
export function mount({ element }) {
  const root = element.querySelector("[data-vid=root]");
  return mountTab("video", root, (studio, signal) => {
    const tab = new VideoTab(root, studio);
    new VideoKeys(tab, signal);
    return tab;
  });
}
