// Random operations on a heart with the page's own tools: what they leave is tested in JavaScript, and replayed in Python.
// `node tests/js/random_history.js SEED` prints the history as JSON.

import { pathToFileURL } from "node:url";

import { StructureActions } from "../../echo_studio/web/static/canvas/tools/structure_actions.js";
import { Viewport } from "../../echo_studio/web/static/canvas/panes/viewport.js";
import { drag, editorOn, heart, installFrames, random } from "./stand_ins.js";

const SIDE = 96;
const frames = installFrames();

/** Random operations on an editor, as a hand might do them. */
class Hand {
  constructor(editor, actions, seed) {
    this.editor = editor;
    this.actions = actions;
    this.next = random(seed);
  }

  choose(choices) {
    return choices[Math.floor(this.next() * choices.length)];
  }

  place() {
    return [0, 1].map(() => (0.15 + 0.7 * this.next()) * SIDE);
  }

  way(count, reach = 30) {
    const [x, y] = this.place();
    return [[x, y], ...Array.from({ length: count }, () => [x + (this.next() - 0.5) * reach, y + (this.next() - 0.5) * reach])];
  }

  stroke(tool, count = 3, reach = 30) {
    this.editor.choose(tool);
    this.editor.label = this.choose([1, 2, 3, 4]);
    this.editor.resize(1 + this.next() * 20);
    drag(this.editor.tool, this.way(count, reach));
  }

  polygon() {
    this.editor.choose("polygon");
    this.editor.label = this.choose([1, 2, 3, 4]);
    for (const [x, y] of this.way(4, 60)) this.editor.tool.down(x, y, { near: () => false, double: false });
    this.editor.tool.finish();
  }

  move() {
    this.editor.choose("move");
    this.editor.chooseLabel(this.choose([1, 2, 3]));
    const { tool } = this.editor;
    tool.viewport = Object.assign(new Viewport(), { scale: 4 });
    if (this.next() < 0.3) this.editor.toggleLinked();
    if (!tool.box) return;
    const from = tool.viewport.toMap(...this.choose([...tool.box.layout(tool.viewport).grips.map(({ at }) => at), tool.viewport.toPane(...tool.box.place(0.5, 0.5))]));
    drag(tool, [from, [from[0] + (this.next() - 0.5) * 24, from[1] + (this.next() - 0.5) * 24]], {
      near: (point, radius = 8) => Math.hypot(point[0] - from[0], point[1] - from[1]) * 4 < radius,
    });
    frames.next();
  }

  nudge() {
    this.editor.choose("move");
    this.editor.chooseLabel(this.choose([1, 2, 3]));
    this.editor.tool.keydown({ code: this.choose(["ArrowLeft", "ArrowDown", "Period", "Comma", "PageUp", "PageDown"]), shiftKey: this.next() < 0.5 });
    this.editor.tool.endKeys();
  }

  paste() {
    this.editor.chooseLabel(this.choose([1, 2, 3]));
    if (this.next() < 0.5) this.actions.copy();
    else this.actions.cut();
    if (!this.editor.clipboard) return;
    this.actions.paste(this.place());
    if (this.next() < 0.7) this.editor.tool.finish();
    else this.editor.tool.cancel();
  }

  deform() {
    this.editor.choose("deform");
    const { tool } = this.editor;
    const structures = [2, 1, 2, 2, 1, 3];
    const places = [[48, 14], [37, 36], [29, 45], [67, 45], [42, 66], [48, 87]];
    tool.set.adopt(places.map((place, k) => ({ key: `${k === 4 ? "hinge" : "handle"}-${k}`, structure: structures[k], place })));
    tool.setOption("kind", this.choose(["rigid", "similarity", "affine"]));
    const [x, y] = this.choose(places).map((place) => place + 0.5);
    drag(tool, [[x, y], [x + (this.next() - 0.5) * 20, y + (this.next() - 0.5) * 20]], { near: ([px, py]) => Math.hypot(px - x, py - y) < 1 });
    frames.next();
  }

  lock() {
    this.editor.toggleLock(this.choose([0, 1, 2, 3, 4]));
  }

  travel() {
    const { document: map } = this.editor;
    const anywhere = () => this.editor.travel(map.position - 4 + Math.floor(this.next() * 9));
    this.choose([() => this.editor.undo(), () => this.editor.undo(), () => map.redo(), () => map.redo(), anywhere])();
  }
}

/** An editor after 200 random operations; `prepare(editor)` is called before the first one. */
export function randomHistory(seed, prepare = (_editor) => {}) {
  const editor = editorOn(heart(SIDE, SIDE, "0.5,0.4"));
  editor.link = { handles: () => new Promise(() => {}) };
  const stub = () => ({ addEventListener: () => {}, setAttribute: () => {} });
  const actions = new StructureActions({ querySelector: stub, querySelectorAll: () => [] }, editor, { repaint: () => {} }, editor.link);
  prepare(editor);
  const hand = new Hand(editor, actions, seed);
  const often = [
    () => hand.stroke("brush"), () => hand.stroke("eraser"), () => hand.stroke("fill", 0), () => hand.stroke("lasso", 14), () => hand.polygon(),
    () => hand.move(), () => hand.nudge(), () => hand.paste(), () => hand.deform(),
  ];
  const acts = [...often, ...often, () => hand.lock(), () => hand.travel(), () => hand.travel(), () => hand.travel()];
  for (let k = 0; k < 200; k++) hand.choose(acts)();
  editor.choose("brush");
  return editor;
}

/** The run lengths of a map, as `write_data.py` has them. */
function packed(ids) {
  let runs = "";
  for (let i = 0, start = 0; i < ids.length; i++) {
    if (ids[i + 1] === ids[i]) continue;
    runs += `${i + 1 - start}${String.fromCharCode(97 + ids[i])}`;
    start = i + 1;
  }
  return runs;
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const { document: map } = randomHistory(Number(process.argv[2]));
  map.travel(1e9);
  const ops = map.undoStack.map(({ op }) => op);
  map.travel(0);
  const states = [packed(map.ids)];
  while (map.redoStack.length) {
    map.redo();
    states.push(packed(map.ids));
  }
  process.stdout.write(JSON.stringify({ side: SIDE, spacing: map.spacingMm, sector: packed(map.sector), ops, states }));
}
