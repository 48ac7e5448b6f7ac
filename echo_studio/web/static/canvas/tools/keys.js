// Keyboard. A key does what a button does, and nothing while the person types in a field.

const TOOL_KEYS = { b: "brush", e: "eraser", f: "fill", p: "polygon", l: "lasso", m: "move", d: "deform" };

let silence = null; // ends the keys of an editor that is not shown any more

export class Keys {
  /** `commands` are functions by key; `chords` by key with Ctrl; `holds` are called with true and false, by place of the key. */
  constructor(root, editor, controls, commands, chords, holds) {
    this.root = root;
    this.editor = editor;
    this.controls = controls;
    this.commands = commands;
    this.chords = chords;
    this.holds = holds;
    // One page may build the editor twice (a reconnect): the older one must fall silent.
    silence?.abort();
    silence = new AbortController();
    const { signal } = silence;
    window.addEventListener("keydown", (event) => this.down(event), { signal });
    window.addEventListener("keyup", (event) => this.up(event), { signal });
    window.addEventListener("blur", () => this.release(), { signal });
  }

  typing(event) {
    const { target } = event;
    if (!(target instanceof Element)) return false;
    if (target.closest("textarea, select, [contenteditable=true], [role=listbox], [role=combobox]")) return true;
    const input = target.closest("input");
    // A field for numbers has no use for letters, so after typing a seed G generates at once.
    if (input && (input.type === "number" || input.inputMode === "numeric") && /^[a-df-z]$/i.test(event.key)) return false;
    return Boolean(input) && !["range", "radio", "checkbox", "button"].includes(input.type);
  }

  down(event) {
    if (this.root.offsetParent === null || this.root.querySelector("dialog[open]") || this.typing(event)) return;
    const key = event.key.toLowerCase();
    const handled = event.ctrlKey || event.metaKey ? this.chord(key, event.shiftKey) : !event.altKey && this.plain(key, event);
    if (handled) event.preventDefault();
  }

  chord(key, shift) {
    if (key === "z" && !shift) this.editor.undo();
    else if (key === "z") this.editor.document.redo();
    else if (key === "y") this.editor.document.redo();
    else if (this.chords[key]) return this.chords[key](shift) !== false;
    else return false;
    return true;
  }

  plain(key, event) {
    const { editor, controls } = this;
    if (editor.tool.keydown && this.onCanvas(event) && editor.tool.keydown(event)) return true;
    // The digit row by its place, because Shift+1 is another character on every layout.
    const digit = /^(?:Digit|Numpad)([0-4])$/.exec(event.code);
    if (digit) {
      if (event.repeat) return true;
      if (event.shiftKey) editor.toggleLock(Number(digit[1]));
      else editor.chooseLabel(Number(digit[1]));
    } else if (/^[0-4]$/.test(key)) editor.chooseLabel(Number(key));
    else if (TOOL_KEYS[key] && editor.tools[TOOL_KEYS[key]]) editor.choose(TOOL_KEYS[key]);
    else if (key === "[") editor.nudgeSize(-1);
    else if (key === "]") editor.nudgeSize(1);
    else if (key === "+" || key === "=") controls.zoom(1.25);
    else if (key === "-") controls.zoom(0.8);
    else if (key === "h") controls.fit();
    else if (key === "c") controls.setContours(!controls.panes.result.contours);
    else if (key === " ") return this.space(event);
    else if (key === "enter") return this.finishOutline(event);
    else if (key === "escape") return this.escape();
    else if (this.holds[event.code]) this.holds[event.code](true);
    else if (this.commands[key] && !event.repeat) this.commands[key]();
    else return false;
    return true;
  }

  /** The person is not on a control that has its own use for keys such as arrows and Enter. */
  onCanvas(event) {
    return !(event.target instanceof Element && event.target.closest("button, a, input, select, [role=tab]"));
  }

  // On a focused button Space must press it; over the canvas, or on a slider, which has no use for it, it pans.
  space(event) {
    const slider = event.target instanceof Element && event.target.closest("input[type=range]");
    if (!slider && !this.onCanvas(event)) return false;
    this.setPanning(true);
    return true;
  }

  // Enter ends what is under way; else it takes what a panel proposes.
  finishOutline(event) {
    if (!this.onCanvas(event)) return false;
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

  up(event) {
    if (event.key === " ") this.setPanning(false);
    else if (this.holds[event.code]) this.holds[event.code](false);
  }

  release() {
    this.setPanning(false);
    for (const hold of Object.values(this.holds)) hold(false);
  }

  setPanning(on) {
    this.editor.panning = on;
    this.root.classList.toggle("panning", on);
  }
}
