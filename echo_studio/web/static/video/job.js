// The video job of this page: start, follow, cancel. Told of every step; an answer about an older job is dropped.

import { postOrder } from "../common/packed.js";
import { Clip } from "./clip.js";
import { ALIVE } from "./words.js";

export class VideoJob {
  /** `acts`: show(told), preview(bitmap, told), done(told, clip), ended(told). */
  constructor(link, acts) {
    this.link = link;
    this.acts = acts;
    this.told = null;
    this.turn = 0;
    this.seen = 0; // previews
  }

  get running() {
    return Boolean(this.told) && ALIVE.includes(this.told.state);
  }

  async start(keyframes, order) {
    const turn = ++this.turn; // the older job is not asked for any more: the server lets it go
    let told;
    try {
      told = await (await postOrder(this.link, "/videos", keyframes, order)).json();
    } catch (problem) {
      if (turn === this.turn && this.running) this.follow(this.told).catch(() => {}); // refused: the older one goes on
      throw problem;
    }
    if (turn === this.turn) await this.follow(told, turn);
  }

  /** Show a job until it has ended or another one is shown. */
  async follow(told, turn = ++this.turn) {
    this.seen = 0;
    await this.take(told, turn);
    while (turn === this.turn && this.running) {
      const next = await this.link.events.after(this.told, `/videos/${this.told.video}`);
      if (turn === this.turn) await this.take(next, turn);
    }
  }

  async take(told, turn) {
    this.told = told;
    this.acts.show(told);
    if (this.running && told.preview > this.seen) {
      this.seen = told.preview;
      const reply = await this.link.request(`/videos/${told.video}/preview`);
      const bitmap = await createImageBitmap(await reply.blob(), { colorSpaceConversion: "none" });
      if (turn === this.turn) this.acts.preview(bitmap, told);
    }
    if (this.running) return;
    if (told.state === "done") {
      const clip = await Clip.ofVideo(await this.link.request(`/videos/${told.video}/clip`));
      if (turn === this.turn) this.acts.done(told, clip);
    } else this.acts.ended(told);
  }

  async cancel() {
    if (!this.running) return;
    const told = await this.link.json(`/videos/${this.told.video}/cancel`, { method: "POST" });
    if (this.running && this.told.video === told.video) this.acts.show(told);
  }
}
