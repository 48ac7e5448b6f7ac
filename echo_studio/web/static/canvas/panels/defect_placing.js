// A defect that has a place is dragged on the canvas: what it changes is what the hand takes hold of.

import { Newest } from "../../common/newest.js";
import { pageAt } from "../document/past.js";

const REACH = 3; // pixels of the map around what the defect changes

export class DefectPlacing {
  /** `place(values)` gets the parameters of the newest place. */
  constructor(editor, link, settings, place) {
    this.editor = editor;
    this.link = link;
    this.settings = settings;
    this.walked = { key: "", ids: null };
    this.defect = null; // {name, position, values()} that can be dragged now
    this.newest = new Newest((point) => this.ask(point), place, (problem) => editor.say(problem.message));
  }

  /** The map before the defect: walking back is not for every move of the pointer, so it is kept while the map stays. */
  get before() {
    const { document: map } = this.editor;
    const { position } = this.defect;
    if (position === null) return map.ids;
    const key = `${map.revision} ${position}`;
    if (this.walked.key !== key) this.walked = { key, ids: pageAt(map, position - 1).ids };
    return this.walked.ids;
  }

  /** Whether a press at a point of the map takes hold of the defect. */
  grabs(x, y) {
    if (!this.defect) return false;
    const { document: map, ghost } = this.editor;
    return differsNear(this.before, ghost || map.ids, map, [x, y], REACH);
  }

  move(point) {
    if (this.defect) this.newest.request(point);
  }

  async ask(point) {
    const { width, height, spacing } = this.editor.document;
    const { name, values } = this.defect;
    const words = JSON.stringify({ defect: name, values: values(), point, view: this.settings.values.view });
    const body = new Blob([this.before.slice(), words], { type: "application/octet-stream" });
    return (await this.link.request(`/defect-place?${new URLSearchParams({ width, height, spacing })}`, { method: "POST", body })).json();
  }
}

/** Whether two maps differ within `reach` pixels of a point. */
export function differsNear(a, b, { width, height }, [x, y], reach) {
  const [column, row] = [Math.floor(x), Math.floor(y)];
  for (let j = Math.max(0, row - reach); j <= Math.min(height - 1, row + reach); j++) {
    for (let i = Math.max(0, column - reach); i <= Math.min(width - 1, column + reach); i++) {
      if (a[j * width + i] !== b[j * width + i]) return true;
    }
  }
  return false;
}
