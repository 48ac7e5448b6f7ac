// Jobs: start one from the canvas, watch it, and after every edit start a live one, which draws a draft before the frame.

const LIVE_PAUSE_MS = 40; // quick undos in a row are one change

class Generation {
  constructor(link, labels, settings) {
    Object.assign(this, { link, document: labels, settings });
    this.listeners = new Set();
    this.turn = 0;
    this.timer = 0;
    labels.listeners.add((box, settled) => settled && this.soon());
    settings.listeners.add((changes) => {
      const onlySwitchedOff = "live" in changes && !changes.live;
      if (!onlySwitchedOff) this.soon();
    });
  }

  /** A live job after a short pause; the map may still be changing. */
  soon() {
    clearTimeout(this.timer);
    if (!this.settings.values.live || this.document.revision < 0) return;
    this.timer = setTimeout(() => this.start(true), LIVE_PAUSE_MS);
  }

  tell(progress) {
    for (const listener of this.listeners) listener(progress);
  }

  async start(live = false) {
    clearTimeout(this.timer);
    const turn = ++this.turn;
    const newer = () => turn !== this.turn;
    try {
      const revision = await this.link.flush();
      if (newer()) return;
      const order = { ...this.settings.values, revision, live };
      let progress = await this.link.json("/jobs", { method: "POST", body: order });
      while (!newer()) {
        this.tell(progress);
        if (progress.state !== "waiting" && progress.state !== "running") return;
        progress = await this.link.json(`/jobs/${progress.job}?seen=${progress.stamp}`);
      }
    } catch (problem) {
      const overtaken = live && this.link.outbox.length > 0; // the newer edit starts its own job
      if (!newer() && !overtaken) this.tell({ job: 0, state: "failed", nfe: 0, total: 0, message: problem.message });
    }
  }

  async cancel() {
    clearTimeout(this.timer);
    await this.link.cancel();
  }
}
