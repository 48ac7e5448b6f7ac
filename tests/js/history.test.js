import assert from "node:assert/strict";
import { test } from "node:test";

import { appliedDefects, withLaterChanges } from "../../echo_studio/web/static/canvas/document/defect_history.js";
import { unpackHistory } from "../../echo_studio/web/static/canvas/document/history_pack.js";
import { historyStates, opWords } from "../../echo_studio/web/static/canvas/document/history_words.js";
import { baseOf, lastOp, pageAt, withBase } from "../../echo_studio/web/static/canvas/document/past.js";
import { opened, oracle, pageOf, plain, rowsOf, unpacked, unpackedPage } from "./stand_ins.js";

const CATALOG = {
  defects: [{ name: "septal", title: "Septal defect", parameters: [{ name: "at", unit: "share" }, { name: "width_mm", unit: "mm" }] }],
  sliders: [{ name: "tilt", title: "Tilt", neutral: 0 }, { name: "wall", title: "Wall thickness", neutral: 1 }],
};

function paint(labels, rows, op) {
  labels.replace(pageOf(rows).ids, op);
}

test("every operation has words", () => {
  const cases = [
    [{ tool: "brush", label: 1 }, "Brush · LV cavity"],
    [{ tool: "eraser" }, "Eraser"],
    [{ tool: "fill", label: 3 }, "Fill · Left atrium"],
    [{ tool: "smooth", label: 1 }, "Smooth · LV cavity"],
    [{ tool: "deform", kind: "rigid", structures: [1, 2] }, "Deform · Ventricle"],
    [{ tool: "deform", kind: "rigid", structures: [1, 3] }, "Deform · LV cavity, Left atrium"],
    [{ tool: "defect", defect: "septal", values: { at: 0.5, width_mm: 8 } }, "Septal defect 8 mm"],
    [{ tool: "defect", defect: "septal" }, "Septal defect"],
    [{ tool: "defect", defect: "other", values: {} }, "Defect other"],
    [{ tool: "defect-edit", defect: "septal", values: { width_mm: 8.25 } }, "Changed · Septal defect 8.3 mm"],
    [{ tool: "defect-remove", defect: "septal" }, "Removed · Septal defect"],
    [{ tool: "shape", values: { tilt: 12, wall: 1 } }, "Shape · Tilt"],
    [{ tool: "shape", values: { tilt: 12, wall: 2 } }, "Shape · Tilt, Wall thickness"],
    [{ tool: "shape", values: { tilt: 12, wall: 2, other: 1 } }, "Shape · 3 sliders"],
    [{ tool: "shape", values: {} }, "Shape"],
    [{ tool: "transform", structures: [1, 2], matrix: [1, 0, 0, 1, 4, 5] }, "Move · Ventricle"],
    [{ tool: "transform", structures: [3], matrix: [0, 1, -1, 0, 0, 0] }, "Rotate · Left atrium"],
    [{ tool: "transform", structures: [3], matrix: [2, 0, 0, 1, 0, 0] }, "Scale · Left atrium"],
    [{ tool: "transform", structures: [3], matrix: [1, 0, 0, 1, 1e6, 0] }, "Cut · Left atrium"],
    [{ tool: "open", what: "template", name: "4ch-ed" }, "Opened 4CH, end diastole"],
    [{ tool: "open", what: "template", name: "2ch-es-large-atrium" }, "Opened 2CH, end systole, large atrium"],
    [{ tool: "open", what: "template", name: "blank" }, "Opened a blank sector"],
    [{ tool: "open", what: "frame", view: "4CH" }, "Labelled a frame · 4CH"],
    [{ tool: "open", what: "label map" }, "Opened a label map"],
    [{ tool: "open", what: "pinned result" }, "Opened pinned result"],
    [{ tool: "resize", side: 512 }, "Resize · 512 px"],
    [{ tool: "vary", seed: 7 }, "Random variation"],
    [{ tool: "repair", kind: "holes" }, "Repair · holes"],
    [{ tool: "something new" }, "something new"],
  ];
  for (const [op, words] of cases) assert.equal(opWords(op, CATALOG), words);
  assert.equal(opWords({ tool: "shape", values: { tilt: 1 } }), "Shape · tilt", "before the catalog is there");
});

test("the states of the history are listed oldest first, also those that were undone", () => {
  const labels = opened(plain(2, 1));
  paint(labels, ["14"], { tool: "brush", label: 1 });
  paint(labels, ["24"], { tool: "fill", label: 2 });
  paint(labels, ["34"], { tool: "eraser" });
  labels.travel(1);
  assert.deepEqual(historyStates(labels), [
    { position: 0, words: "Start" },
    { position: 1, words: "Brush · LV cavity" },
    { position: 2, words: "Fill · LV myocardium" },
    { position: 3, words: "Eraser" },
  ]);
  labels.base = 5;
  assert.deepEqual(historyStates(labels)[0], { position: 5, words: "Older steps are not kept" });
});

test("the map of every kept position is found again, across pages and in the middle of a stroke", () => {
  const labels = opened(plain(3, 1));
  paint(labels, ["144"], {});
  labels.open(pageOf(["22", "00"], "1,2"), {});
  paint(labels, ["23", "00"], {});
  labels.beginStroke();
  labels.writeSpan(0, 0, 1, 1);
  const rows = [0, 1, 2, 3].map((position) => rowsOf(pageAt(labels, position)));
  assert.deepEqual(rows, [["444"], ["144"], ["22", "00"], ["23", "00"]]);
  assert.deepEqual([pageAt(labels, 0).spacing, pageAt(labels, 3).spacing], ["", "1,2"]);
  assert.deepEqual([pageAt(labels, -1), pageAt(labels, 4)], [null, null]);
  pageAt(labels, 1).ids.fill(0);
  assert.deepEqual(rowsOf(pageAt(labels, 1)), ["144"], "copies");
});

