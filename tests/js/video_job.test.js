import assert from "node:assert/strict";
import { test } from "node:test";

import { VideoJob } from "../../echo_studio/web/static/video/job.js";
import { jobPercent, jobWords, requestWords } from "../../echo_studio/web/static/video/words.js";

const KEYFRAMES = { ed: { ids: new Uint8Array(1), width: 1, height: 1, spacing: "" }, es: null };
const HEADER = JSON.stringify({ frames: 1, width: 1, height: 1, spacing: "", es: 0, heart_rate: 60 });
const CLIP = Uint8Array.of(HEADER.length, 0, 0, 0, ...new TextEncoder().encode(HEADER), 42, 1);

/** A server that answers requests with the replies of a path one after the other; a reply may be a promise or an error. */
function server(replies) {
  const sent = [];
  const request = async (path, _options) => {
    sent.push(path);
    const key = path.split("?")[0];
    const reply = await (replies[key] || []).shift();
    if (reply instanceof Error) throw reply;
    return reply instanceof Response ? reply : new Response(reply instanceof Uint8Array ? reply : JSON.stringify(reply ?? {}));
  };
  const json = async (path, options) => (await request(path, options)).json();
  return { sent, link: { request, json, events: { after: ({ stamp }, path) => json(`${path}?after=${stamp}`) } } };
}

function follower(replies) {
  globalThis.createImageBitmap = /** @type {any} */ (async (blob) => `bitmap of ${blob.size}`);
  const events = [];
  const { sent, link } = server(replies);
  const job = new VideoJob(link, {
    show: ({ video, state, nfe }) => events.push(`${video} ${state} ${nfe}`),
    preview: (bitmap, { video }, spacing) => events.push(`${video} preview: ${bitmap}${spacing && `, ${spacing}`}`),
    frames: (clip) => events.push(`frames ${[...clip.known]}: ${clip.greyOf(0)} ${clip.greyOf(1)} ${clip.greyOf(2)}`),
    done: ({ video }, clip) => events.push(`${video} clip: ${clip.grey}`),
    ended: ({ video, state }) => events.push(`${video} ended: ${state}`),
  });
  return { job, events, sent };
}

const status = (video, state, nfe = 0, preview = 0) => ({ video, state, nfe, total: 4, stamp: `s${nfe}`, preview });

test("a job is followed from its start through its previews to its clip", async () => {
  const { job, events, sent } = follower({
    "/videos": [status(1, "waiting")],
    "/videos/1": [status(1, "running", 1, 1), status(1, "running", 2, 1), status(1, "done", 4, 1)],
    "/videos/1/preview": [new Response(Uint8Array.of(1, 2, 3), { headers: { "X-Spacing": "0.6,0.7" } })],
    "/videos/1/clip": [CLIP],
  });
  await job.start(KEYFRAMES, { nfe: 4 });
  assert.deepEqual(events, ["1 waiting 0", "1 running 1", "1 preview: bitmap of 3, 0.6,0.7", "1 running 2", "1 done 4", "1 clip: 42"]);
  assert.deepEqual(sent.filter((path) => path.startsWith("/videos/1?")), ["/videos/1?after=s0", "/videos/1?after=s1", "/videos/1?after=s2"]);
  assert.equal(job.running, false);
});

const packed = (header, ...grey) => {
  const text = new TextEncoder().encode(JSON.stringify(header));
  return Uint8Array.of(text.length, 0, 0, 0, ...text, ...grey);
};

test("frames are shown as they come; where one is not there yet, the one before it is", async () => {
  const layout = { frames: 3, width: 1, height: 1, spacing: "", es: 1, heart_rate: 60 };
  const { job, events, sent } = follower({
    "/videos": [status(1, "waiting")],
    "/videos/1": [{ ...status(1, "running", 1, 1), parts: 1 }, { ...status(1, "running", 2, 2), parts: 2 }, status(1, "done", 4, 1)],
    "/videos/1/frames": [packed({ ...layout, parts: 1, places: [1] }, 50), packed({ ...layout, parts: 2, places: [2, 0] }, 60, 40)],
    "/videos/1/clip": [CLIP],
  });
  await job.start(KEYFRAMES, {});
  const frames = events.filter((words) => words.startsWith("frames"));
  assert.deepEqual(frames, ["frames 1: 50 50 50", "frames 1,2,0: 40 50 60"]);
  assert.ok(sent.includes("/videos/1/frames?since=1"));
  assert.ok(!sent.includes("/videos/1/preview"), "the frames say more than a preview");
  assert.equal(events.at(-1), "1 clip: 42");
});

test("a job that failed or was cancelled has no clip, so the older video stays", async () => {
  for (const state of ["failed", "cancelled"]) {
    const { job, events } = follower({ "/videos": [status(2, "running", 1)], "/videos/2": [status(2, state, 1)] });
    await job.start(KEYFRAMES, {});
    assert.deepEqual(events.slice(1), [`2 ${state} 1`, `2 ended: ${state}`]);
  }
});

