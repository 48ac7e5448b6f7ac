import assert from "node:assert/strict";
import { afterEach, test } from "node:test";

import { ServerLink, readMap } from "../../echo_studio/web/static/common/link.js";
import { keyframe, postRequest, unpacked } from "../../echo_studio/web/static/common/packed.js";
import { deferred, opened, pageOf, plain, settled } from "./stand_ins.js";

const realFetch = globalThis.fetch;
afterEach(() => {
  globalThis.fetch = realFetch;
});

const reply = (status = 200, body = {}, headers = {}) => new Response(typeof body === "object" && !(body instanceof Uint8Array) ? JSON.stringify(body) : body, { status, headers });

/**
 * A document with a link to a server that the test plays: `calls` are {path, options, answer}, `heard` what the link says.
 * `automatic(call)` answers at once, where it is given.
 */
function linked(automatic = null, page = plain(3, 2, 4, "0.5,0.4")) {
  const labels = opened(page);
  const link = new ServerLink(labels, "/studio");
  Object.assign(link, { token: "one", project: "p1", user: "ann" });
  const calls = [];
  const heard = [];
  for (const name of ["onProblem", "onState", "onOpenElsewhere", "onLoggedOut"]) link[name] = (words) => heard.push([name, words].filter(Boolean).join(" "));
  globalThis.fetch = (url, options) => {
    const answer = deferred();
    const call = { path: url.replace("/studio", ""), options, answer };
    calls.push(call);
    const found = automatic && automatic(call, calls.length);
    if (found instanceof Error) answer.reject(found);
    else if (found) answer.resolve(found);
    return answer.promise;
  };
  const paint = (label, x = 0) => {
    labels.beginStroke();
    labels.writeSpan(0, x, x, label);
    labels.endStroke({ tool: "brush", label });
  };
  return { labels, link, calls, heard, paint };
}

const bodyOf = async ({ options }) => new Uint8Array(await options.body.arrayBuffer());
const revisions = (calls) => calls.map(({ path }) => Number(new URLSearchParams(path.split("?")[1]).get("revision")));

/** Timers that the test moves; microtasks go on as usual. */
async function pass(t, milliseconds) {
  t.mock.timers.tick(milliseconds);
  await settled();
}

test("a change goes to the server with its size, place and op, and the labels of its moment", async () => {
  const { calls, paint, link, labels } = linked();
  paint(1);
  paint(2, 1);
  const [path, query] = calls[0].path.split("?");
  assert.equal(path, "/label-map");
  assert.deepEqual(Object.fromEntries(new URLSearchParams(query)), { width: "3", height: "2", spacing: "0.5,0.4", revision: "1", position: "1" });
  assert.equal(calls[0].options.method, "PUT");
  assert.equal(calls[0].options.headers["X-Studio-Session"], "one");
  const bytes = await bodyOf(calls[0]);
  assert.deepEqual([...bytes.slice(0, 12)], [1, 4, 4, 4, 4, 4, 1, 1, 1, 1, 1, 1], "labels and sector, not as they are now");
  assert.deepEqual(JSON.parse(new TextDecoder().decode(bytes.slice(12))), { tool: "brush", label: 1 });
  labels.undo();
  assert.equal(link.outbox.length, 3);
  assert.equal(link.outbox[2][1].body.size, 12, "a move along the history has no op");
});

test("changes are sent one after the other, in order and once", async () => {
  const { calls, paint, link, heard } = linked();
  for (const label of [1, 2, 3]) paint(label);
  await settled();
  assert.deepEqual(revisions(calls), [1], "the second waits for the first");
  for (let k = 0; k < 3; k++) {
    calls[k].answer.resolve(reply());
    await settled();
  }
  assert.deepEqual(revisions(calls), [1, 2, 3]);
  assert.deepEqual([link.outbox.length, heard.at(-1)], [0, "onState saved"]);
  assert.deepEqual(heard.filter((words) => words === "onState saved").length, 1);
  paint(1);
  assert.deepEqual(revisions(calls), [1, 2, 3, 4], "and it goes on");
});