test("another try of a slider starts from the map before the first one, as long as that is kept", () => {
  const labels = opened(plain(3, 1));
  paint(labels, ["144"], { tool: "brush" });
  assert.deepEqual([baseOf(labels, "shape"), lastOp(labels).tool], [1, "brush"]);
  paint(labels, ["244"], { tool: "shape" });
  assert.equal(baseOf(labels, "shape"), 1);
  assert.equal(baseOf(labels, "vary"), 2);
  const op = withBase(labels, { tool: "shape" }, baseOf(labels, "shape"));
  assert.deepEqual(op, { tool: "shape", base: 1 });
  assert.deepEqual(withBase(labels, { tool: "shape" }, 2), { tool: "shape" });
  paint(labels, ["344"], op);
  assert.equal(baseOf(labels, "shape"), 1, "also after the second try");
  labels.base = 100;
  assert.equal(baseOf(labels, "shape"), labels.position, "what is not kept is no start");
  assert.deepEqual(lastOp(opened(plain(2, 2))), {});
});

test("the defects of a map are those that were applied, as they were edited last, without the removed ones", () => {
  const labels = opened(plain(3, 1));
  paint(labels, ["144"], { tool: "defect", defect: "septal", values: { at: 1 } });
  paint(labels, ["244"], { tool: "brush" });
  paint(labels, ["344"], { tool: "defect", defect: "mass" });
  const septal = (values) => ({ position: 1, defect: "septal", values });
  assert.deepEqual(appliedDefects(labels), [septal({ at: 1 }), { position: 3, defect: "mass", values: {} }]);
  paint(labels, ["444"], { tool: "defect-edit", position: 1, defect: "septal", values: { at: 2 } });
  paint(labels, ["144"], { tool: "defect-remove", position: 3, defect: "mass" });
  assert.deepEqual(appliedDefects(labels), [septal({ at: 2 })]);
  labels.undo();
  labels.undo();
  assert.deepEqual(appliedDefects(labels)[0], septal({ at: 1 }));
  labels.open(plain(3, 1), { tool: "open" });
  assert.deepEqual(appliedDefects(labels), [], "not those of an older page");
});

test("a defect of which the history keeps only an edit is offered no more", () => {
  const labels = opened(plain(3, 1));
  labels.base = 40;
  paint(labels, ["144"], { tool: "defect-edit", position: 12, defect: "septal", values: {} });
  assert.deepEqual(appliedDefects(labels), []);
});

test("a defect that is edited or removed later keeps the strokes and defects since, as Python replays it", () => {
  const { map, steps } = oracle("past");
  const labels = opened(unpackedPage(map));
  for (const { op, after, made } of steps) {
    const position = op.position ?? labels.position;
    if (op.tool === "defect-edit") labels.replace(withLaterChanges(labels, position, unpacked(made)), op);
    else if (op.tool === "defect-remove") labels.replace(withLaterChanges(labels, position, pageAt(labels, position - 1).ids), op);
    else labels.replace(unpacked(after), op);
    assert.deepEqual(labels.ids, unpacked(after), JSON.stringify(op));
  }
  assert.equal(labels.position, steps.length, "every step changed something");
});

/** A history as `history_pack.py` packs it. */
function packedHistory(header, bytes) {
  const json = new TextEncoder().encode(JSON.stringify(header));
  const buffer = new ArrayBuffer(4 + json.length + bytes.length);
  new DataView(buffer).setUint32(0, json.length, true);
  new Uint8Array(buffer).set(json, 4);
  new Uint8Array(buffer).set(bytes, 4 + json.length);
  return buffer;
}

test("a history that comes back from the server goes on where it was left, across pages", () => {
  // "44" -> "14" -> another page "222" -> "223" (undone)
  const header = {
    revision: 8, position: 4, base: 2, states: [0, 0, 1, 1],
    pages: [
      { width: 2, height: 1, spacing: "", ids: 0, sector: 2 },
      { width: 3, height: 1, spacing: "1,2", ids: 4, sector: 7 },
    ],
    steps: [{ op: { tool: "brush" }, box: [0, 0, 0, 0], before: 10, after: 11 }, { op: { tool: "open" } }, { op: { tool: "fill" }, box: [2, 0, 2, 0], before: 12, after: 13 }],
  };
  const { page, ...past } = unpackHistory(packedHistory(header, Uint8Array.from([1, 4, 1, 1, 2, 2, 2, 1, 1, 0, 4, 1, 2, 3])));
  const labels = opened(plain(1, 1));
  labels.begin(page, past);
  assert.deepEqual([labels.revision, labels.base, labels.position], [8, 2, 4]);
  assert.deepEqual([rowsOf(labels), labels.spacing, [...labels.sector]], [["222"], "1,2", [1, 1, 0]]);
  labels.redo();
  assert.deepEqual(rowsOf(labels), ["223"]);
  labels.travel(3);
  assert.deepEqual([rowsOf(labels), labels.spacing], [["14"], ""]);
  labels.travel(2);
  assert.deepEqual(rowsOf(labels), ["44"]);
  labels.travel(5);
  assert.deepEqual(rowsOf(labels), ["223"]);
});
