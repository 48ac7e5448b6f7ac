// What the right pane shows: previews while a job runs, then its frame, and what it can be compared with. The label map
// belongs to the job, not to the canvas: contours must be those of the map that was generated from, also when the
// canvas has changed since.

import { structureContours } from "../../common/contours.js";

export class Result {
  constructor(link, labels) {
    this.link = link;
    this.document = labels;
    this.listeners = new Set();
    this.onCompare = () => {}; // a picture was handed in to be compared with
    this.onOriginal = () => {}; // a real frame was
    this.job = 0;
    this.overtaken = 0; // jobs up to this one were made from settings or a map that are not wanted any more
    this.finished = null; // the newest finished page
    this.before = null; // the finished page before it
    this.pinned = null;
    this.original = null; // the real frame that is edited
    this.spread = null; // over seeds, of the page `of`
    this.page = null; // what is shown, and below its parts
    this.shown = null;
    this.ids = null;
    this.width = 0;
    this.height = 0;
    this.paths = [];
    this.revision = -1;
    this.kind = ""; // "preview", "draft" or "final"
    this.facts = null;
    this.show(null);
  }

  show(page) {
    const { bitmap = null, ids = null, width = 0, height = 0, paths = [], revision = -1, facts = null } = page || {};
    const kind = page ? page.kind : "";
    Object.assign(this, { page, shown: bitmap, ids, width, height, paths, revision, kind, facts });
    this.changed();
  }

  changed() {
    for (const listener of this.listeners) listener();
  }

  /** The frame is of another map than the canvas holds now, also in the middle of a stroke. */
  get stale() {
    const { stroke, revision } = this.document;
    if (this.page?.following) return false;
    return Boolean(this.shown) && (this.revision !== revision || Boolean(stroke && stroke.box));
  }

  /** Whether what is shown is an edited real frame. */
  get edited() {
    return Boolean(this.page?.edited);
  }

  /** The real frame to compare with: {bitmap, width, height}, or null. */
  showOriginal(page) {
    this.original = page && { ...page, paths: [], title: "Real frame" };
    if (!page) {
      this.changed();
      return;
    }
    const { ids, revision } = this.document; // nothing is edited yet: this is the frame of these labels
    this.show({ ...page, ids: ids.slice(), paths: structureContours(ids, page.width, page.height), revision, kind: "final", edited: true });
    this.onOriginal();
  }

  /** A draft of the map that a hand moves at this moment. */
  showFollowing({ bitmap, ids, width, height, began, edited }) {
    const paths = structureContours(ids, width, height);
    this.show({ bitmap, ids, width, height, paths, revision: -1, kind: "draft", facts: null, following: true, began, edited });
  }

  /** The hand rests: a draft that followed it is one of the map as it is now, or of an older one. */
  rest() {
    if (!this.page?.following) return;
    const { ids, revision } = this.document;
    const same = this.ids.length === ids.length && this.ids.every((id, i) => id === ids[i]);
    this.show({ ...this.page, bitmap: this.shown, following: false, revision: same ? revision : -1 });
  }

  /** The last finished page before the one that is shown, or null. */
  get previous() {
    return this.page === this.finished ? this.before : this.finished;
  }

  /** A picture to compare the frame with: {bitmap, ids, width, height, title}, such as a pinned result. */
  compareWith(page) {
    this.pinned = { ...page, paths: structureContours(page.ids, page.width, page.height) };
    this.changed();
    this.onCompare();
  }

  /** The frame that a project was left with: {bitmap, ids, width, height}. */
  restore(page) {
    const { bitmap, ids, width, height } = page;
    const paths = structureContours(ids, width, height);
    const same = ids.length === this.document.ids.length && ids.every((id, i) => id === this.document.ids[i]);
    this.finish({ bitmap, ids, width, height, paths, revision: same ? this.document.revision : -1, kind: "final" });
  }

  finish(page) {
    this.before = this.finished;
    this.finished = page;
    this.show(page);
  }

  /** Something newer is asked for: no picture of the jobs so far is shown any more. */
  overtake() {
    this.overtaken = this.job;
  }

  /** A progress message of the server; those of an older job are dropped. */
  async follow(progress) {
    if (progress.job < this.job || progress.job <= this.overtaken) return;
    if (progress.job > this.job) {
      this.job = progress.job;
      this.seen = -1;
      this.map = null;
    }
    if (progress.state === "cancelled" || progress.state === "failed") {
      this.seen = Infinity; // a picture that is still on its way comes too late
      this.fallBack();
      return;
    }
    const done = progress.state === "done";
    const age = done ? Infinity : progress.preview;
    if (!age || age <= this.seen) return;
    this.seen = age;
    const [map, bitmap] = await Promise.all([this.mapOf(progress.job), this.link.frame(progress.job, done)]);
    // A newer job or a newer frame may have arrived while this one was on its way.
    if (progress.job !== this.job || progress.job <= this.overtaken || age < this.seen) return;
    // The canvas may have moved on: a live picture of an older map is never shown.
    if (progress.live && progress.revision !== this.document.revision) return;
    const kind = done ? "final" : progress.draft ? "draft" : "preview";
    const page = { ...map, bitmap, revision: progress.revision, kind, facts: progress, edited: progress.edited };
    if (done) this.finish(page);
    else this.show(page);
  }

  // The job ended early. Its picture on the way gives place to the last frame, unless that one is of an older map.
  fallBack() {
    const fit = this.finished && this.finished.revision === this.document.revision;
    const unfinished = this.kind === "preview" || this.kind === "draft";
    if (unfinished && (fit || !this.facts?.live)) this.show(this.finished);
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
