// What the right pane shows: previews while a job runs, then its frame. The label map belongs to the job, not to the
// canvas: contours must be those of the map that was generated from, also when the canvas has changed since.

class Result {
  constructor(link, labels) {
    this.link = link;
    this.document = labels;
    this.listeners = new Set();
    this.job = 0;
    this.show(null);
    this.finished = null;
  }

  show(page) {
    const { bitmap = null, ids = null, width = 0, height = 0, paths = [], revision = -1, facts = null } = page || {};
    const kind = page ? page.kind : ""; // "preview", "draft" or "final"
    Object.assign(this, { shown: bitmap, ids, width, height, paths, revision, kind, facts });
    for (const listener of this.listeners) listener();
  }

  /** The frame is of another map than the canvas holds now. */
  get stale() {
    return Boolean(this.shown) && this.revision !== this.document.revision;
  }

  /** The frame that a project was left with. */
  restore({ bitmap, ids, width, height }) {
    const paths = structureContours(ids, width, height);
    const same = ids.length === this.document.ids.length && ids.every((id, i) => id === this.document.ids[i]);
    this.finished = { bitmap, ids, width, height, paths, revision: same ? this.document.revision : -1, kind: "final" };
    this.show(this.finished);
  }

  /** A progress message of the server; those of an older job are dropped. */
  async follow(progress) {
    if (progress.job < this.job) return;
    if (progress.job > this.job) {
      this.job = progress.job;
      this.seen = -1;
      this.map = null;
    }
    if (progress.state === "cancelled" || progress.state === "failed") {
      if (this.kind !== "final") this.show(this.finished);
      return;
    }
    const done = progress.state === "done";
    const age = done ? Infinity : progress.preview;
    if (!age || age <= this.seen) return;
    this.seen = age;
    const [map, bitmap] = await Promise.all([this.mapOf(progress.job), this.link.frame(progress.job, done)]);
    // A newer job or a newer frame may have arrived while this one was on its way.
    if (progress.job !== this.job || age < this.seen) return;
    // The canvas may have moved on: a live picture of an older map is never shown.
    if (progress.live && progress.revision !== this.document.revision) return;
    const kind = done ? "final" : progress.draft ? "draft" : "preview";
    const page = { ...map, bitmap, revision: progress.revision, kind, facts: progress };
    if (done) this.finished = page;
    this.show(page);
  }

  mapOf(job) {
    if (!this.map) {
      this.map = this.link.jobMap(job).then(({ ids, width, height }) => ({
        ids, width, height, paths: structureContours(ids, width, height),
      }));
    }
    return this.map;
  }
}
