// The keyboard of the page: keys reach their bindings, except while the person types in a field.

import { KeyBindings } from "./key_bindings.js";

let silence = null; // ends the keys of an editor that is not shown any more

export class Keys {
  /** `actions`: {commands, chords, holds} of KeyBindings. */
  constructor(root, editor, controls, actions) {
    this.root = root;
    this.bindings = new KeyBindings(editor, controls, actions);
    this.bindings.onPanning = (on) => {
      editor.panning = on;
      root.classList.toggle("panning", on);
    };
    // One page may build the editor twice (a reconnect): the older one must fall silent.
    silence?.abort();
    silence = new AbortController();
    const { signal } = silence;
    window.addEventListener("keydown", (event) => this.down(event), { signal });
    window.addEventListener("keyup", (event) => this.bindings.lift(event), { signal });
    window.addEventListener("blur", () => this.bindings.liftAll(), { signal });
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
    const target = event.target instanceof Element ? event.target : null;
    const onCanvas = !target?.closest("button, a, input, select, [role=tab]");
    const onSlider = Boolean(target?.closest("input[type=range]"));
    if (this.bindings.press(event, { onCanvas, onSlider })) event.preventDefault();
  }
}
