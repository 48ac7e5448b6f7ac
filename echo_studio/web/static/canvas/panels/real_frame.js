// The real frame that a drawing began with: whether its look is kept, how much of it, and what it itself shows.

import { bitmapOf } from "../../common/link.js";

const FIRST = { keepLook: true, keep: 1, wholeFrame: false };

export class RealFrame {
  constructor(link, result) {
    this.link = link;
    this.result = result;
    this.open = false;
    this.frames = 1; // of its recording
    this.beat = null; // of its recording, once every frame is labelled: {first, frames, ef_percent, heart_rate, ...}
    this.values = { ...FIRST };
    this.listeners = new Set(); // (changed: whether the picture would be another one)
  }

  /** Another recording was opened. */
  opened(frames) {
    Object.assign(this, { frames, beat: null });
  }

  /** A frame was labelled, and its labels go on the canvas. */
  begin() {
    this.open = true;
    this.values = { ...FIRST };
    this.tell(false);
  }

  /** Fetch its picture, black outside the sector, to correct labels by and to compare with. */
  async show(number, { width, height }) {
    const bitmap = await bitmapOf(await this.link.request(`/recording/${number}/sector`));
    if (this.open) this.result.showOriginal({ bitmap, width, height });
    return bitmap;
  }

  /** The canvas has left it: the server forgets it, too. */
  async end() {
    if (!this.open) return;
    this.open = false;
    this.opened(1);
    this.result.showOriginal(null);
    this.tell(true);
    await this.link.json("/real-frame", { method: "DELETE" });
  }

  /** The labels on the canvas are what the frame itself shows: they were corrected, and the heart was not edited. */
  async adopt() {
    const revision = await this.link.flush();
    await this.link.json("/real-frame/label-map", { method: "PUT", body: { revision } });
    this.tell(true);
  }

  set(changes) {
    Object.assign(this.values, changes);
    this.tell(true);
  }

  /** Label every frame of its recording from this one on. */
  async labelLoop() {
    this.beat = await this.link.json("/recording/beat", { method: "POST", body: {} });
    this.tell(false);
  }

  /** What a request for a frame says of it, or null where nothing is kept. */
  get source() {
    const { keepLook, keep, wholeFrame } = this.values;
    return this.open && keepLook ? { keep, whole_frame: wholeFrame } : null;
  }

  /** The same for an end diastole that is of the frame's size. */
  sourceOf(keyframe) {
    const { original } = this.result;
    const same = original && keyframe && keyframe.width === original.width && keyframe.height === original.height;
    return same ? this.source : null;
  }

  tell(changed) {
    for (const listener of this.listeners) listener(changed);
  }
}

/** Its controls in the Generate panel. */
export class RealFramePanel {
  /** `choose` lets the person choose another frame of the recording. */
  constructor(root, realFrame, editor, choose) {
    this.section = root.querySelector("[data-part=real-frame]");
    this.realFrame = realFrame;
    const control = (id) => root.querySelector(`#${id}`);
    this.controls = { keepLook: control("keep-look"), keep: control("keep"), wholeFrame: control("whole-frame") };
    this.share = root.querySelector("[data-part=keep-value]");
    this.controls.keepLook.addEventListener("change", () => realFrame.set({ keepLook: this.controls.keepLook.checked }));
    this.controls.wholeFrame.addEventListener("change", () => realFrame.set({ wholeFrame: this.controls.wholeFrame.checked }));
    this.controls.keep.addEventListener("input", () => realFrame.set({ keep: Number(this.controls.keep.value) / 100 }));
    this.other = control("other-frame");
    this.other.addEventListener("click", choose);
    control("labels-fit").addEventListener("click", () => {
      realFrame.adopt()
        .then(() => editor.say("These labels are now what the frame itself shows: no edit."))
        .catch((problem) => editor.say(problem.message));
    });
    realFrame.listeners.add(() => this.show());
    this.show();
  }

  show() {
    const { open, values } = this.realFrame;
    this.section.hidden = !open;
    this.other.hidden = this.realFrame.frames < 2;
    this.controls.keepLook.checked = values.keepLook;
    this.controls.wholeFrame.checked = values.wholeFrame;
    this.controls.keep.value = Math.round(100 * values.keep);
    this.share.textContent = `${Math.round(100 * values.keep)} %`;
    for (const name of ["keep", "wholeFrame"]) this.controls[name].disabled = !values.keepLook;
  }
}