test("a change that comes with the last confirmation is sent too", async () => {
  const { calls, paint, link } = linked();
  link.onState = (state) => state === "saved" && calls.length === 1 && paint(2);
  paint(1);
  calls[0].answer.resolve(reply());
  await settled();
  assert.deepEqual(revisions(calls), [1, 2]);
  calls[1].answer.resolve(reply());
  await settled();
  assert.equal(link.outbox.length, 0);
});

test("a change that the server did not get is tried again after three seconds, before those after it", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const { calls, paint, heard, link } = linked((_call, number) => (number < 3 ? new Error("offline") : reply()));
  paint(1);
  await settled();
  assert.deepEqual(heard, ["onState saving", "onState unsaved", "onProblem The studio does not answer. Is it still running? Your drawing is safe in this page."]);
  await pass(t, 2999);
  assert.equal(calls.length, 1);
  await pass(t, 1);
  assert.equal(calls.length, 2);
  paint(2);
  await settled();
  assert.deepEqual(revisions(calls), [1, 1, 1, 2]);
  assert.deepEqual([link.outbox.length, heard.at(-1)], [0, "onState saved"]);
});

test("however many changes wait, the server is tried once in three seconds", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const { calls, paint, link } = linked(() => new Error("offline"));
  for (let k = 0; k < 10; k++) {
    paint(1 + (k % 3));
    await settled();
  }
  const before = calls.length;
  for (let k = 0; k < 5; k++) await pass(t, 3000);
  assert.equal(calls.length - before, 5);
  assert.equal(link.outbox.length, 10);
});

test("a change whose answer was lost counts as sent when the server says that it has it", async () => {
  const { calls, paint, link, heard } = linked((call, number) => reply(number === 1 ? 409 : 200));
  paint(1);
  paint(2);
  await settled();
  assert.deepEqual([revisions(calls), link.outbox.length, heard.at(-1)], [[1, 2], 0, "onState saved"]);
});

test("where another tab writes to the project nothing is sent again by itself, and nothing is lost", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const { calls, paint, link, heard } = linked(() => reply(423, { detail: "Open elsewhere." }));
  paint(1);
  await settled();
  assert.ok(heard.includes("onOpenElsewhere"));
  assert.ok(!heard.includes("onState unsaved"));
  await pass(t, 60000);
  assert.deepEqual([calls.length, link.outbox.length], [1, 1]);
});

test("a change that is refused for good is kept aside, its map goes without the op, and those after it are saved", async () => {
  const { calls, paint, link, heard } = linked((call, number) => (number === 1 ? reply(422, { detail: "Unknown tool." }) : reply()));
  paint(1);
  paint(2);
  await settled();
  assert.deepEqual(revisions(calls), [1, 1, 2]);
  const words = new TextDecoder().decode((await bodyOf(calls[1])).slice(12));
  assert.deepEqual(JSON.parse(words), { tool: "open", what: "refused edit" });
  assert.deepEqual([link.outbox.length, link.aside.length, heard.at(-1)], [0, 1, "onState saved"]);
  assert.ok(heard.some((line) => line.includes("refused a change: Unknown tool.")));
});

test("another change that is refused for good blocks nothing either", async () => {
  const { calls, paint, link } = linked(({ path }) => reply(path.startsWith("/slots") ? 413 : 200));
  link.keep("/slots/4CH-ED", { method: "PUT" });
  paint(1);
  await settled();
  assert.deepEqual([calls.length, link.outbox.length, link.aside.map(([path]) => path)], [2, 0, ["/slots/4CH-ED"]]);
});

