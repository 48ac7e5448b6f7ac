// The switch that edits a recording's own beat: its frames are labelled, and the motion begins as it was recorded.

export class RecordedBeat {
  constructor(root, tab) {
    this.tab = tab;
    const part = (name) => root.querySelector(`[data-vid=${name}]`);
    this.place = part("loop-of");
    this.input = part("every-frame");
    this.words = part("recorded");
    this.working = false;
    this.input.addEventListener("change", () => (this.input.checked ? this.begin() : this.end()));
    tab.studio.realFrame.listeners.add(() => this.follow());
    for (const { listeners } of [tab.keyframes, tab.sampling]) listeners.add(() => this.show());
  }

  /** What a request says of the real frame of the Edit tab, or null where it cannot beat. */
  get source() {
    const { sampling, studio, keyframes } = this.tab;
    const source = sampling.entry?.frame_by_frame ? studio.realFrame.sourceOf(keyframes.ed) : null;
    return source && { ...source, every_frame: this.on };
  }

  get beat() {
    return this.tab.studio.realFrame.beat;
  }

  /** Whether each frame of the recording is asked for. */
  get on() {
    return this.input.checked && Boolean(this.beat);
  }

  /** Label every frame, then set the motion to the recording's own. */
  async begin() {
    this.working = true;
    this.show();
    try {
      await this.tab.studio.realFrame.labelLoop();
      this.tab.motionForm.record(this.beat);
    } catch (problem) {
      this.input.checked = false;
      this.tab.say(problem.message);
    }
    this.working = false;
    this.show();
    this.tab.changed();
  }

  end() {
    this.tab.motionForm.record(null);
    this.show();
    this.tab.changed();
  }

  /** Labels were corrected, or the real frame is gone. */
  follow() {
    if (this.input.checked && !this.beat && !this.working) {
      this.input.checked = false;
      this.end();
    } else this.show();
  }

  show() {
    const possible = this.tab.studio.realFrame.frames > 1 && Boolean(this.source);
    this.place.hidden = !possible && !this.input.checked;
    this.input.disabled = this.working;
    this.words.textContent = this.working ? "Labelling every frame …" : this.on ? recordedWords(this.beat) : "";
  }
}

/** What was recorded, in words. */
export function recordedWords({ first, frames, ef_percent: ef, heart_rate: rate }) {
  return `Recorded: EF ${Math.round(ef)} %, ${Math.round(rate)} bpm, ${frames} frames from frame ${first + 1} on. Change the motion or edit end diastole.`;
}
