// Drafts that follow the hand: while a stroke, a drag or a slider goes on, the newest map is sent as soon as the last draft
// is back. When the hand rests, `Generation` takes over with a draft of its own, where none is there yet, and the frame.

import { requestDraft } from "./draft_request.js";
import { Newest } from "../../common/newest.js";

const SLOW_SECONDS = 1.5; // nobody takes such a draft for one that follows
const NO_DRAFT = 422; // the server's answer to settings that have none: it holds until they change
const SLOW_DRAFTS = 2; // in a row: the first one may have waited for its weights

export class LiveDraft {
  constructor(link, editor, settings, generation) {
    this.link = link;
    this.editor = editor;
    this.settings = settings;
    this.generation = generation;
    this.moving = false;
    this.ghost = null; // the proposed map that is followed
    this.slow = 0; // drafts in a row that were
    this.refusal = null; // why there is no draft
    this.newest = new Newest(() => this.draft(), (answer) => this.arrived(answer), (problem) => this.failed(problem));
    editor.document.listeners.add((box, settled) => (settled || !editor.document.stroke ? this.rest(settled) : this.follow()));
    editor.listeners.add(() => this.proposed());
    settings.listeners.add(() => {
      this.slow = 0;
      this.refusal = null;
    });
  }

  /** Request a draft of the newest map, if drafts are quick enough here. */
  follow() {
    if (!this.settings.values.live || this.editor.document.revision < 0 || this.refusal || this.slow >= SLOW_DRAFTS) return;
    if (!this.moving) this.generation.hold();
    this.moving = true;
    this.newest.request(null);
  }

  /** The stroke is over; one that left the map as it was has no new job of its own. */
  rest(settled) {
    if (this.refusal?.status !== NO_DRAFT) this.refusal = null; // a server that was busy or away may be back
    if (!this.moving) return;
    this.moving = false;
    this.newest.drop();
    this.editor.result.rest();
    if (!settled) this.generation.soon();
  }

  /** A slider proposes another map, or its proposal has gone. */
  proposed() {
    const { ghost } = this.editor;
    if (ghost === this.ghost) return;
    this.ghost = ghost;
    if (ghost) this.follow();
    else this.rest(false);
  }

  async draft() {
    const { width, height, spacing, ids: drawn } = this.editor.document;
    const ids = (this.ghost || drawn).slice();
    const source = this.generation.source();
    const began = performance.now();
    const bitmap = await requestDraft(this.link, { ids, width, height, spacing }, this.settings.values, source);
    return { bitmap, ids, width, height, began, edited: Boolean(source) };
  }

  arrived(page) {
    const seconds = (performance.now() - page.began) / 1000;
    if (page.bitmap) this.editor.result.showFollowing(page);
    this.slow = seconds > SLOW_SECONDS ? this.slow + 1 : 0;
    if (this.slow === SLOW_DRAFTS) this.editor.say(`A draft takes ${seconds.toFixed(1)} s here: the picture comes when the hand rests.`);
  }

  /** No draft to follow with: the frame comes at the end of the stroke, and says what is wrong if it fails too. */
  failed(problem) {
    this.refusal = problem;
  }
}
