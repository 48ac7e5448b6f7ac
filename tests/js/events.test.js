import assert from "node:assert/strict";
import { test } from "node:test";

import { EventParser } from "../../echo_studio/web/static/common/event_parser.js";
import { JobEvents } from "../../echo_studio/web/static/common/events.js";

const TIMES = { patience: 60, silence: 400, linger: 30, pause: 5 };
const rest = (ms) => new Promise((done) => setTimeout(done, ms));
const hello = (jobs, { run = "a", last = 9 } = {}) => `event: hello\ndata: ${JSON.stringify({ run, last, jobs })}\n\n`;
const job = (number, stamp, more = {}, run = "a") => `id: ${run}.${number}.${stamp}\nevent: job\ndata: ${JSON.stringify({ number, stamp, ...more })}\n\n`;

/** In place of ServerLink: each request takes the next of `answers`, which gets a way to write and the request. */
class FakeLink {
  constructor(...answers) {
    this.answers = answers;
    this.requests = []; // [path, Last-Event-ID]
    this.problems = [];
    this.open = 0;
    this.mostOpen = 0;
  }

  onProblem(words) {
    this.problems.push(words);
  }

  async request(path, { headers, signal }) {
    this.requests.push([path, headers["Last-Event-ID"]]);
    const answer = this.answers.shift() || (async () => {});
    if (answer instanceof Error) throw answer;
    this.open += 1;
    this.mostOpen = Math.max(this.mostOpen, this.open);
    const end = () => (this.open -= 1);
    const body = new ReadableStream({
      start: (stream) => {
        const bytes = new TextEncoder();
        let over = false;
        const write = (text) => over || stream.enqueue(bytes.encode(text));
        signal.addEventListener("abort", () => {
          if (over) return;
          over = true;
          end();
          stream.error(new Error("aborted"));
        });
        answer(write, signal).then(() => {
          if (over) return;
          over = true;
          end();
          stream.close();
        }, (problem) => {
          over = true;
          end();
          stream.error(problem);
        });
      },
    });
    return { body };
  }

  async json(path) {
    return { asked: path };
  }
}

const until = (signal) => new Promise((done) => signal.addEventListener("abort", done));
const streams = (work) => work(true);
const polls = (work) => work(false);

test("events are found however the stream is cut, and comments and events without data are none", () => {
  const text = ": hi\n\nid: a.1.2\nevent: job\ndata: {\"words\":\n data: x\ndata: \"größer\"}\n\nevent: empty\n\ndata:bare\r\n\r\ndata: rest";
  const whole = new EventParser().push(text);
  assert.deepEqual(whole.map(({ type, id }) => [type, id]), [["job", "a.1.2"], ["message", ""]]);
  assert.equal(whole[1].data, "bare");
  assert.equal(whole[0].data, "{\"words\":\n\"größer\"}");
  for (let size = 1; size < 9; size++) {
    const parser = new EventParser();
    const found = [];
    for (let at = 0; at < text.length; at += size) found.push(...parser.push(text.slice(at, at + size)));
    assert.deepEqual(found, whole, `pieces of ${size}`);
  }
});

test("each newer state is given once, in order, and what is older is dropped", async () => {
  const link = new FakeLink(async (write, signal) => {
    write(hello([3]) + job(3, 1) + job(3, 4) + job(3, 2) + job(4, 9));
    await rest(5);
    write(job(3, 5, { state: "done" }));
    await until(signal);
  });
  const events = new JobEvents(link, TIMES, streams);
  assert.equal((await events.next([[3, 1]])).stamp, 4);
  assert.deepEqual(await events.next([[3, 4], [7, 0]]), null, "7 is not reported");
  const end = await events.after({ number: 3, stamp: 4 }, "/jobs/3");
  assert.equal(end.state, "done");
  assert.equal(link.requests.length, 1);
});

test("the stream is open only while a job is followed, and a short pause between two jobs does not close it", async () => {
  const link = new FakeLink(async (write, signal) => {
    write(hello([1]) + job(1, 1));
    await rest(10);
    write(job(10, 1));
    await until(signal);
  });
  const events = new JobEvents(link, TIMES, streams);
  assert.equal(link.requests.length, 0);
  await events.next([[1, 0]]);
  await events.next([[10, 0]]);
  assert.deepEqual([link.requests.length, link.open], [1, 1]);
  await rest(3 * TIMES.linger);
  assert.equal(link.open, 0);
  assert.equal(link.requests.length, 1);
});

test("a broken connection is opened again after growing pauses and goes on where it stopped", async () => {
  const gone = new Error("The studio does not answer.");
  const link = new FakeLink(
    async (write) => {
      write(hello([1, 2]) + job(1, 6) + job(2, 1));
      await rest(10);
      throw new Error("broken");
    },
    gone, gone, gone,
    async (write, signal) => {
      write(hello([1, 2]) + job(1, 7));
      await until(signal);
    },
  );
  const events = new JobEvents(link, TIMES, streams);
  const began = performance.now();
  assert.equal((await events.next([[1, 0]])).stamp, 6);
  assert.equal((await events.next([[1, 6]])).stamp, 7);
  assert.ok(performance.now() - began > 10 + TIMES.pause * (1 + 2 + 4) - 2);
  assert.deepEqual(link.requests[4], ["/events", "a.1.6,a.2.1"]);
  assert.deepEqual(link.problems, ["The studio does not answer."], "the person is told once");
});

