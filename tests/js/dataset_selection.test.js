import assert from "node:assert/strict";
import { test } from "node:test";

import { Selection } from "../../echo_studio/web/static/dataset/selection.js";
import { numbers, opened, settled } from "./dataset_server.js";

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
