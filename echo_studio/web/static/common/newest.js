// Requests that come faster than they can be answered: one is under way at a time, and of those that wait only the newest is
// kept.

export class Newest {
  /** `send(request)` promises an answer for `show(answer, request)`; what it throws goes to `fail(problem, request)`. */
  constructor(send, show, fail, pauseMs = 0) {
    this.send = send;
    this.show = show;
    this.fail = fail;
    this.pauseMs = pauseMs;
    this.waiting = null; // [request]
    this.running = false;
    this.turn = 0;
  }

  request(request) {
    this.waiting = [request];
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
      const [request] = this.waiting;
      this.waiting = null;
      const { turn } = this;
      const began = performance.now();
      const [kind, answer] = await this.send(request).then((value) => ["show", value], (problem) => ["fail", problem]);
      // A failure is not worth showing where something newer is tried next.
      if (turn === this.turn && (kind === "show" || !this.waiting)) this[kind](answer, request);
      const rest = this.pauseMs - (performance.now() - began);
      if (rest > 0) await new Promise((done) => setTimeout(done, rest));
    }
    this.running = false;
  }
}
