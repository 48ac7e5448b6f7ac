import assert from "node:assert/strict";
import { test } from "node:test";

import { Viewport } from "../../echo_studio/web/static/canvas/panes/viewport.js";
import { PointerInput } from "../../echo_studio/web/static/canvas/tools/pointer.js";
import { editorOn, plain, random } from "./stand_ins.js";

const close = (a, b) => a.forEach((value, i) => assert.ok(Math.abs(value - b[i]) < 1e-6, `${a} and ${b}`));

test("from the pane to the map and back is the same point, at any zoom", () => {
  const next = random(5);
  const viewport = new Viewport();
  for (let trial = 0; trial < 100; trial++) {
    viewport.zoomAt(next() * 500, next() * 500, 0.5 + next());
    viewport.pan(next() * 90 - 45, next() * 90 - 45);
    const point = [next() * 800, next() * 800];
    close(viewport.toPane(...viewport.toMap(...point)), point);
  }
});

test("zooming keeps the pixel under the cursor where it is, also at the limits", () => {
  const viewport = new Viewport();
  viewport.fit(500, 400, 256, 256);
  for (const factor of [1.25, 0.8, 3, 1e9, 1e-9, 7]) {
    const before = viewport.toMap(120, 90);
    viewport.zoomAt(120, 90, factor);
    close(viewport.toMap(120, 90), before);
    assert.ok(viewport.scale >= 0.05 && viewport.scale <= 64);
  }
});

test("a fitted map lies in the middle of its pane with all of it in sight", () => {
  const viewport = new Viewport();
  for (const [width, height] of [[256, 256], [1000, 100], [90, 700]]) {
    viewport.fit(500, 400, width, height);
    const [[x0, y0], [x1, y1]] = [viewport.toPane(0, 0), viewport.toPane(width, height)];
    close([x0 + x1, y0 + y1], [500, 400]);
    assert.ok(x0 >= 6 - 1e-9 && y0 >= 6 - 1e-9);
    assert.ok(Math.min(x0, y0) <= 6 + 1e-9, "as large as it fits");
  }
});

test("pixels that are taller than wide are shown so: places, lengths and what fits", () => {
  const viewport = new Viewport();
  viewport.setAspect(2);
  viewport.fit(500, 400, 100, 100);
  assert.equal(viewport.scale, 388 / 200);
  close([viewport.toPane(0, 0)[1] + viewport.toPane(100, 100)[1]], [400]);
  close(viewport.toMap(...viewport.toPane(31, 47)), [31, 47]);
  close([viewport.distance([10, 10], [13, 12])], [5 * viewport.scale]);
  const before = viewport.toMap(120, 90);
  viewport.zoomAt(120, 90, 3);
  close(viewport.toMap(120, 90), before);
  const [a, b, c, d, e, f] = viewport.matrix;
  close([a * 31 + c * 47 + e, b * 31 + d * 47 + f], viewport.toPane(31, 47));
});

test("another proportion is heard once", () => {
  const viewport = new Viewport();
  let heard = 0;
  viewport.listeners.add(() => (heard += 1));
  viewport.setAspect(1.2);
  viewport.setAspect(1.2);
  assert.equal(heard, 1);
});

test("the map follows the size of the pane until the person zooms or pans", () => {
  const viewport = new Viewport();
  let heard = 0;
  viewport.listeners.add(() => (heard += 1));
  viewport.fit(500, 400, 100, 100);
  assert.ok(viewport.fitted);
  viewport.pan(1, 0);
  assert.ok(!viewport.fitted);
  viewport.fit(500, 400, 100, 100);
  viewport.zoomAt(0, 0, 1.1);
  assert.ok(!viewport.fitted);
  assert.equal(heard, 4);
});

/** A pane whose surface is an EventTarget; `act` sends it a pointer event at a place of the pane. */
function pointing(paints = true) {
  const editor = editorOn(plain(100, 100));
  const viewport = Object.assign(new Viewport(), { scale: 2 });
  const surface = Object.assign(new EventTarget(), {
    getBoundingClientRect: () => ({ left: 30, top: 40 }),
    setPointerCapture: () => {},
    classList: { toggle: () => {} },
    focus: () => {},
  });
  const input = new PointerInput({ surface, viewport }, editor, { paints });
  const act = (kind, x, y, more = {}) => {
    const event = new Event(kind, { cancelable: true });
    const details = { clientX: x + 30, clientY: y + 40, pointerType: "mouse", pointerId: 1, button: 0, deltaMode: 0, ...more };
    for (const [name, value] of Object.entries(details)) Object.defineProperty(event, name, { value });
    surface.dispatchEvent(event);
    return event;
  };
  return { editor, viewport, input, act };
}

test("a press paints where it points, whatever the zoom and the place of the pane", () => {
  const { editor, viewport, act } = pointing();
  editor.resize(1);
  viewport.zoomAt(80, 90, 3);
  viewport.pan(11, -7);
  const [x, y] = viewport.toPane(30.5, 20.5);
  act("pointerdown", x, y);
  act("pointermove", ...viewport.toPane(33.5, 20.5));
  act("pointerup", x, y);
  assert.deepEqual(editor.document.undoStack[0].op.cells, [[30, 20], [33, 20]]);
});

