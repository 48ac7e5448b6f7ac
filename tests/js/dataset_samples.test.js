import assert from "node:assert/strict";
import { test } from "node:test";

import { opened, settled, thumbnails, usual } from "./dataset_server.js";

test("what is seen is fetched sixty at a time, and each sample once while it is on its way", async () => {
  const { samples, of } = opened();
  const seen = Array.from({ length: 130 }, (_, k) => k);
  samples.fetchMissing(seen);
  samples.fetchMissing(seen);
  assert.deepEqual(of("samples").map((part) => part.length), [60, 60, 10]);
  assert.deepEqual(of("thumbnails").map((part) => part.length), [60, 60, 10]);
  await settled();
  samples.fetchMissing(seen);
  assert.equal(of("samples").length, 3, "everything is known now");
  assert.equal(samples.details.get(129).id, "s129");
  assert.equal(samples.pictures.size, 130);
});

test("each picture belongs to its sample", async () => {
  const { samples } = opened();
  samples.fetchMissing([5, 9]);
  await settled();
  const bytes = await (await fetch(samples.pictures.get(9))).arrayBuffer();
  assert.deepEqual([...new Uint8Array(bytes)], [9]);
});

test("only what is missing is fetched", async () => {
  const { samples, of } = opened();
  samples.fetchMissing([1, 2]);
  await settled();
  samples.fetchMissing([2, 3]);
  assert.deepEqual(of("samples"), [[1, 2], [3]]);
  assert.deepEqual(of("thumbnails"), [[1, 2], [3]]);
});

test("what failed is fetched again when it is still seen", async () => {
  let broken = true;
  const { samples, of } = opened((what, body) => {
    if (broken) throw new Error("gone");
    return usual(what, body);
  });
  samples.fetchMissing([1]);
  await settled();
  broken = false;
  samples.fetchMissing([1]);
  await settled();
  assert.equal(of("samples").length, 2);
  assert.ok(samples.details.has(1));
});

test("after a decision details are fetched anew while the old ones are shown, and late old replies are dropped", async () => {
  const answers = [];
  const { samples, of } = opened((what, body) => (what === "samples" ? new Promise((resolve) => answers.push(resolve)) : usual(what, body)));
  samples.fetchMissing([1]);
  await settled();
  samples.forget();
  samples.fetchMissing([1]);
  await settled();
  answers[0](JSON.stringify([{ number: 1, verdict: "" }]));
  await settled();
  assert.equal(samples.details.has(1), false, "it is older than the decision");
  samples.fetchMissing([1]);
  assert.equal(of("samples").length, 2, "the newer request is still on its way");
  answers[1](JSON.stringify([{ number: 1, verdict: "keep" }]));
  await settled();
  assert.equal(samples.details.get(1).verdict, "keep");
  samples.forget();
  assert.equal(samples.details.get(1).verdict, "keep", "shown until the newer one is there");
  samples.fetchMissing([1]);
  assert.equal(of("samples").length, 3);
});

test("with outlines all pictures are fetched anew, and those on their way without are dropped", async () => {
  const answers = [];
  const { samples, posts } = opened((what, body) => (what === "thumbnails" ? new Promise((resolve) => answers.push(() => resolve(thumbnails(body.numbers)))) : usual(what, body)));
  samples.fetchMissing([1]);
  await settled();
  samples.setOutlined(true);
  samples.fetchMissing([1]);
  await settled();
  answers[0]();
  await settled();
  assert.equal(samples.pictures.size, 0);
  answers[1]();
  await settled();
  assert.equal(samples.pictures.size, 1);
  assert.deepEqual(posts.filter(({ what }) => what === "thumbnails").map(({ body }) => body.outlined), [false, true]);
});

test("replies about a set that is not shown any more are dropped", async () => {
  const answers = [];
  const { samples, posts } = opened((what, body) => new Promise((resolve) => answers.push(() => resolve(usual(what, body)))));
  samples.fetchMissing([1]);
  await settled();
  samples.open("my other set");
  for (const answer of answers) answer();
  await settled();
  assert.deepEqual([samples.details.size, samples.pictures.size], [0, 0]);
  samples.fetchMissing([1]);
  assert.match(posts.at(-1).path, /^\/dataset\/sets\/my%20other%20set\//);
});

test("no more than 1,500 pictures and 6,000 details are kept, the newest ones", async () => {
  const { samples } = opened();
  for (let start = 0; start < 6600; start += 600) {
    samples.fetchMissing(Array.from({ length: 600 }, (_, k) => start + k));
    await settled();
  }
  await settled();
  assert.equal(samples.pictures.size, 1500);
  assert.ok(samples.pictures.has(6599) && !samples.pictures.has(0));
  assert.equal(samples.details.size <= 6000, true);
  assert.ok(samples.details.has(6599));
});
