import assert from "node:assert/strict";
import { test } from "node:test";

import { ServerLink } from "../../echo_studio/web/static/common/link.js";
import { randomHistory } from "./random_history.js";

test("hundreds of random operations are undone, redone and mirrored by the server byte for byte", async (t) => {
  for (const seed of [20, 21]) {
    let mirror = null;
    t.mock.method(globalThis, "fetch", async (url, { body }) => {
      mirror = new Uint8Array(await body.arrayBuffer());
      return new Response("{}");
    });
    const states = new Map();
    let link = null;
    const { document: map } = randomHistory(seed, ({ document: labels }) => {
      link = new ServerLink(labels, "");
      states.set(0, labels.ids.slice());
      labels.journals.add((op) => {
        if (op) states.set(labels.position, labels.ids.slice());
        else assert.deepEqual(labels.ids, states.get(labels.position), "a state that was there");
      });
    });
    const mirrored = async () => {
      await link.flush();
      assert.deepEqual(mirror.slice(0, map.ids.length), map.ids);
    };
    await mirrored();
    map.travel(1e9);
    const last = map.position;
    assert.ok(last > 40, `${last} steps`);
    for (let position = last; position > map.base; position--) {
      map.undo();
      assert.deepEqual(map.ids, states.get(position - 1), `undone to ${position - 1}`);
    }
    for (let position = map.base + 1; position <= last; position++) {
      map.redo();
      assert.deepEqual(map.ids, states.get(position), `redone to ${position}`);
    }
    await mirrored();
  }
});
