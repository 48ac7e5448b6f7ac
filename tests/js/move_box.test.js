import assert from "node:assert/strict";
import { test } from "node:test";

import { mapped } from "../../echo_studio/web/static/canvas/document/selection.js";
import { Viewport } from "../../echo_studio/web/static/canvas/panes/viewport.js";
import { BoxKeys } from "../../echo_studio/web/static/canvas/tools/box_keys.js";
import { MoveBox, NO_MATRIX } from "../../echo_studio/web/static/canvas/tools/move_box.js";

const BOX = [10, 20, 29, 59]; // 20 wide, 40 tall; its middle is (20, 40)
const close = (a, b) => a.forEach((value, i) => assert.ok(Math.abs(value - b[i]) < 1e-9, `${a} and ${b}`));
const boxed = (matrix = NO_MATRIX, aspect = 1) => new MoveBox(BOX, matrix, aspect);
const GRIPS = [0, 0.5, 1].flatMap((gx) => [0, 0.5, 1].map((gy) => ({ kind: "scale", gx, gy }))).filter(({ gx, gy }) => gx !== 0.5 || gy !== 0.5);

function viewportOf(scale, x = 100, y = 100) {
  return Object.assign(new Viewport(), { scale, x, y });
}

test("the corners of the box are the corners of its pixels", () => {
  close(boxed().place(0, 0), [10, 20]);
  close(boxed().place(1, 1), [30, 60]);
  close(boxed([1, 0, 0, 1, 5, -5]).place(0.5, 0.5), [25, 35]);
});

test("a drag of the inside shifts by whole pixels", () => {
  const matrix = boxed().dragged({ kind: "move" }, [20, 40], [23.4, 37.6]);
  assert.deepEqual(matrix, [1, 0, 0, 1, 3, -2]);
});

test("each grip follows the pointer, and what lies opposite stays", () => {
  for (const grip of GRIPS) {
    const from = boxed().place(grip.gx, grip.gy);
    const matrix = boxed().dragged(grip, from, [from[0] + 6, from[1] + 4]);
    close(boxed().place(1 - grip.gx, 1 - grip.gy, matrix), boxed().place(1 - grip.gx, 1 - grip.gy));
    const moved = boxed().place(grip.gx, grip.gy, matrix);
    close(moved, [from[0] + (grip.gx === 0.5 ? 0 : 6), from[1] + (grip.gy === 0.5 ? 0 : 4)]);
  }
});

test("a grip that is pulled with Shift keeps the proportions", () => {
  const matrix = boxed().dragged({ kind: "scale", gx: 1, gy: 1 }, [30, 60], [40, 61], true);
  close(matrix, [1.5, 0, 0, 1.5, -5, -10]);
});

test("every grip that is pulled with Shift scales both sides by the larger change about what lies opposite", () => {
  for (const grip of GRIPS) {
    const from = boxed().place(grip.gx, grip.gy);
    const matrix = boxed().dragged(grip, from, [from[0] + 7, from[1] - 10], true);
    const [fx, fy] = [grip.gx, grip.gy].map((side, axis) => {
      const [moved, length] = axis ? [-10, 40] : [7, 20];
      return side === 0.5 ? 1 : 1 + (side === 1 ? moved : -moved) / length;
    });
    const factor = Math.abs(Math.log(fx)) > Math.abs(Math.log(fy)) ? fx : fy;
    close(matrix.slice(0, 4), [factor, 0, 0, factor]);
    close(boxed().place(1 - grip.gx, 1 - grip.gy, matrix), boxed().place(1 - grip.gx, 1 - grip.gy));
  }
});

test("a box is never squeezed below one pixel, and never turned inside out", () => {
  const matrix = boxed().dragged({ kind: "scale", gx: 1, gy: 1 }, [30, 60], [-90, -90]);
  close(matrix, [1 / 20, 0, 0, 1 / 40, 9.5, 19.5]);
});

test("the upper grip turns about the middle as the pointer does, in steps of 15 degrees with Shift", () => {
  const grip = { kind: "turn" };
  const quarter = boxed().dragged(grip, [20, 10], [50, 40]);
  close(quarter, [0, 1, -1, 0, 60, 20]);
  const some = boxed().dragged(grip, [20, 10], [20 + 30 * Math.sin(0.5), 40 - 30 * Math.cos(0.5)]);
  assert.ok(Math.abs(Math.atan2(some[1], some[0]) - 0.5) < 1e-9);
  const steady = boxed().dragged(grip, [20, 10], [20 + 30 * Math.sin(0.5), 40 - 30 * Math.cos(0.5)], true);
  assert.ok(Math.abs(Math.atan2(steady[1], steady[0]) - Math.PI / 6) < 1e-9);
});

test("where pixels are flat the grip turns by the angle that is seen in millimetres", () => {
  const aspect = 1.6;
  const at = (angle) => [20 + 30 * Math.sin(angle), 40 - (30 * Math.cos(angle)) / aspect];
  const box = boxed(NO_MATRIX, aspect);
  for (const [steady, turn] of [[false, 0.5], [true, Math.PI / 6]]) {
    close(box.dragged({ kind: "turn" }, at(0.2), at(0.7), steady), box.changed(turn, 1));
  }
});

test("where pixels are flat a turn keeps right angles and lengths in millimetres", () => {
  const aspect = 1.6;
  const matrix = boxed(NO_MATRIX, aspect).changed(0.7, 1);
  const inMm = ([x, y]) => [x, y * aspect];
  const origin = inMm(mapped(matrix, [0, 0]));
  const [u, v] = [[1, 0], [0, 1]].map((point) => inMm(mapped(matrix, point)).map((value, i) => value - origin[i]));
  assert.ok(Math.abs(u[0] * v[0] + u[1] * v[1]) < 1e-9, "a right angle");
  close([Math.hypot(...u), Math.hypot(...v)], [1, aspect]);
  close(mapped(matrix, [20, 40]), [20, 40]);
});

