// Jobs: start one from the canvas, watch it, and after every edit start a live one, which draws a draft before the frame.

const LIVE_PAUSE_MS = 40; // quick undos in a row are one change

export class Generation {
  constructor(link, labels, settings) {
    this.link = link;
    this.document = labels;
    this.settings = settings;
    this.listeners = new Set(); // (progress) of the newest job
    this.onLive = () => {}; // a live job was requested: what is on its way is out of date
    this.onPending = () => {};
    this.source = () => null; // what is kept of a real frame
    this.isDrafted = () => false; // whether a draft of the map on the canvas is shown already
    this.pending = false; // a live picture of the newest map is on its way
    this.job = 0; // the newest job, 0 until the server has named it
    this.turn = 0;
    this.timer = 0; // of a live job that is about to start
    this.posting = null;
    labels.listeners.add((box, settled) => settled && this.soon());
    settings.listeners.add((changes) => {
      if (Object.keys(changes).every((name) => name === "intended")) return; // the frame would be the same
      const switchedOff = "live" in changes && !changes.live;
      if (!switchedOff) this.soon();
      else if (this.timer) this.cancel();
    });
  }

  /** A live job after a short pause; the map may still be changing. */
  soon() {
    this.stopTimer();
    if (!this.settings.values.live || this.document.revision < 0) return;
    this.turn += 1;
    this.job = 0;
    this.onLive();
    this.await(true);
    this.timer = setTimeout(() => this.start(true), LIVE_PAUSE_MS);
  }

  /** A hand moves the map: what is on its way is out of date, and the next job starts when the hand rests. */
  hold() {
    this.stopTimer();
    this.turn += 1;
    this.job = 0;
    this.onLive();
    this.await(true);
  }

  await(pending) {
    this.pending = pending;
    this.onPending();
  }

  report(progress) {
    for (const listener of this.listeners) listener(progress);
  }

  async start(live = false) {
    this.stopTimer();
    const turn = ++this.turn;
    const newer = () => turn !== this.turn;
    this.job = 0;
    this.await(live);
    try {
      this.posting = this.post(live, newer);
      let progress = await this.posting;
      while (!newer()) {
        this.job = progress.job;
        this.report(progress);
        if (progress.state !== "waiting" && progress.state !== "running") break;
        // The server reports ten times a second at most.
        progress = await this.link.events.after(progress, `/jobs/${progress.job}`);
      }
    } catch (problem) {
      // No second try by itself: a server that is gone would be tried for ever. The next edit tries again.
      if (!newer()) this.report({ job: 0, state: "failed", nfe: 0, total: 0, message: problem.message });
    }
    if (!newer()) this.await(false);
  }

  /** The first progress of a new job, or null where something newer was requested meanwhile. */
  async post(live, newer) {
    const revision = await this.link.flush();
    if (newer()) return null;
    const body = { ...this.settings.values, revision, live, drafted: live && this.isDrafted(), source: this.source() };
    return this.link.json("/jobs", { method: "POST", body });
  }

  /** Stop the job, and one that is about to start. */
  async cancel() {
    const waited = this.timer !== 0;
    this.stopTimer();
    this.await(false);
    if (waited) this.report({ job: 0, state: "cancelled", nfe: 0, total: 0, message: "" });
    else await this.posting?.catch(() => {}); // a job cannot be stopped before the server has it
    await this.link.cancel();
  }

  stopTimer() {
    clearTimeout(this.timer);
    this.timer = 0;
  }
}
