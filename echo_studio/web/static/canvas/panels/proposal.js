// A change that is computed elsewhere: seen as a ghost while it is tuned, then applied as one step of the history. It belongs
// to the map that it was made from: any settled change of the document drops it.

import { Newest } from "../../common/newest.js";
import { differenceBox } from "../document/box.js";

export class Proposal {
  constructor(editor) {
    this.editor = editor;
    this.onProblem = (_words) => {}; // (words), "" as soon as there is none
    this.newest = new Newest(({ compute }) => compute(), (page, request) => this.arrived(page, request), (problem) => this.failed(problem));
    this.forget();
    editor.document.listeners.add((box, settled) => settled && this.forget());
  }

  forget() {
    this.newest.drop();
    this.key = null; // of the newest request
    this.page = null; // its map, once it is there
    this.op = null; // the step that it is to become
  }

  /** Stop showing it. */
  hide() {
    this.forget();
    this.editor.setGhost(null);
    this.onProblem("");
  }

  /** Show the map that `compute()` promises: {ids, sector}, a null sector being the one that is there; `key` tells requests apart. */
  show(key, compute) {
    if (this.key === key) return;
    Object.assign(this, { key, page: null, op: null });
    this.newest.request({ key, compute });
  }

  /** The same, and compute it a step of the history as soon as it is there, unless something newer is requested first. */
  apply(key, compute, op) {
    this.show(key, compute);
    this.op = op;
    if (this.page) this.done();
  }

  arrived(page, { key }) {
    const { document: map } = this.editor;
    this.onProblem("");
    // Also what is no longer the newest: while a slider is dragged, the ghost follows as fast as it can.
    this.editor.setGhost(differenceBox(map.ids, page.ids, map.width, map.height) ? page.ids : null);
    if (key !== this.key) return;
    this.page = page;
    if (this.op) this.done();
  }

  failed(problem) {
    this.hide();
    this.onProblem(problem.message);
  }

  done() {
    const { document: map } = this.editor;
    const { page, op } = this;
    const { revision } = map;
    if (map.stroke) return; // a hand is quicker; what it draws settles soon and drops this
    map.replace(page.ids, op, page.sector);
    if (map.revision !== revision) return;
    this.op = null;
    this.editor.setGhost(null);
    this.editor.say("That changes nothing.");
  }
}

/** What a tool still holds up, such as a selection that floats, belongs to the map that a panel works on. */
export function settleTool({ tool }) {
  if (tool.leave) tool.leave();
}