test("a server that was started again is told the project, and the change is sent with the new session", async () => {
  const { calls, paint, link } = linked(({ path, options }) => {
    if (path.startsWith("/sessions")) return reply(200, { token: "two" });
    return options.headers["X-Studio-Session"] === "two" ? reply() : reply(401);
  });
  paint(1);
  await settled();
  assert.deepEqual(calls.map(({ path }) => path.split("?")[0]), ["/label-map", "/sessions", "/label-map"]);
  assert.equal(calls[1].path, "/sessions?project=p1&user=ann");
  assert.deepEqual([link.token, link.outbox.length], ["two", 0]);
});

test("requests that find the server new at the same time open one session", async () => {
  const { calls, link } = linked(({ path, options }) => {
    if (path.startsWith("/sessions")) return reply(200, { token: "two" });
    return options.headers["X-Studio-Session"] === "two" ? reply() : reply(401);
  });
  await Promise.all([link.json("/a"), link.json("/b"), link.json("/c")]);
  assert.equal(calls.filter(({ path }) => path.startsWith("/sessions")).length, 1);
});

test("a session that is refused again is no endless loop", async () => {
  const { calls, link } = linked(({ path }) => (path.startsWith("/sessions") ? reply(200, { token: "two" }) : reply(401, { detail: "No." })));
  await assert.rejects(link.json("/a"), { message: "No.", status: 401 });
  assert.equal(calls.length, 3);
});

test("a project that cannot be opened again gives the server's words", async () => {
  const { link } = linked(({ path }) => (path.startsWith("/sessions") ? reply(404, { detail: "It is gone." }) : reply(401)));
  await assert.rejects(link.json("/a"), { message: "It is gone." });
  assert.equal(link.reopening, null, "the next request may try again");
});

test("where the login has ended the person is told, and no session is opened", async () => {
  const { link, heard, calls } = linked(() => reply(401, { detail: "Log in." }, { "X-Studio-Login": "needed" }));
  await assert.rejects(link.json("/a"), { message: "Log in." });
  assert.deepEqual([heard, calls.length], [["onLoggedOut"], 1]);
});

test("a refusal has the server's words and status; without words, its number", async () => {
  const answers = [reply(422, { detail: "Too wide." }), reply(422, { detail: [{ msg: "x" }] }), new Response("<html>", { status: 502 })];
  const { link } = linked((call, number) => answers[number - 1]);
  await assert.rejects(link.json("/a"), { message: "Too wide.", status: 422 });
  await assert.rejects(link.json("/a"), { message: "The studio answered 422.", status: 422 });
  await assert.rejects(link.json("/a"), { message: "The studio answered 502.", status: 502 });
});

test("waiting for the server ends when it holds everything, with the revision that it holds", async () => {
  const { link, paint, calls } = linked();
  assert.equal(await link.flush(), 0);
  paint(1);
  paint(2);
  let revision = null;
  link.flush().then((value) => (revision = value));
  calls[0].answer.resolve(reply());
  await settled();
  assert.equal(revision, null);
  calls[1].answer.resolve(reply());
  await settled();
  assert.equal(revision, 2);
});

test("waiting for a server that does not answer fails with its words", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const { link, paint } = linked(() => new Error("offline"));
  paint(1);
  await assert.rejects(link.flush(), /does not answer/);
});

test("other changes of the project keep their place between those of the map", async () => {
  const { link, paint, calls } = linked(() => reply());
  paint(1);
  link.keep("/slots/4CH-ED", { method: "DELETE" });
  paint(2);
  await settled();
  assert.deepEqual(calls.map(({ path }) => path.split("?")[0]), ["/label-map", "/slots/4CH-ED", "/label-map"]);
});

test("JSON goes and comes as such, and nothing is cached", async () => {
  const { link, calls } = linked(() => reply(200, { job: 3 }));
  assert.deepEqual(await link.json("/jobs", { method: "POST", body: { nfe: 20 } }), { job: 3 });
  const { method, body, headers, cache } = calls[0].options;
  assert.deepEqual([method, JSON.parse(body), headers["Content-Type"], cache], ["POST", { nfe: 20 }, "application/json", "no-store"]);
  await link.json("/project");
  assert.deepEqual([calls[1].options.method, calls[1].options.body], ["GET", undefined]);
});

