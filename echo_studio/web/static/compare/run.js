// The comparison of this page, without the page: start, follow, cancel, and which cell is the reference. A status of an older
// comparison, or against an older reference, is dropped.

export class ComparisonRun {
  /** `acts`: begin(status) for another comparison, show(status) for every change of it. */
  constructor(link, acts) {
    this.link = link;
    this.acts = acts;
    this.status = null;
    this.reference = 0;
    this.turn = 0;
  }

  get running() {
    return Boolean(this.status) && ["waiting", "running"].includes(this.status.state);
  }

  get path() {
    return `/comparisons/${this.status.comparison}`;
  }

  async start(request) {
    const status = await this.link.json("/comparisons", { method: "POST", body: request });
    this.reference = 0;
    await this.follow(status);
  }

  /** Show a comparison until it has ended or another one is shown. */
  async follow(status) {
    const turn = ++this.turn;
    this.status = status;
    this.acts.begin(status);
    this.receive(status);
    while (turn === this.turn && this.running) {
      let next = await this.link.events.after(this.status, this.path);
      // Events have the figures against the first cell.
      if (turn === this.turn && next.reference !== this.reference) next = await this.link.json(`${this.path}?reference=${this.reference}`);
      if (turn === this.turn) this.receive(next);
    }
  }

  receive(status) {
    if (status.reference !== this.reference) return; // another one was chosen while this was on its way
    this.status = status;
    this.acts.show(status);
  }

  async cancel() {
    if (this.running) await this.link.json(`${this.path}/cancel`, { method: "POST" });
  }

  /** Compare every cell with this one. */
  async setReference(number) {
    this.reference = number;
    const { comparison } = this.status;
    const status = await this.link.json(`${this.path}?reference=${number}`);
    if (this.status.comparison === comparison) this.receive(status);
  }
}
