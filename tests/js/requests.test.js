import assert from "node:assert/strict";
import { test } from "node:test";

import { Proposal } from "../../echo_studio/web/static/canvas/panels/proposal.js";
import { Newest } from "../../echo_studio/web/static/common/newest.js";
import { deferred, editorOn, plain, rowsOf, settled } from "./stand_ins.js";

/** A Newest whose answers the test gives: `sent` are [request, {resolve, reject}], `shown` what was shown or failed. */
function requests(pauseMs = 0) {
  const [sent, shown] = [[], []];
  const newest = new Newest(
    (request) => {
      const answer = deferred();
      sent.push([request, answer]);
      return answer.promise;
    },
    (answer, request) => shown.push([request, answer]),
    (problem, request) => shown.push([request, problem.message]),
    pauseMs,
  );
  const answer = (k, value) => {
    sent[k][1].resolve(value);
    return settled();
  };
  const fail = (k, words) => {
    sent[k][1].reject(new Error(words));
    return settled();
  };
  return { newest, sent, shown, answer, fail };
}

test("one request is under way at a time, and of those that wait only the newest is sent", async () => {
  const { newest, sent, shown, answer } = requests();
  for (const name of ["a", "b", "c", "d"]) newest.request(name);
  assert.deepEqual(sent.map(([request]) => request), ["a"]);
  await answer(0, 1);
  assert.deepEqual(sent.map(([request]) => request), ["a", "d"]);
  await answer(1, 2);
  assert.deepEqual(shown, [["a", 1], ["d", 2]]);
  assert.ok(!newest.running);
  newest.request("e");
  assert.equal(sent.length, 3, "and it goes on");
});

test("what was dropped is not shown, neither what waits nor what is under way", async () => {
  const { newest, sent, shown, answer, fail } = requests();
  newest.request("a");
  newest.request("b");
  newest.drop();
  await answer(0, 1);
  assert.deepEqual([sent.length, shown], [1, []]);
  newest.request("c");
  newest.drop();
  await fail(1, "No.");
  assert.deepEqual(shown, []);
  newest.request("d");
  newest.drop();
  newest.request("e");
  await answer(2, 1);
  await answer(3, 2);
  assert.deepEqual(shown, [["e", 2]]);
});

test("a failure is shown, unless something newer is tried next", async () => {
  const { newest, shown, answer, fail } = requests();
  newest.request("a");
  newest.request("b");
  await fail(0, "No.");
  assert.deepEqual(shown, []);
  await fail(1, "No again.");
  assert.deepEqual(shown, [["b", "No again."]]);
  newest.request("c");
  await answer(2, 3);
  assert.deepEqual(shown.at(-1), ["c", 3]);
});

test("between two requests there is a pause at least", async () => {
  const { newest, sent, answer } = requests(40);
  const began = performance.now();
  newest.request("a");
  newest.request("b");
  await answer(0);
  assert.equal(sent.length, 1);
  while (sent.length < 2) await settled();
  assert.ok(performance.now() - began >= 39);
  newest.drop();
});

test("requests begin four times a second at most, and as soon as a slow answer is back", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  let clock = 0;
  t.mock.method(performance, "now", () => clock);
  const { newest, sent, answer } = requests(250);
  const began = [];
  newest.request(0);
  for (const [k, duration] of [10, 200, 400, 0, 0].entries()) {
    began.push(clock);
    if (k < 4) newest.request(k + 1);
    clock += duration;
    await answer(k);
    const rest = 250 - (clock - began[k]);
    if (rest > 0) {
      t.mock.timers.tick(rest - 1);
      await settled();
      assert.equal(sent.length, k + 1, "not before the pause is over");
      clock += rest;
      t.mock.timers.tick(1);
      await settled();
    }
  }
  assert.deepEqual(began, [0, 250, 500, 900, 1150]);
  assert.ok(!newest.running);
});

