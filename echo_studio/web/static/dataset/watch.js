// Follows what is done to the set that is shown: its tasks as the server reports them, and now and then the set with them.

const READ_MS = 1000; // the set is read again so often at most, and whenever a task ends

export class Watch {
  /** `acts`: read(), which shows the set and its tasks; list(), which reads the list of sets; say(words). */
  constructor(events, samples, tasks, acts) {
    this.events = events;
    this.samples = samples;
    this.tasks = tasks;
    this.acts = acts;
    this.name = ""; // the set that is followed
  }

  /** Go on until nothing is done to the set any more, or another one is shown. */
  async begin() {
    const { name } = this.samples;
    if (this.name === name) return;
    this.name = name;
    try {
      for (;;) {
        await this.acts.read();
        if (!this.tasks.running || this.samples.name !== name) break;
        await this.follow(performance.now() + READ_MS);
      }
    } catch (problem) {
      if (this.samples.name === name) this.acts.say(problem.message);
    } finally {
      if (this.name === name) this.name = "";
    }
    await this.acts.list().catch((problem) => this.acts.say(problem.message));
  }

  /** Show what the server reports until a task ends, or something is reported after `due`. */
  async follow(due) {
    const { name } = this.samples;
    const alive = this.tasks.seen.length;
    for (;;) {
      const task = await this.events.next(this.tasks.seen);
      if (!task || this.samples.name !== name) return;
      this.tasks.update(task);
      if (this.tasks.seen.length < alive || performance.now() >= due) return;
    }
  }
}
