import assert from "node:assert/strict";
import { test } from "node:test";

import { ComparisonRun } from "../../echo_studio/web/static/compare/run.js";

const settled = () => new Promise((done) => setTimeout(done, 5));
const status = (comparison, state, more = {}) => ({ comparison, state, stamp: `s${comparison}${state}`, reference: 0, ...more });

/** A comparison whose server answers with the replies of a path, one after the other. */
function comparing(replies) {
  const sent = [];
  const shown = [];
  /** @type {any} */
  const link = {
    json: async (path, options) => {
      sent.push(path);
      const key = options?.method === "POST" ? `POST ${path}` : path.split("?")[0];
      const reply = await (replies[key] || []).shift();
      if (reply instanceof Error) throw reply;
      return reply;
    },
  };
  link.events = { after: ({ stamp }, path) => link.json(`${path}?after=${stamp}`) };
  const run = new ComparisonRun(link, {
    begin: ({ comparison }) => shown.push(`begin ${comparison}`),
    show: ({ comparison, state, reference }) => shown.push(`${comparison} ${state} ${reference}`),
  });
  return { run, sent, shown };
}

test("a comparison is followed until it has ended, each time from what was seen", async () => {
  const { run, sent, shown } = comparing({ "POST /comparisons": [status(1, "waiting")], "/comparisons/1": [status(1, "running"), status(1, "done")] });
  await run.start({});
  assert.deepEqual(shown, ["begin 1", "1 waiting 0", "1 running 0", "1 done 0"]);
  assert.deepEqual(sent.slice(1), ["/comparisons/1?after=s1waiting", "/comparisons/1?after=s1running"]);
  assert.equal(run.running, false);
});

test("a newer comparison replaces the older one, whose late answers are dropped", async () => {
  let answer;
  const { run, shown } = comparing({
    "POST /comparisons": [status(1, "running"), status(2, "done")],
    "/comparisons/1": [new Promise((resolve) => (answer = resolve))],
  });
  const first = run.start({});
  await settled();
  await run.start({});
  answer(status(1, "done"));
  await first;
  assert.deepEqual(shown, ["begin 1", "1 running 0", "begin 2", "2 done 0"]);
});

test("a comparison that is refused leaves the older one as it is", async () => {
  const { run, shown } = comparing({ "POST /comparisons": [status(1, "done"), new Error("Expected other values.")] });
  await run.start({});
  await assert.rejects(run.start({}), /other values/);
  assert.equal(run.status.comparison, 1);
  assert.deepEqual(shown, ["begin 1", "1 done 0"]);
});

test("figures against another reference are fetched, and late ones against the older reference are dropped", async () => {
  let answer;
  const late = new Promise((resolve) => (answer = resolve));
  const { run, shown } = comparing({
    "POST /comparisons": [status(1, "running")],
    "/comparisons/1": [late, status(1, "running", { reference: 3 }), status(1, "done", { reference: 3 })],
  });
  const whole = run.start({});
  await settled();
  await run.setReference(3);
  answer(status(1, "running", { reference: 0 }));
  await whole;
  assert.deepEqual(shown, ["begin 1", "1 running 0", "1 running 3", "1 done 3"]);
});

test("another comparison starts with its first cell as the reference", async () => {
  const { run } = comparing({ "POST /comparisons": [status(1, "done"), status(2, "done")], "/comparisons/1": [status(1, "done", { reference: 2 })] });
  await run.start({});
  await run.setReference(2);
  await run.start({});
  assert.equal(run.reference, 0);
  assert.equal(run.status.comparison, 2);
});

test("only what runs is cancelled, and it is followed to its end", async () => {
  let answer;
  const { run, sent, shown } = comparing({
    "POST /comparisons": [status(1, "running")],
    "/comparisons/1": [new Promise((resolve) => (answer = resolve))],
    "POST /comparisons/1/cancel": [{}],
  });
  await run.cancel();
  assert.deepEqual(sent, []);
  const whole = run.start({});
  await settled();
  await run.cancel();
  answer(status(1, "cancelled"));
  await whole;
  assert.equal(sent.at(-1), "/comparisons/1/cancel");
  assert.deepEqual(shown.at(-1), "1 cancelled 0");
});
