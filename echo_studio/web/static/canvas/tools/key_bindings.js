// What each key does. A key does what a button does; where the person types is the business of keys.js.

import { LABEL_KEYS } from "../../common/labels.js";

const TOOL_KEYS = { b: "brush", e: "eraser", f: "fill", p: "polygon", l: "lasso", m: "move", d: "deform" };

export class KeyBindings {
  /** `commands` are functions by key; `chords` by key with Ctrl; `holds` are called with true and false, by place of the key. */
  constructor(editor, controls, { commands, chords, holds }) {
    this.editor = editor;
    this.controls = controls;
    this.commands = commands;
    this.chords = chords;
    this.holds = holds;
    this.onPanning = (_on) => {};
  }

  /** A key goes down. `onCanvas`: the focus is on no control that has its own use for it. False where the key means nothing. */
  press(event, { onCanvas = true, onSlider = false } = {}) {
    const key = event.key.toLowerCase();
    if (event.ctrlKey || event.metaKey) return this.chord(key, event.shiftKey);
    return !event.altKey && this.plain(key, event, onCanvas, onSlider);
  }

  chord(key, shift) {
    if (key === "z" && !shift) this.editor.undo();
    else if (key === "z") this.editor.document.redo();
    else if (key === "y") this.editor.document.redo();
    else if (this.chords[key]) return this.chords[key](shift) !== false;
    else return false;
    return true;
  }

  plain(key, event, onCanvas, onSlider) {
    const { editor, controls } = this;
    if (editor.tool.keydown && onCanvas && editor.tool.keydown(event)) return true;
    // The digit row by its place, because Shift+1 is another character on every layout.
    const digit = /^(?:Digit|Numpad)([0-4])$/.exec(event.code);
    if (digit) {
      if (event.repeat) return true;
      if (event.shiftKey) editor.toggleLock(Number(digit[1]));
      else editor.chooseLabel(Number(digit[1]));
    } else if (LABEL_KEYS.includes(key)) editor.chooseLabel(LABEL_KEYS.indexOf(key));
    else if (TOOL_KEYS[key] && editor.tools[TOOL_KEYS[key]]) editor.choose(TOOL_KEYS[key]);
    else if (key === "[") editor.nudgeSize(-1);
    else if (key === "]") editor.nudgeSize(1);
    else if (key === "+" || key === "=") controls.zoom(1.25);
    else if (key === "-") controls.zoom(0.8);
    else if (key === "h") controls.fit();
    else if (key === "c") controls.setContours(!controls.panes.result.contours);
    else if (key === " ") {
      // On a focused button Space must press it; over the canvas, or on a slider, which has no use for it, it pans.
      if (!onSlider && !onCanvas) return false;
      this.onPanning(true);
    } else if (key === "enter") return onCanvas && this.finish();
    else if (key === "escape") return this.escape();
    else if (this.holds[event.code]) this.holds[event.code](true);
    else if (this.commands[key] && !event.repeat) this.commands[key]();
    else return false;
    return true;
  }

  // Enter ends what is under way; else it applies what a panel proposes.
  finish() {
    const { tool } = this.editor;
    if (!tool.busy && this.commands.enter()) return true;
    if (tool.finish) tool.finish();
    return Boolean(tool.finish);
  }

  // Escape stops what is under way: an outline first, then the job.
  escape() {
    const { tool } = this.editor;
    if (tool.busy) tool.cancel();
    else this.commands.escape();
    return true;
  }

  /** A key goes up. */
  lift({ key, code }) {
    if (key === " ") this.onPanning(false);
    else if (this.holds[code]) this.holds[code](false);
  }

  /** The window has lost the keyboard: no key is held any more. */
  liftAll() {
    this.onPanning(false);
    for (const hold of Object.values(this.holds)) hold(false);
  }
}