test("every position between two frames counts in a stroke", () => {
  const { editor, act, viewport } = pointing();
  editor.resize(1);
  const at = (column, row) => viewport.toPane(column + 0.5, row + 0.5);
  act("pointerdown", ...at(5, 5));
  const between = [[6, 9], [7, 5]].map((cell) => at(...cell)).map(([x, y]) => ({ clientX: x + 30, clientY: y + 40 }));
  act("pointermove", ...at(7, 5), { getCoalescedEvents: () => between });
  act("pointerup", ...at(7, 5));
  assert.deepEqual(editor.document.undoStack[0].op.cells, [[5, 5], [6, 9], [7, 5]]);
});

test("the middle button, Space and the other pane pan; the right button does nothing", () => {
  for (const way of ["middle", "space", "pane", "right"]) {
    const { editor, viewport, act } = pointing(way !== "pane");
    editor.panning = way === "space";
    const button = { middle: 1, right: 2 }[way] ?? 0;
    act("pointerdown", 50, 50, { button });
    act("pointermove", 60, 45, { button });
    act("pointerup", 60, 45, { button });
    assert.deepEqual([viewport.x, viewport.y], way === "right" ? [0, 0] : [10, -5], way);
    assert.equal(editor.document.position, 0);
  }
});

test("a pen paints and its other end erases", () => {
  const { editor, act } = pointing();
  for (const button of [0, 5]) {
    act("pointerdown", 50, 50, { pointerType: "pen", button });
    act("pointerup", 50, 50, { pointerType: "pen", button });
  }
  assert.deepEqual(editor.document.undoStack.map(({ op }) => op.tool), ["brush", "eraser"]);
  assert.equal(editor.toolName, "brush");
});

test("two fingers zoom about their middle and take the first finger's paint back", () => {
  const { editor, viewport, act } = pointing();
  const finger = (pointerId) => ({ pointerType: "touch", pointerId });
  act("pointerdown", 50, 50, finger(1));
  act("pointermove", 60, 50, finger(1));
  act("pointerdown", 160, 50, finger(2));
  assert.ok(editor.document.ids.every((id) => id === 4));
  const scale = viewport.scale;
  act("pointermove", 260, 50, finger(2));
  assert.ok(viewport.scale > scale * 1.5);
  act("pointerup", 260, 50, finger(2));
  act("pointermove", 90, 90, finger(1));
  act("pointerup", 90, 90, finger(1));
  assert.equal(editor.document.position, 0, "the finger that stays paints nothing");
  act("pointerdown", 50, 50, finger(3));
  act("pointerup", 50, 50, finger(3));
  assert.equal(editor.document.position, 1);
});

test("the wheel zooms at the pointer: lines more than pixels, a pinch on a trackpad most", () => {
  const grown = (more) => {
    const { viewport, act } = pointing();
    const before = viewport.toMap(70, 20);
    const event = act("wheel", 70, 20, { deltaY: -10, ...more });
    close(viewport.toMap(70, 20), before);
    assert.ok(event.defaultPrevented);
    return viewport.scale / 2;
  };
  close([grown({}), grown({ deltaMode: 1 }), grown({ ctrlKey: true }), grown({ deltaY: 10 })], [0.015, 0.24, 0.1, -0.015].map(Math.exp));
});

test("two presses are a double click where they are near in time and place, and a third one begins anew", () => {
  const { input } = pointing();
  const at = (timeStamp, clientX) => input.isDouble({ timeStamp, clientX, clientY: 10 });
  assert.deepEqual([at(0, 10), at(200, 12), at(400, 12), at(900, 12), at(1000, 30)], [false, true, false, false, false]);
});

test("a finger hits more than a mouse", () => {
  const { input } = pointing();
  const event = (pointerType) => ({ clientX: 30 + 20, clientY: 40 + 20, timeStamp: 0, pointerType });
  const point = [(20 + 12) / 2, 10];
  assert.equal(input.pressDetails(event("mouse")).near(point), false);
  assert.equal(input.pressDetails(event("touch")).near(point), true);
  assert.equal(input.pressDetails(event("mouse")).near(point, 13), true);
});

test("the pointer that leaves hovers nowhere, unless it drags", () => {
  const { editor, act } = pointing();
  act("pointermove", 40, 20);
  assert.deepEqual(editor.cursor, [20, 10]);
  act("pointerleave", 0, 0);
  assert.equal(editor.cursor, null);
  act("pointerdown", 40, 20);
  act("pointermove", 50, 20);
  act("pointerleave", 0, 0);
  assert.deepEqual(editor.cursor, [25, 10]);
  act("pointercancel", 0, 0);
  assert.equal(editor.document.position, 0, "a press that the browser takes away paints nothing");
});