test("after a while without an answer those who wait hear why, and what the server refuses they hear at once", async () => {
  const gone = new Error("The studio does not answer.");
  const lost = new FakeLink(...new Array(20).fill(gone));
  await assert.rejects(new JobEvents(lost, { ...TIMES, pause: 1 }, streams).next([[1, 0]]), /does not answer/);
  assert.equal(lost.requests.length, 9);
  const refused = new FakeLink(Object.assign(new Error("You are not logged in."), { status: 401 }));
  const events = new JobEvents(refused, TIMES, streams);
  await assert.rejects(events.next([[1, 0]]), /logged in/);
  await rest(20);
  assert.equal(refused.requests.length, 1);
  refused.answers.push(async (write, signal) => {
    write(hello([1]) + job(1, 1));
    await until(signal);
  });
  assert.equal((await events.next([[1, 0]])).stamp, 1, "the next one asks anew");
});

test("a job that the server does not report is asked for, also after a restart with jobs of the same numbers", async () => {
  const link = new FakeLink(
    async (write) => write(hello([2], { last: 2 }) + job(2, 5)),
    async (write, signal) => {
      write(hello([2], { run: "b", last: 2 }) + job(2, 1, {}, "b"));
      await until(signal);
    },
  );
  const events = new JobEvents(link, TIMES, streams);
  assert.deepEqual(await events.after({ number: 1, stamp: 3 }, "/jobs/1"), { asked: "/jobs/1" });
  assert.deepEqual(await events.after({ number: 2, stamp: 5 }, "/jobs/2"), { asked: "/jobs/2" }, "the server was started again");
  assert.equal((await events.next([[2, 0]])).stamp, 1, "and this is its own job");
});

test("what was known of another run of the server is no answer once the stream was closed in between", async () => {
  const link = new FakeLink(
    async (write, signal) => {
      write(hello([1], { last: 1 }) + job(1, 30, { state: "done" }));
      await until(signal);
    },
    async (write, signal) => {
      write(hello([1], { run: "b", last: 1 }) + job(1, 2, { state: "running" }, "b"));
      await until(signal);
    },
  );
  const events = new JobEvents(link, TIMES, streams);
  assert.equal((await events.next([[1, 0]])).state, "done");
  await rest(3 * TIMES.linger);
  assert.equal((await events.next([[1, 0]])).state, "running");
});

test("an end that came while nobody waited is known when the stream is opened again", async () => {
  const link = new FakeLink(
    async (write, signal) => {
      write(hello([1]) + job(1, 1) + job(1, 2, { state: "done" }));
      await until(signal);
    },
    async (write, signal) => {
      write(hello([1])); // the server knows that the page has the end
      await until(signal);
    },
  );
  const events = new JobEvents(link, TIMES, streams);
  await events.next([[1, 0]]);
  await rest(3 * TIMES.linger);
  assert.equal((await events.next([[1, 1]])).state, "done");
  assert.equal(link.requests[1][1], "a.1.2");
});

test("where a proxy holds the stream back the page asks again and again, and no more connections are open than one", async () => {
  const answered = async (write, stamp) => {
    await rest(5);
    write(hello([1]) + job(1, stamp));
  };
  const link = new FakeLink(async (_write, signal) => until(signal), (write) => answered(write, 2), (write) => answered(write, 3));
  const events = new JobEvents(link, TIMES, streams);
  assert.equal((await events.next([[1, 1]])).stamp, 2);
  assert.equal((await events.next([[1, 2]])).stamp, 3);
  assert.deepEqual(link.requests, [["/events", ""], ["/events?once=true", ""], ["/events?once=true", "a.1.2"]]);
  assert.equal(link.mostOpen, 1);
});

test("a page that may hold no stream, because another one does, asks again and again", async () => {
  const link = new FakeLink(async (write) => write(hello([1]) + job(1, 2)), async (write) => write(hello([1])), async (write) => write(hello([1]) + job(1, 3)));
  const events = new JobEvents(link, TIMES, polls);
  assert.equal((await events.next([[1, 1]])).stamp, 2);
  assert.equal((await events.next([[1, 2]])).stamp, 3);
  assert.ok(link.requests.every(([path]) => path === "/events?once=true"));
  assert.equal(link.requests.length, 3);
});

test("a stream that falls silent is opened again", async () => {
  const link = new FakeLink(
    async (write, signal) => {
      write(hello([1]));
      await until(signal);
    },
    async (write, signal) => {
      write(hello([1]) + job(1, 1));
      await until(signal);
    },
  );
  const events = new JobEvents(link, { ...TIMES, silence: 40 }, streams);
  assert.equal((await events.next([[1, 0]])).stamp, 1);
  assert.equal(link.requests.length, 2);
  assert.ok(link.requests.every(([path]) => path === "/events"));
});