test("an edit sends the map that it is for, and brings labels and sector", async () => {
  const answer = new Uint8Array([1, 1, 4, 4, 4, 4, 1, 1, 1, 1, 0, 0]);
  const { link, calls } = linked(() => reply(200, answer, { "X-Width": "3", "X-Height": "2", "X-Spacing": "0.5,0.4" }));
  const made = await link.edit({ tool: "smooth", label: 1 }, Uint8Array.from([2, 2, 2, 2, 2, 2]));
  assert.deepEqual(made, { width: 3, height: 2, spacing: "0.5,0.4", ids: answer.slice(0, 6), sector: answer.slice(6) });
  assert.equal(calls[0].path, "/edit?width=3&height=2&spacing=0.5%2C0.4");
  const bytes = await bodyOf(calls[0]);
  assert.deepEqual([...bytes.slice(0, 12)], [2, 2, 2, 2, 2, 2, 1, 1, 1, 1, 1, 1]);
  assert.deepEqual(JSON.parse(new TextDecoder().decode(bytes.slice(12))), { tool: "smooth", label: 1 });
});

test("measurements are requested for the labels of the moment and the view", async () => {
  const { link, calls, paint } = linked(() => reply(200, { findings: [] }));
  const answer = link.inspect("4CH");
  paint(3);
  assert.deepEqual(await answer, { findings: [] });
  assert.equal(calls[0].path, "/inspect?width=3&height=2&spacing=0.5%2C0.4&view=4CH");
  assert.deepEqual([...calls[0].options.body], [4, 4, 4, 4, 4, 4]);
});

test("a map without a spacing has none", async () => {
  const { spacing, sector } = await readMap(reply(200, new Uint8Array(4), { "X-Width": "2", "X-Height": "1" }));
  assert.deepEqual([spacing, sector.length], ["", 2]);
});

test("keyframes are sent one after the other with the request, and end systole only where there is one", async () => {
  const { link, calls } = linked(() => reply());
  const [ed, es] = [pageOf(["12"], "1,1"), pageOf(["1", "2", "3"])];
  await postRequest(link, "/videos", { ed, es }, { nfe: 4 });
  await postRequest(link, "/videos", { ed, es: null }, {});
  assert.equal(calls[0].path, "/videos?width=2&height=1&spacing=1%2C1&es_width=1&es_height=3");
  assert.equal(calls[1].path, "/videos?width=2&height=1&spacing=1%2C1");
  const bytes = await bodyOf(calls[0]);
  assert.deepEqual([...bytes.slice(0, 5)], [1, 2, 1, 2, 3]);
  assert.deepEqual(JSON.parse(new TextDecoder().decode(bytes.slice(5))), { nfe: 4 });
});

test("a clip is a header and a byte a pixel; a label map of the server has its labels alone", async () => {
  const header = new TextEncoder().encode(JSON.stringify({ frames: 2 }));
  const bytes = new Uint8Array(4 + header.length + 3);
  new DataView(bytes.buffer).setUint32(0, header.length, true);
  bytes.set(header, 4);
  bytes.set([7, 8, 9], 4 + header.length);
  const clip = await unpacked(reply(200, bytes));
  assert.deepEqual([clip.header, [...clip.bytes]], [{ frames: 2 }, [7, 8, 9]]);
  const map = await keyframe(reply(200, new Uint8Array([1, 2, 1, 1]), { "X-Width": "2", "X-Height": "1", "X-Spacing": "1,1" }));
  assert.deepEqual(map, { ids: Uint8Array.from([1, 2]), width: 2, height: 1, spacing: "1,1" });
});
