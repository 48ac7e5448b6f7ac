// What the curator decides about the chosen samples. One act after the other, so that undo takes them back in the order in
// which they were done.

export class Curation {
  /**
   * `acts`: reviewer() is a name, next() goes on to the next sample or does nothing, renew() fetches what has changed,
   * trying(work) does work and says its problem.
   */
  constructor(samples, selection, acts) {
    this.samples = samples;
    this.selection = selection;
    this.acts = acts;
    this.saving = Promise.resolve();
  }

  /** Decide about all that are chosen; of a single one, go on to the next. */
  decide(verdict) {
    const { numbers } = this.selection;
    if (!numbers.length) return;
    for (const number of numbers) {
      const sample = this.samples.details.get(number);
      if (sample) Object.assign(sample, { verdict, ...(verdict ? {} : { reason: "" }) });
    }
    if (numbers.length === 1 && verdict) this.acts.next();
    this.samples.notify();
    this.post("decide", { numbers, verdict });
  }

  reason(text) {
    this.post("decide", { numbers: this.selection.numbers, reason: text });
  }

  tag(name, on) {
    this.post("tag", { numbers: this.selection.numbers, tag: name, on });
  }

  undo() {
    if (this.samples.name) this.send(() => this.samples.post("undo", {}));
  }

  post(what, body) {
    if (!body.numbers.length) return;
    const reviewer = this.acts.reviewer();
    this.send(() => this.samples.post(what, { ...body, reviewer }));
  }

  send(work) {
    const renew = async () => {
      this.samples.forget();
      await this.acts.renew();
      this.samples.notify();
    };
    const { trying } = this.acts;
    this.saving = this.saving.then(() => trying(work)).then(() => trying(renew));
  }
}
