import assert from "node:assert/strict";
import { test } from "node:test";

import { Curation } from "../../echo_studio/web/static/dataset/curation.js";
import { Samples } from "../../echo_studio/web/static/dataset/samples.js";
import { Selection } from "../../echo_studio/web/static/dataset/selection.js";

const numbers = (...values) => Uint32Array.from(values);
const settled = () => new Promise((done) => setTimeout(done, 5));

/** A server that keeps what was posted; `answer(what, body)` gives the reply, or a promise of it. */
function server(answer) {
  const posts = [];
  const request = async (path, { body, signal }) => {
    const what = path.split("/").at(-1);
    const post = { what, path, body: JSON.parse(body) };
    posts.push(post);
    const reply = await answer(what, post.body, posts.length);
    if (signal?.aborted) throw new Error("aborted");
    return new Response(reply);
  };
  return { posts, link: { request } };
}

/** The reply with a picture of one byte for each sample. */
function thumbnails(wanted) {
  const packed = new DataView(new ArrayBuffer(9 * wanted.length));
  wanted.forEach((number, k) => {
    packed.setUint32(9 * k, number, true);
    packed.setUint32(9 * k + 4, 1, true);
    packed.setUint8(9 * k + 8, number % 256);
  });
  return packed.buffer;
}

const usual = (what, body) => (what === "samples" ? JSON.stringify(body.numbers.map((number) => ({ number, id: `s${number}`, verdict: "" }))) : thumbnails(body.numbers));

function opened(answer = usual) {
  const { posts, link } = server(answer);
  const samples = new Samples(link);
  samples.open("desk");
  return { samples, posts, of: (what) => posts.filter((post) => post.what === what).map(({ body }) => body.numbers) };
}

function gallery(...shown) {
  const samples = { numbers: numbers(...shown) };
  const selection = new Selection(samples);
  return { samples, selection, chosen: () => selection.numbers.toSorted((a, b) => a - b) };
}

test("choosing takes one sample alone, and keeps within the gallery", () => {
  const { selection, chosen } = gallery(10, 20, 30);
  selection.choose(1);
  assert.deepEqual([chosen(), selection.number], [[20], 20]);
  selection.choose(Infinity);
  assert.deepEqual([chosen(), selection.focus], [[30], 2]);
  selection.choose(-Infinity);
  assert.deepEqual(chosen(), [10]);
});

test("with Shift all from the anchor on are chosen, to either side", () => {
  const { selection, chosen } = gallery(10, 20, 30, 40, 50);
  selection.choose(2);
  selection.choose(4, { extend: true });
  assert.deepEqual(chosen(), [30, 40, 50]);
  selection.choose(0, { extend: true });
  assert.deepEqual(chosen(), [10, 20, 30], "the anchor stays");
});

test("with Control samples are added and taken away, also out of a range", () => {
  const { selection, chosen } = gallery(10, 20, 30, 40, 50);
  selection.choose(1);
  selection.choose(4, { extend: true });
  selection.choose(2, { add: true });
  assert.deepEqual(chosen(), [20, 40, 50]);
  selection.choose(0, { add: true });
  selection.choose(1, { add: true, extend: true });
  assert.deepEqual(chosen(), [10, 20, 40, 50]);
});

test("all and none are chosen at once, and listeners hear of it", () => {
  const { selection, chosen } = gallery(3, 1, 2);
  let heard = 0;
  selection.listeners.add(() => heard++);
  selection.all();
  assert.deepEqual(chosen(), [1, 2, 3]);
  selection.none();
  assert.deepEqual(chosen(), []);
  assert.equal(heard, 2);
});

test("nothing is chosen in an empty gallery", () => {
  const { selection } = gallery();
  selection.choose(0);
  assert.deepEqual([selection.numbers, selection.number], [[], undefined]);
  selection.follow(undefined);
  assert.equal(selection.focus, 0);
});

test("in another order the focus stays on its sample, and what is not shown is not chosen", () => {
  const { samples, selection, chosen } = gallery(10, 20, 30, 40);
  selection.choose(1);
  selection.choose(2, { extend: true });
  samples.numbers = numbers(40, 30, 10);
  selection.follow(30);
  assert.deepEqual([selection.focus, selection.number, chosen()], [1, 30, [30]]);
  samples.numbers = numbers(40);
  selection.follow(30);
  assert.deepEqual([selection.focus, selection.number, chosen()], [0, 40, []]);
});

test("the focus stays where the person went while another order was fetched", async () => {
  let answer;
  const { samples } = opened(() => new Promise((resolve) => (answer = resolve)));
  samples.numbers = numbers(1, 2, 3, 4);
  const selection = new Selection(samples);
  selection.choose(0);
  const found = selection.find({ sort: "defect" });
  await settled();
  selection.choose(2);
  answer(numbers(4, 3, 2, 1));
  assert.equal(await found, true);
  assert.deepEqual([selection.number, selection.numbers, selection.focus], [3, [3], 1]);
});

test("a filter that another one overtakes changes nothing", async () => {
  const answers = [];
  const { samples, posts } = opened(() => new Promise((resolve) => answers.push(resolve)));
  const selection = new Selection(samples);
  const first = selection.find({ text: "v" });
  const second = selection.find({ text: "va" });
  await settled();
  answers[1](numbers(7));
  assert.equal(await second, true);
  answers[0](numbers(1, 2, 3));
  assert.equal(await first, false);
  assert.deepEqual([...samples.numbers], [7]);
  assert.deepEqual(posts.map(({ body }) => body.text), ["v", "va"]);
});

test("a filter that the server refuses says why", async () => {
  const { samples } = opened(() => {
    throw new Error("Expected another range.");
  });
  await assert.rejects(samples.find({}), /another range/);
});

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