test("what arrives about an older job is dropped once a newer one has begun", async () => {
  let answer;
  const late = new Promise((resolve) => (answer = resolve));
  const { job, events } = follower({
    "/videos": [status(1, "running", 1), status(2, "running", 1)],
    "/videos/1": [late],
    "/videos/2": [status(2, "done", 4)],
    "/videos/2/clip": [CLIP],
  });
  const first = job.start(KEYFRAMES, {});
  await new Promise((done) => setTimeout(done, 5));
  await job.start(KEYFRAMES, {});
  answer(status(1, "done", 4));
  await first;
  assert.deepEqual(events, ["1 running 1", "2 running 1", "2 done 4", "2 clip: 42"]);
});

test("a request that is refused leaves the job under way, which is followed on", async () => {
  const { job, events } = follower({
    "/videos": [status(1, "running", 1), new Error("Expected another NFE.")],
    "/videos/1": [new Promise(() => {}), status(1, "cancelled", 2)],
  });
  job.start(KEYFRAMES, {});
  await new Promise((done) => setTimeout(done, 5));
  await assert.rejects(job.start(KEYFRAMES, {}), /another NFE/);
  await new Promise((done) => setTimeout(done, 5));
  assert.deepEqual(events.at(-1), "1 ended: cancelled");
});

test("cancelling says at once that the job stops, and asks nothing where none runs", async () => {
  const { job, events, sent } = follower({
    "/videos": [status(1, "running", 1)],
    "/videos/1": [new Promise(() => {})],
    "/videos/1/cancel": [{ ...status(1, "running", 1), stopping: true }],
  });
  await job.cancel();
  assert.deepEqual(sent, []);
  job.start(KEYFRAMES, {});
  await new Promise((done) => setTimeout(done, 5));
  await job.cancel();
  assert.deepEqual(events, ["1 running 1", "1 running 1"]);
  assert.equal(sent.at(-1), "/videos/1/cancel");
});

test("a waiting job says how many are ahead of it", () => {
  assert.equal(jobWords({ state: "waiting", ahead: 2 }), "Waiting: 2 ahead");
  assert.equal(jobWords({ state: "waiting", ahead: 0 }), "Starting …");
  assert.equal(jobWords({ state: "running", nfe: 0, total: 4 }), "Starting …");
});

test("a running job says its NFE, and from the second one on how long it will take", () => {
  assert.equal(jobWords({ state: "running", nfe: 1, total: 4, elapsed: 9 }), "NFE 1 / 4");
  assert.equal(jobWords({ state: "running", nfe: 2, total: 4, elapsed: 5 }), "NFE 2 / 4 · about 5.0 s left");
  assert.equal(jobWords({ state: "running", nfe: 4, total: 4, elapsed: 5 }), "NFE 4 / 4");
  assert.equal(jobWords({ state: "running", nfe: 2, total: 4, stopping: true }), "Stopping after this NFE …");
});

test("seconds are said in minutes from a minute on, and 60 s are never said", () => {
  const after = (seconds) => jobWords({ state: "done", nfe_run: 4, seconds });
  assert.deepEqual([3.14, 9.97, 42.4, 59.4].map(after), ["Done: 4 NFE in 3.1 s", "Done: 4 NFE in 10 s", "Done: 4 NFE in 42 s", "Done: 4 NFE in 59 s"]);
  assert.deepEqual([59.7, 119.7, 125].map(after), ["Done: 4 NFE in 1 min 0 s", "Done: 4 NFE in 2 min 0 s", "Done: 4 NFE in 2 min 5 s"]);
});

test("a job that ended early says where, or why", () => {
  assert.equal(jobWords({ state: "cancelled", nfe: 3 }), "Cancelled at NFE 3");
  assert.equal(jobWords({ state: "cancelled", nfe: 0 }), "Cancelled");
  assert.equal(jobWords({ state: "failed", message: "Out of memory." }), "Out of memory.");
});

test("the bar is full when the job is done, and counts NFE before", () => {
  assert.equal(jobPercent({ state: "done", nfe: 3, total: 4 }), 100);
  assert.equal(jobPercent({ state: "running", nfe: 1, total: 3 }), 33);
  assert.equal(jobPercent({ state: "waiting", nfe: 0, total: 0 }), 0);
});

test("what was requested of a video is said in one line, without what it has not", () => {
  const request = { generator: "free-echo", solver: "heun", nfe: 29, frames: 24, guidance: "0", start_step: 0, seed: "7", has_es: false, motion: { ef: 45, heart_rate: 70, regional: [] } };
  assert.equal(requestWords(request), "free-echo · heun · 29 NFE · 24 frames · EF 45 % · 70 bpm · seed 7");
  const more = { ...request, guidance: 1.5, start_step: 35, has_es: true, motion: { ...request.motion, regional: [{ segment: "apex", kind: "akinetic" }] } };
  assert.equal(requestWords(more), "free-echo · heun · 29 NFE · 24 frames · guidance 1.5 · from step 35 · ES drawn · apex akinetic · 70 bpm · seed 7");
});
