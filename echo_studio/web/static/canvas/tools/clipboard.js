// Copy, cut and paste by the system's clipboard, so that a structure goes from one page to another. The keys are the
// browser's own: it sends the events, and hands over what lies on the clipboard without asking the person.

import { runLengths } from "../document/selection.js";

const STRUCTURE_TYPE = "application/x-echo-studio-structure";
const MOST_PIXELS = 4096 * 4096;

/** A copied structure {label, selection} as text. */
export function structureText({ label, selection }) {
  return JSON.stringify({ label, box: selection.box, mask: runLengths(selection) });
}

/** The structure of such a text, or null where it is something else: anybody can put anything on a clipboard. */
export function structureOf(text) {
  let read;
  try {
    read = JSON.parse(text);
  } catch {
    return null;
  }
  const { label, box, mask } = read || {};
  if (![1, 2, 3].includes(label) || !Array.isArray(box) || box.length !== 4 || !box.every(Number.isInteger) || typeof mask !== "string") return null;
  const [wide, high] = [box[2] - box[0] + 1, box[3] - box[1] + 1];
  const runs = mask.split(",").map(Number);
  const whole = runs.every((run) => Number.isInteger(run) && run >= 0);
  if (wide < 1 || high < 1 || wide * high > MOST_PIXELS || !whole || runs.reduce((sum, run) => sum + run, 0) !== wide * high) return null;
  const ids = new Uint8Array(wide * high);
  let at = 0;
  runs.forEach((run, k) => {
    if (k % 2) ids.fill(label, at, at + run);
    at += run;
  });
  return { label, selection: { box, wide, ids } };
}

let silence = null; // ends the events of an editor that is not shown any more

export class Clipboard {
  constructor(root, editor, actions) {
    this.root = root;
    this.editor = editor;
    this.actions = actions; // StructureActions
    silence?.abort();
    silence = new AbortController();
    const { signal } = silence;
    window.addEventListener("copy", (event) => this.take(event, () => actions.copy()), { signal });
    window.addEventListener("cut", (event) => this.take(event, () => actions.cut()), { signal });
    window.addEventListener("paste", (event) => this.paste(event), { signal });
  }

  /** The event is about the map: the tab is shown, and the person neither types nor has marked words. */
  isOurs({ target }) {
    if (this.root.offsetParent === null || this.root.querySelector("dialog[open]") || String(window.getSelection())) return false;
    const field = target instanceof Element && target.closest("textarea, [contenteditable=true], input");
    return !(field && !["range", "radio", "checkbox", "button"].includes(/** @type {HTMLInputElement} */ (field).type));
  }

  take(event, act) {
    if (!this.isOurs(event) || act() === false) return;
    event.clipboardData.setData(STRUCTURE_TYPE, structureText(this.editor.clipboard));
    event.preventDefault();
  }

  paste(event) {
    if (!this.isOurs(event)) return;
    const structure = structureOf(event.clipboardData.getData(STRUCTURE_TYPE));
    if (structure) this.editor.clipboard = structure;
    this.actions.paste(this.editor.cursor);
    event.preventDefault();
  }
}
