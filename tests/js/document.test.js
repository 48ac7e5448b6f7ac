import assert from "node:assert/strict";
import { test } from "node:test";

import { LabelDocument } from "../../echo_studio/web/static/canvas/document/document.js";

const page = (ids, width = 4) => ({ width, height: ids.length / width, ids: Uint8Array.from(ids), sector: new Uint8Array(ids.length).fill(1), spacing: "" });

function opened(ids = new Array(16).fill(4)) {
  const labels = new LabelDocument();
  labels.begin(page(ids), { revision: 0 });
  return labels;
}

function paint(labels, y, x0, x1, label) {
  labels.beginStroke();
  labels.writeSpan(y, x0, x1, label);
  labels.endStroke({ tool: "brush", label });
}

test("undo and redo bring every state back, byte for byte", () => {
  const labels = opened();
  const states = [labels.ids.slice()];
  for (const [y, x0, x1, label] of [[0, 0, 2, 1], [1, 1, 3, 2], [0, 1, 1, 3], [3, 0, 3, 1]]) {
    paint(labels, y, x0, x1, label);
    states.push(labels.ids.slice());
  }
  for (let k = states.length - 2; k >= 0; k--) {
    labels.undo();
    assert.deepEqual(labels.ids, states[k]);
  }
  for (let k = 1; k < states.length; k++) {
    labels.redo();
    assert.deepEqual(labels.ids, states[k]);
  }
});
