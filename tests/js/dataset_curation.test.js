import assert from "node:assert/strict";
import { test } from "node:test";

import { Curation } from "../../echo_studio/web/static/dataset/curation.js";
import { Selection } from "../../echo_studio/web/static/dataset/selection.js";
import { numbers, opened, settled, usual } from "./dataset_server.js";

/** A gallery of five samples with a curator; `log` has what was done, in order. */
async function curated() {
  const log = [];
  const { samples, posts } = opened((what, body) => {
    if (["samples", "thumbnails"].includes(what)) return usual(what, body);
    log.push(what);
    return "{}";
  });
  samples.numbers = numbers(1, 2, 3, 4, 5);
  const selection = new Selection(samples);
  samples.fetchMissing([1, 2, 3, 4, 5]);
  await settled();
  const problems = [];
  const curation = new Curation(samples, selection, {
    reviewer: () => "Ada",
    next: () => selection.choose(selection.focus + 1),
    renew: async () => log.push("renewed"),
    trying: (work) => work().catch((problem) => problems.push(problem.message)),
  });
  selection.choose(0);
  return { samples, selection, curation, log, problems, sent: () => posts.filter(({ what }) => !["samples", "thumbnails"].includes(what)) };
}

test("a decision about one sample shows at once, goes on to the next, and is sent with the reviewer", async () => {
  const { samples, selection, curation, sent } = await curated();
  curation.decide("keep");
  curation.decide("keep");
  curation.decide("reject");
  assert.deepEqual([1, 2, 3, 4].map((number) => samples.details.get(number).verdict), ["keep", "keep", "reject", ""]);
  assert.deepEqual(selection.numbers, [4]);
  await curation.saving;
  assert.deepEqual(sent().map(({ what, body }) => [what, body]), [
    ["decide", { numbers: [1], verdict: "keep", reviewer: "Ada" }],
    ["decide", { numbers: [2], verdict: "keep", reviewer: "Ada" }],
    ["decide", { numbers: [3], verdict: "reject", reviewer: "Ada" }],
  ]);
});

test("a decision about many stays on them, and is one request", async () => {
  const { selection, curation, sent } = await curated();
  selection.choose(2, { extend: true });
  curation.decide("reject");
  await curation.saving;
  assert.deepEqual(selection.numbers, [1, 2, 3]);
  assert.deepEqual(sent().map(({ body }) => body.numbers), [[1, 2, 3]]);
});

test("taking a decision back to undecided forgets its reason and stays on the sample", async () => {
  const { samples, selection, curation } = await curated();
  Object.assign(samples.details.get(1), { verdict: "reject", reason: "no valve" });
  curation.decide("");
  assert.deepEqual(selection.numbers, [1]);
  const { verdict, reason } = samples.details.get(1);
  assert.deepEqual([verdict, reason], ["", ""]);
});

test("acts are sent one after the other, each followed by what has changed", async () => {
  const { curation, log } = await curated();
  curation.decide("keep");
  curation.reason("sharp");
  curation.tag("teaching", true);
  curation.undo();
  await curation.saving;
  assert.deepEqual(log, ["decide", "renewed", "decide", "renewed", "tag", "renewed", "undo", "renewed"]);
});

test("reasons and tags are sent for all that are chosen, and nothing where none is", async () => {
  const { selection, curation, sent } = await curated();
  selection.choose(1, { extend: true });
  curation.reason("no valve");
  curation.tag("teaching", false);
  selection.none();
  curation.decide("keep");
  curation.reason("x");
  curation.tag("x", true);
  await curation.saving;
  assert.deepEqual(sent().map(({ what, body }) => [what, body]), [
    ["decide", { numbers: [1, 2], reason: "no valve", reviewer: "Ada" }],
    ["tag", { numbers: [1, 2], tag: "teaching", on: false, reviewer: "Ada" }],
  ]);
});

test("without a set there is nothing to take back", async () => {
  const { samples, curation, sent } = await curated();
  samples.open("");
  curation.undo();
  await curation.saving;
  assert.deepEqual(sent(), []);
});