test("a turned and scaled box is dragged on from where it is", () => {
  const start = boxed().changed(Math.PI / 2, 1.5);
  const box = boxed(start);
  const from = box.place(1, 0.5);
  const matrix = box.dragged({ kind: "scale", gx: 1, gy: 0.5 }, from, [from[0], from[1] + 6]);
  close(box.place(0, 0.5, matrix), box.place(0, 0.5));
  close(box.place(1, 0.5, matrix), [from[0], from[1] + 6]);
  close(box.dragged({ kind: "move" }, [0, 0], [2, 3]), box.shifted(2, 3));
});

test("words say how far a drag went, how much it turned and scaled", () => {
  const box = boxed();
  assert.equal(box.words({ kind: "move" }, box.shifted(4, -3)), "4, −3 px");
  assert.equal(box.words({ kind: "turn" }, box.changed(Math.PI / 12, 1)), "15.0°");
  assert.equal(box.words({ kind: "turn" }, box.changed(-Math.PI / 2, 1)), "−90.0°");
  assert.equal(box.words({ kind: "scale" }, [1.2, 0, 0, 0.5, 0, 0]), "120 × 50 %");
  const turned = boxed(box.changed(3, 1));
  assert.equal(turned.words({ kind: "turn" }, boxed(turned.matrix).changed(0.5, 1)), "28.6°", "also across half a turn");
  const flat = boxed(NO_MATRIX, 1.6);
  assert.equal(flat.words({ kind: "scale" }, flat.changed(0.3, 1.25)), "125 × 125 %");
});

test("grips lie around the frame, those of short sides are left out, and the one that turns goes below where above is out of sight", () => {
  const kinds = (layout) => layout.grips.map(({ kind, gx, gy }) => `${kind} ${gx ?? ""} ${gy ?? ""}`.trim());
  const large = boxed().layout(viewportOf(4));
  assert.equal(large.grips.length, 9);
  assert.equal(kinds(large).at(-1), "turn");
  assert.ok(large.grips.at(-1).at[1] < 4 * 20 + 100);
  const narrow = boxed().layout(viewportOf(2));
  assert.ok(!kinds(narrow).includes("scale 0.5 0") && kinds(narrow).includes("scale 0 0.5"), "20 pixels are 40 in the pane");
  const high = boxed().layout(viewportOf(4, 100, -70));
  assert.ok(high.grips.at(-1).at[1] > 60 * 4 - 70);
});

test("a press finds the nearest kind of grip, the inside, or nothing", () => {
  const viewport = viewportOf(4);
  const box = boxed();
  const at = (x, y) => box.grip([x, y], viewport, ([px, py], radius) => Math.hypot(px - x, py - y) * viewport.scale < radius);
  for (const grip of box.layout(viewport).grips) {
    const found = at(...viewport.toMap(...grip.at));
    assert.deepEqual([found.kind, found.gx, found.gy], [grip.kind, grip.gx, grip.gy]);
  }
  assert.deepEqual(at(20, 40), { kind: "move" });
  assert.equal(at(60, 40), null);
  const turned = boxed(box.changed(Math.PI / 2, 1));
  assert.deepEqual(turned.grip([36, 40], viewport, () => false), { kind: "move" }, "the box lies across");
  assert.equal(turned.grip([20, 58], viewport, () => false), null);
});

test("the cursor points along the way in which a grip pulls, also when the box is turned", () => {
  const viewport = viewportOf(4);
  assert.equal(boxed().cursor({ kind: "scale", gx: 1, gy: 0.5 }, viewport), "ew-resize");
  assert.equal(boxed().cursor({ kind: "scale", gx: 0.5, gy: 0 }, viewport), "ns-resize");
  assert.equal(boxed(boxed().changed(Math.PI / 2, 1)).cursor({ kind: "scale", gx: 1, gy: 0.5 }, viewport), "ns-resize");
  assert.equal(new MoveBox([0, 0, 9, 9], NO_MATRIX, 1).cursor({ kind: "scale", gx: 1, gy: 1 }, viewport), "nwse-resize");
  assert.deepEqual(["move", "turn"].map((kind) => boxed().cursor({ kind }, viewport, false)), ["move", "grab"]);
  assert.equal(boxed().cursor({ kind: "move" }, viewport, true), "grabbing");
});

test("keys shift by one or ten pixels exactly", () => {
  const keys = new BoxKeys();
  for (const [code, shiftKey] of [["ArrowLeft", false], ["ArrowDown", true], ["ArrowDown", false]]) keys.press({ code, shiftKey });
  assert.deepEqual(keys.matrix(boxed()), [1, 0, 0, 1, -1, 11]);
});

test("keys turn by 1 or 15 degrees and scale by 2 per cent about the middle, added up into one matrix", () => {
  const keys = new BoxKeys();
  for (const [code, shiftKey] of [["Period", true], ["Comma", false], ["PageUp", true], ["PageDown", false]]) keys.press({ code, shiftKey });
  const matrix = keys.matrix(boxed());
  close(matrix, boxed().changed((14 * Math.PI) / 180, 1.02 ** 4));
  close(mapped(matrix, [20, 40]), [20, 40]);
  keys.press({ code: "ArrowRight", shiftKey: false });
  close(mapped(keys.matrix(boxed()), [20, 40]), [21, 40]);
});

test("a key is known by its place, and says what it does to the box", () => {
  const kinds = ["ArrowUp", "Period", "PageDown", "KeyA"].map((code) => BoxKeys.kind({ code }));
  assert.deepEqual(kinds, ["move", "turn", "scale", null]);
});