/** A proposal on a plain map; `requested(key)` is a computed map that waits for its answer. */
function proposing() {
  const editor = editorOn(plain(4, 1));
  const proposal = new Proposal(editor);
  const problems = [];
  proposal.onProblem = (words) => problems.push(words);
  const page = (rows, sector = null) => ({ ids: Uint8Array.from(rows, Number), sector });
  return { editor, proposal, problems, page, map: editor.document };
}

test("a proposal is a ghost until it is applied, as one step", async () => {
  const { editor, proposal, page, map } = proposing();
  proposal.show("a", async () => page("1444"));
  await settled();
  assert.deepEqual([[...editor.ghost], map.position], [[1, 4, 4, 4], 0]);
  proposal.apply("a", () => assert.fail("it is there already"), { tool: "shape" });
  assert.deepEqual([rowsOf(map), map.undoStack[0].op, editor.ghost], [["1444"], { tool: "shape" }, null]);
});

test("what is applied before it is there becomes a step as soon as it is, unless something newer is shown first", async () => {
  const { proposal, page, map } = proposing();
  const [first, second] = [deferred(), deferred()];
  proposal.apply("a", () => first.promise, { tool: "shape" });
  proposal.show("b", () => second.promise);
  first.resolve(page("1444"));
  await settled();
  assert.equal(map.position, 0);
  proposal.apply("b", () => assert.fail("it was requested already"), { tool: "vary" });
  second.resolve(page("2444"));
  await settled();
  assert.deepEqual([rowsOf(map), map.undoStack[0].op.tool], [["2444"], "vary"]);
});

test("while a slider is dragged the ghost follows also with what is no longer the newest", async () => {
  const { editor, proposal, page } = proposing();
  const first = deferred();
  proposal.show("a", () => first.promise);
  proposal.show("b", () => new Promise(() => {}));
  first.resolve(page("1444"));
  await settled();
  assert.deepEqual([...editor.ghost], [1, 4, 4, 4]);
});

test("a settled change of the map drops the proposal and its ghost", async () => {
  const { editor, proposal, page, map } = proposing();
  const late = deferred();
  proposal.apply("a", () => late.promise, { tool: "shape" });
  map.replace(Uint8Array.from([4, 4, 4, 3]), {});
  late.resolve(page("1444"));
  await settled();
  assert.deepEqual([rowsOf(map), editor.ghost, proposal.key], [["4443"], null, null]);
});

test("a stroke that is under way is not overwritten, and what it leaves drops the proposal", async () => {
  const { proposal, page, map } = proposing();
  map.beginStroke();
  map.writeSpan(0, 3, 3, 2);
  proposal.apply("a", async () => page("1444"), { tool: "shape" });
  await settled();
  map.endStroke({ tool: "brush" });
  assert.deepEqual([rowsOf(map), map.position], [["4442"], 1]);
});

test("a proposal that changes nothing is no ghost and no step, and words say so", async () => {
  const { editor, proposal, page, map } = proposing();
  proposal.show("a", async () => page("4444"));
  await settled();
  assert.equal(editor.ghost, null);
  proposal.apply("a", null, { tool: "smooth" });
  assert.deepEqual([map.position, editor.words], [0, ["That changes nothing."]]);
});

test("a proposal that fails hides its ghost and gives its words, until one succeeds", async () => {
  const { editor, proposal, problems, page } = proposing();
  proposal.show("a", async () => page("1444"));
  await settled();
  proposal.show("b", () => Promise.reject(new Error("Too wide.")));
  await settled();
  assert.deepEqual([editor.ghost, problems.at(-1)], [null, "Too wide."]);
  proposal.show("b", async () => page("1444"));
  await settled();
  assert.deepEqual([[...editor.ghost], problems.at(-1)], [[1, 4, 4, 4], ""]);
  proposal.hide();
  assert.equal(editor.ghost, null);
});

test("another sector comes along with what is applied", async () => {
  const { proposal, page, map } = proposing();
  proposal.apply("a", async () => page("0444", Uint8Array.from([0, 1, 1, 1])), { tool: "shape" });
  await settled();
  assert.deepEqual([rowsOf(map), [...map.sector], map.position], [["0444"], [0, 1, 1, 1], 1]);
});
