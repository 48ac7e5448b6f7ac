// The video job of this page: start, follow, cancel. Every status of it is shown; one of an older job is dropped.

import { bitmapOf } from "../common/link.js";
import { postRequest, unpacked } from "../common/packed.js";
import { Clip } from "./clip.js";
import { ALIVE } from "./words.js";

export class VideoJob {
  /**
   * `acts`: show(status), preview(bitmap, status, spacing), frames(clip) where frames come one after another, done(status,
   * clip), ended(status). `path` is where a job is started.
   */
  constructor(link, acts, path = "/videos") {
    this.link = link;
    this.acts = acts;
    this.path = path;
    this.coming = null; // the clip that comes frame by frame
    this.status = null;
    this.turn = 0;
    this.seen = 0; // previews
  }

  get running() {
    return Boolean(this.status) && ALIVE.includes(this.status.state);
  }

  async start(keyframes, request) {
    const turn = ++this.turn; // the older job is not followed any more: the server ends it
    let status;
    try {
      status = await (await postRequest(this.link, this.path, keyframes, request)).json();
    } catch (problem) {
      if (turn === this.turn && this.running) this.follow(this.status).catch(() => {}); // refused: the older one goes on
      throw problem;
    }
    if (turn === this.turn) await this.follow(status, turn);
  }

  /** Show a job until it has ended or another one is shown. */
  async follow(status, turn = ++this.turn) {
    this.seen = 0;
    this.coming = null;
    await this.receive(status, turn);
    while (turn === this.turn && this.running) {
      const next = await this.link.events.after(this.status, `/videos/${this.status.video}`);
      if (turn === this.turn) await this.receive(next, turn);
    }
  }

  async receive(status, turn) {
    this.status = status;
    this.acts.show(status);
    if (this.running && status.parts > (this.coming?.parts || 0)) await this.receiveFrames(status, turn);
    else if (this.running && status.preview > this.seen && !this.coming) {
      this.seen = status.preview;
      const reply = await this.link.request(`/videos/${status.video}/preview`);
      const bitmap = await bitmapOf(reply);
      if (turn === this.turn) this.acts.preview(bitmap, status, reply.headers.get("X-Spacing") || "");
    }
    if (this.running || turn !== this.turn) return;
    if (status.state === "done") {
      const clip = await Clip.ofVideo(await this.link.request(`/videos/${status.video}/clip`));
      if (turn === this.turn) this.acts.done(status, clip);
    } else this.acts.ended(status);
  }

  async receiveFrames(status, turn) {
    const reply = await this.link.request(`/videos/${status.video}/frames?since=${this.coming?.parts || 0}`);
    if (turn !== this.turn) return;
    if (this.coming) {
      const { header, bytes } = await unpacked(reply);
      this.coming.add(header, bytes);
    } else {
      const clip = await Clip.ofParts(reply);
      if (turn !== this.turn || !clip.known.size) return; // it has ended meanwhile
      this.coming = clip;
    }
    if (turn === this.turn) this.acts.frames(this.coming);
  }

  async cancel() {
    if (!this.running) return;
    const status = await this.link.json(`/videos/${this.status.video}/cancel`, { method: "POST" });
    if (this.running && this.status.video === status.video) this.acts.show(status);
  }
}
