import assert from "node:assert/strict";
import { test } from "node:test";

import { Generation } from "../../echo_studio/web/static/canvas/panels/generation.js";
import { GenerationSettings } from "../../echo_studio/web/static/canvas/panels/generation_settings.js";
import { LiveDraft } from "../../echo_studio/web/static/canvas/panels/live_draft.js";
import { deferred, editorOn, plain, settled } from "./stand_ins.js";

/** Jobs on a plain map; `posts` and `polls` are the requests that wait for the test's answers. */
function generating(t) {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const editor = editorOn(plain(8, 8));
  const { document: map } = editor;
  const [posts, polls, drafts] = [[], [], []];
  const waiting = (list, request) => {
    const answer = deferred();
    list.push({ ...request, ...answer });
    return answer.promise;
  };
  const link = {
    cancelled: 0,
    events: { after: ({ stamp }, path) => waiting(polls, { path: `${path}?after=${stamp}` }) },
    flush: async () => map.revision,
    json: (path, { body = null } = {}) => waiting(body ? posts : polls, { path, body }),
    request: (path, { body }) => waiting(drafts, { path, body }),
    cancel: async () => (link.cancelled += 1),
  };
  const settings = new GenerationSettings();
  const generation = new Generation(link, map, settings);
  const reports = [];
  generation.listeners.add(({ job, state }) => reports.push(`${job} ${state}`));
  const paint = (x) => {
    map.beginStroke();
    map.writeSpan(0, x, x, 1);
    map.endStroke({ tool: "brush" });
  };
  const pass = async (milliseconds) => {
    t.mock.timers.tick(milliseconds);
    await settled();
  };
  const answer = async (request, value) => {
    if (value instanceof Error) request.reject(value);
    else request.resolve(value);
    await settled();
  };
  return { editor, map, link, settings, generation, reports, posts, polls, drafts, paint, pass, answer };
}

const progress = (job, state, stamp = 1) => ({ job, state, stamp });

test("edits in quick succession start one live job, with the newest map and the settings", async (t) => {
  const { posts, paint, pass, generation } = generating(t);
  for (const x of [0, 1, 2]) {
    paint(x);
    await pass(30);
  }
  assert.deepEqual([posts.length, generation.pending], [0, true]);
  await pass(10);
  assert.equal(posts.length, 1);
  const { revision, live, drafted, view, nfe } = posts[0].body;
  assert.deepEqual([revision, live, drafted, view, nfe], [3, true, false, "4CH", 20]);
});

test("a job is followed until it is over, each time from what was seen last", async (t) => {
  const { posts, polls, paint, pass, answer, reports, generation } = generating(t);
  paint(0);
  await pass(40);
  await answer(posts[0], progress(7, "waiting", 1));
  await answer(polls[0], progress(7, "running", 5));
  await answer(polls[1], progress(7, "done", 9));
  assert.deepEqual(polls.map(({ path }) => path), ["/jobs/7?after=1", "/jobs/7?after=5"]);
  assert.deepEqual(reports, ["7 waiting", "7 running", "7 done"]);
  assert.equal(generation.pending, false);
});

test("of a job that a newer one has overtaken nothing is reported any more", async (t) => {
  const { posts, polls, paint, pass, answer, reports } = generating(t);
  paint(0);
  await pass(40);
  await answer(posts[0], progress(7, "running"));
  paint(1);
  await answer(polls[0], progress(7, "done"));
  await pass(40);
  await answer(posts[1], progress(8, "done"));
  assert.deepEqual(reports, ["7 running", "8 done"]);
  assert.equal(polls.length, 1);
});

test("a lost server is reported once, and the next edit tries again", async (t) => {
  const { posts, paint, pass, answer, reports, generation } = generating(t);
  paint(0);
  await pass(40);
  await answer(posts[0], new Error("No."));
  await pass(60000);
  assert.deepEqual([reports, posts.length, generation.pending], [["0 failed"], 1, false]);
  paint(1);
  await pass(40);
  assert.equal(posts.length, 2);
});

test("without live previews an edit starts nothing; switching them on does, switching them off takes a job back that is about to start", async (t) => {
  const { posts, settings, paint, pass, link } = generating(t);
  settings.set({ live: false });
  paint(0);
  await pass(1000);
  assert.equal(posts.length, 0);
  settings.set({ live: true });
  settings.set({ live: false });
  await pass(1000);
  assert.deepEqual([posts.length, link.cancelled], [0, 1]);
  settings.set({ live: true });
  await pass(40);
  assert.equal(posts.length, 1);
});

test("a setting that changes no frame starts no job", async (t) => {
  const { posts, settings, pass } = generating(t);
  settings.set({ intended: ["hole"] });
  await pass(1000);
  assert.equal(posts.length, 0);
  settings.set({ seed: "5" });
  await pass(40);
  assert.equal(posts.length, 1);
});

