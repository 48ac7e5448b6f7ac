// Where in the beat everything is that plays in step: `phase`, from 0 (end diastole) up to 1.

export const SPEEDS = [0.1, 0.25, 0.5, 1, 2];

export class Clock {
  /** `nextFrame` calls a function with the time, in ms, when the next picture is due. */
  constructor(nextFrame = (step) => requestAnimationFrame(step)) {
    this.nextFrame = nextFrame;
    this.phase = 0;
    this.playing = false;
    this.loop = true;
    this.speed = 1;
    this.seconds = 60 / 70;
    this.frames = 24;
    this.listeners = new Set();
    this.before = 0;
  }

  get frame() {
    return Math.min(this.frames - 1, Math.floor(this.phase * this.frames));
  }

  /** Another clip leads; its frame at the same phase is shown. */
  lead({ frames, seconds }) {
    Object.assign(this, { frames, seconds });
    this.notify();
  }

  play(on = !this.playing) {
    if (on === this.playing) return;
    this.playing = on;
    // Without a loop the end is where playing stopped: play it again.
    if (on && !this.loop && this.frame === this.frames - 1) this.phase = 0;
    if (on) {
      this.before = performance.now();
      this.nextFrame((now) => this.tick(now));
    }
    this.notify();
  }

  /** To a frame of the clip that leads; its middle, so that rounding never shows its neighbour. */
  seek(frame) {
    this.play(false);
    this.phase = (Math.min(this.frames - 1, Math.max(0, frame)) + 0.5) / this.frames;
    this.notify();
  }

  /** The next slower (-1) or faster (1) speed, if there is one. */
  changeSpeed(by) {
    this.speed = SPEEDS[Math.min(SPEEDS.length - 1, Math.max(0, SPEEDS.indexOf(this.speed) + by))];
  }

  /** Frames on or back; the beat is a circle. */
  step(by) {
    this.seek((this.frame + by + this.frames) % this.frames);
  }

  tick(now) {
    if (!this.playing) return;
    const passed = Math.max(0, now - this.before) / 1000;
    this.before = now;
    const phase = this.phase + (passed * this.speed) / this.seconds;
    if (phase >= 1 && !this.loop) {
      this.seek(this.frames - 1);
      return;
    }
    this.phase = phase % 1;
    this.notify();
    this.nextFrame((next) => this.tick(next));
  }

  notify() {
    for (const listener of this.listeners) listener();
  }
}
