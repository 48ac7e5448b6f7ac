// Work that is wished for faster than it can be done: one wish is under way at a time, and of those that wait only the newest
// is kept.

export class Newest {
  /** `ask(wish)` promises an answer for `tell(answer, wish)`; what it throws goes to `fail(problem, wish)`. */
  constructor(ask, tell, fail, pauseMs = 0) {
    this.ask = ask;
    this.tell = tell;
    this.fail = fail;
    this.pauseMs = pauseMs;
    this.waiting = null; // [wish]
    this.running = false;
    this.turn = 0;
  }

  want(wish) {
    this.waiting = [wish];
    if (!this.running) this.run();
  }

  /** Forget what waits, and the answer that is on its way. */
  drop() {
    this.waiting = null;
    this.turn += 1;
  }

  async run() {
    this.running = true;
    while (this.waiting) {
      const [wish] = this.waiting;
      this.waiting = null;
      const { turn } = this;
      const began = performance.now();
      const [kind, answer] = await this.ask(wish).then((value) => ["tell", value], (problem) => ["fail", problem]);
      // A failure is not worth telling where something newer is tried next.
      if (turn === this.turn && (kind === "tell" || !this.waiting)) this[kind](answer, wish);
      const rest = this.pauseMs - (performance.now() - began);
      if (rest > 0) await new Promise((done) => setTimeout(done, rest));
    }
    this.running = false;
  }
}