test("a job is cancelled once the server has it, one that is about to start at once", async (t) => {
  const { posts, paint, pass, answer, generation, link, reports } = generating(t);
  paint(0);
  await pass(40);
  generation.cancel();
  await settled();
  assert.equal(link.cancelled, 0);
  await answer(posts[0], progress(7, "running"));
  assert.equal(link.cancelled, 1);
  paint(1);
  generation.cancel();
  await pass(1000);
  assert.deepEqual([link.cancelled, posts.length, reports.at(-1)], [2, 1, "0 cancelled"]);
});

/** Drafts that follow the hand: `shown` are those that the result got. */
function following(t) {
  const made = generating(t);
  const shown = [];
  Object.assign(made.editor.result, { showFollowing: ({ ids }) => shown.push(ids[0]), rest: () => shown.push("rest") });
  const realBitmap = globalThis.createImageBitmap;
  globalThis.createImageBitmap = async () => "bitmap";
  t.after(() => {
    globalThis.createImageBitmap = realBitmap;
  });
  const live = new LiveDraft(made.link, made.editor, made.settings, made.generation);
  const stroke = (label) => {
    made.map.beginStroke();
    made.map.writeSpan(0, 0, 7, label);
    made.map.touched();
  };
  const drafted = (k, status = 200) => made.answer(made.drafts[k], new Response(status === 204 ? null : "x", { status }));
  return { ...made, live, shown, stroke, drafted };
}

test("while a stroke goes on the newest map is drafted as soon as the last draft is back", async (t) => {
  const { stroke, drafts, drafted, shown } = following(t);
  for (const label of [1, 2, 3]) stroke(label);
  await settled();
  assert.equal(drafts.length, 1);
  await drafted(0);
  await settled();
  assert.equal(drafts.length, 2);
  await drafted(1);
  await settled();
  assert.deepEqual(shown, [1, 3]);
  assert.equal(drafts[0].path, "/drafts?width=8&height=8&spacing=");
});

test("a draft that is back after the hand rests is not shown, and the frame comes with its own job", async (t) => {
  const { stroke, map, drafted, shown, pass, posts } = following(t);
  stroke(1);
  await settled();
  map.endStroke({ tool: "brush" });
  await drafted(0);
  await pass(40);
  assert.deepEqual([shown, posts.length], [["rest"], 1]);
});

test("a stroke that leaves the map as it was is followed by its frame too", async (t) => {
  const { stroke, map, pass, posts } = following(t);
  stroke(1);
  await settled();
  map.abandonStroke();
  await pass(40);
  assert.equal(posts.length, 1);
});

test("a proposal is followed as a stroke is", async (t) => {
  const { editor, drafts, drafted, shown, pass, posts } = following(t);
  editor.setGhost(new Uint8Array(64).fill(2));
  await settled();
  await drafted(0);
  await settled();
  assert.deepEqual(shown, [2]);
  editor.setGhost(null);
  await pass(40);
  assert.deepEqual([drafts.length, posts.length], [1, 1]);
});

test("where drafts are refused, or previews are off, nothing follows until the settings change", async (t) => {
  const { stroke, drafts, answer, settings } = following(t);
  stroke(1);
  await settled();
  await answer(drafts[0], Object.assign(new Error("One call."), { status: 422 }));
  stroke(2);
  await settled();
  assert.equal(drafts.length, 1);
  settings.set({ nfe: 9 });
  stroke(3);
  await settled();
  assert.equal(drafts.length, 2);
  settings.set({ live: false });
  await answer(drafts[1], new Error("No."));
  stroke(1);
  await settled();
  assert.equal(drafts.length, 2);
});

test("a server that was busy or away is asked for drafts again by the next stroke", async (t) => {
  const { stroke, map, drafts, answer } = following(t);
  stroke(1);
  await settled();
  await answer(drafts[0], Object.assign(new Error("Too many jobs wait."), { status: 503 }));
  stroke(2);
  await settled();
  assert.equal(drafts.length, 1, "not in the same stroke");
  map.endStroke({ tool: "brush" });
  stroke(3);
  await settled();
  assert.equal(drafts.length, 2);
});

test("a draft that was overtaken on the server shows nothing", async (t) => {
  const { stroke, drafted, shown } = following(t);
  stroke(1);
  await settled();
  await drafted(0, 204);
  await settled();
  assert.deepEqual(shown, []);
});

test("two slow drafts in a row end the following, and words say so", async (t) => {
  const { stroke, drafts, drafted, editor } = following(t);
  let now = 0;
  t.mock.method(performance, "now", () => now);
  for (const k of [0, 1]) {
    stroke(1 + k);
    await settled();
    now += 2000;
    await drafted(k);
    await settled();
  }
  stroke(3);
  await settled();
  assert.equal(drafts.length, 2);
  assert.match(editor.words.at(-1), /2\.0 s here: the picture comes when the hand rests/);
});
