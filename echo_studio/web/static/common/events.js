// The event stream of a page: the newest states of its jobs, of every kind. It is open only while somebody follows a job.

import { EventParser } from "./event_parser.js";

const LONGEST_PAUSE_MS = 8000;
const LOCK = "echo-studio-events";
// patience: a stream of which nothing has arrived by then is held back by a proxy, and the page polls from there on.
// silence: a stream that was silent for so long is dead, because the server sends a heartbeat more often.
// linger: the stream stays open for so long when nobody follows a job any more.
// pause: after a connection that failed; each further one doubles it.
const TIMES = { patience: 3000, silence: 30000, linger: 1000, pause: 250 };
const TRIES = 9; // connections that fail before those who wait are told, after about half a minute
const SAID_AFTER = 3; // and before the person is told

const pause = (ms) => new Promise((done) => setTimeout(done, ms));

export class JobEvents {
  /**
   * @param {any} link
   * @param {Partial<typeof TIMES>} [times] handed in by tests
   * @param {(work: (streams: boolean) => Promise<void>) => Promise<void>} [permit] says whether this page may hold a stream
   */
  constructor(link, times = {}, permit = onePageStreams) {
    this.link = link;
    this.times = { ...TIMES, ...times };
    this.permit = permit;
    this.waiters = new Set(); // {seen, resolve, reject}
    this.states = new Map(); // the newest state by the number of a job
    this.ids = new Map(); // of their events
    this.server = ""; // the run of the server: another one has other jobs of the same numbers
    this.last = 0; // the newest job when the connection began
    this.listed = new Set(); // and those that the server sent or has sent before
    this.rested = true;
    this.running = false;
    this.buffered = false;
    this.failures = 0;
    this.control = new AbortController();
    this.timer = 0;
  }

  /** The state of a job that comes after `state`. `path` is where to ask for a job that the server does not report any more. */
  async after(state, path) {
    return (await this.next([[state.number, state.stamp]])) || this.link.json(path);
  }

  /** The first newer state of one of the jobs [[number, stamp]], or null where the server does not report one of them any more. */
  async next(jobs) {
    const seen = new Map(jobs);
    const known = this.rested ? undefined : this.find(seen);
    if (known !== undefined) return known;
    clearTimeout(this.timer);
    return new Promise((resolve, reject) => {
      this.waiters.add({ seen, resolve, reject });
      if (!this.running) this.run();
    });
  }

  /** A newer state that is known, null where the server does not report one of the jobs, or undefined. */
  find(seen) {
    const newer = [...seen].find(([number, stamp]) => this.states.get(number)?.stamp > stamp);
    if (newer) return this.states.get(newer[0]);
    const lost = [...seen.keys()].some((number) => number <= this.last && !this.listed.has(number));
    return lost ? null : undefined;
  }

  async run() {
    this.running = true;
    while (this.waiters.size) {
      this.failures += 1; // until something arrives
      this.control = new AbortController();
      try {
        await this.permit((streams) => (streams && !this.buffered ? this.stream() : this.connect("?once=true", this.times.silence, () => {})));
      } catch (problem) {
        if (this.control.signal.aborted) this.failures = 0;
        else if ((problem.status && problem.status < 500) || this.failures >= TRIES) this.fail(problem);
        else if (this.failures === SAID_AFTER) this.link.onProblem(problem.message);
      }
      if (this.failures && this.waiters.size) await pause(Math.min(LONGEST_PAUSE_MS, this.times.pause * 2 ** (this.failures - 1)));
    }
    this.failures = 0;
    this.running = false;
  }

  async stream() {
    await this.connect("", this.times.patience, () => {
      this.buffered = true;
    });
    await pause(this.times.pause); // the server has ended it: it may be about to stop
  }

  /** Take events in until the answer ends; give up where nothing arrives for `patience` at first, or later in a long time. */
  async connect(query, patience, onSilent) {
    const { control } = this;
    let timer = setTimeout(() => {
      onSilent();
      control.abort();
    }, patience);
    try {
      const headers = { "Last-Event-ID": [...this.ids.values()].join(",") };
      const reply = await this.link.request(`/events${query}`, { headers, signal: control.signal });
      const reader = reply.body.getReader();
      const decoder = new TextDecoder();
      const parser = new EventParser();
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return;
        clearTimeout(timer);
        timer = setTimeout(() => control.abort(), this.times.silence);
        for (const event of parser.push(decoder.decode(value, { stream: true }))) this.take(event);
      }
    } finally {
      clearTimeout(timer);
    }
  }

  take({ type, id, data }) {
    this.failures = 0;
    if (type === "hello") this.greet(JSON.parse(data));
    else if (type === "job") this.put(JSON.parse(data), id);
  }

  /** What the server says first: its run, its newest job, and the jobs that it reports. */
  greet({ run, last, jobs }) {
    const restarted = run !== this.server && !this.rested;
    this.listed = new Set(jobs);
    for (const number of this.ids.keys()) if (run !== this.server || !this.listed.has(number)) this.drop(number);
    this.server = run;
    this.last = last;
    this.rested = false;
    for (const waiter of this.waiters) {
      const known = restarted ? null : this.find(waiter.seen);
      if (known !== undefined) this.answer(waiter, known);
    }
  }

  drop(number) {
    this.ids.delete(number);
    this.states.delete(number);
  }

  put(state, id) {
    const { number, stamp } = state;
    const known = this.states.get(number);
    if (known && known.stamp >= stamp) return;
    this.states.set(number, state);
    this.ids.set(number, id);
    for (const waiter of this.waiters) if (stamp > waiter.seen.get(number)) this.answer(waiter, state);
  }

  answer(waiter, state) {
    this.waiters.delete(waiter);
    waiter.resolve(state);
    if (!this.waiters.size) this.timer = setTimeout(() => this.rest(), this.times.linger);
  }

  fail(problem) {
    for (const { reject } of this.waiters) reject(problem);
    this.waiters.clear();
    this.rest();
  }

  /** Nobody follows a job: close the stream. What is known of the jobs holds again if the next one is of the same server. */
  rest() {
    this.control.abort();
    this.rested = true;
  }
}

/**
 * Run `work(true)` in one page of this browser at a time, and `work(false)` in the others, which poll. A browser has six
 * connections to a host, and Gradio holds one for each page: streams of several pages would leave none for requests.
 */
async function onePageStreams(work) {
  if (!navigator.locks) await work(false); // the studio is reached over plain HTTP
  else await navigator.locks.request(LOCK, { ifAvailable: true }, (lock) => work(lock !== null));
}
