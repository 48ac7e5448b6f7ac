// The steps that are kept, oldest first. A click on one goes to the map as it was after it.

import { historyStates } from "../document/history_words.js";

export class HistoryPanel {
  constructor(inspector, editor) {
    this.inspector = inspector;
    this.editor = editor;
    this.catalog = {};
    this.panel = inspector.panel("history");
    this.panel.innerHTML =
      '<div class="history-moves"><button type="button" data-move="-1" title="Undo (Ctrl+Z)" aria-label="Step back">Undo</button>' +
      '<button type="button" data-move="1" title="Redo (Ctrl+Shift+Z)" aria-label="Step forward">Redo</button></div>' +
      '<ol class="history-steps" aria-label="Steps"></ol>';
    this.list = this.panel.querySelector("ol");
    for (const button of this.panel.querySelectorAll("[data-move]")) {
      button.addEventListener("click", () => (button.dataset.move === "1" ? editor.document.redo() : editor.undo()));
    }
    this.list.addEventListener("click", ({ target }) => {
      const step = target.closest("[data-position]");
      if (step) editor.travel(Number(step.dataset.position));
    });
    this.list.addEventListener("keydown", (event) => this.arrow(event));
    editor.document.listeners.add((box, settled) => settled && this.refresh());
    inspector.listeners.add(() => this.refresh());
  }

  /** Titles of defects and sliders. */
  offer(catalog) {
    this.catalog = catalog;
    this.refresh();
  }

  refresh() {
    if (this.inspector.chosen !== "history") return;
    const { position, undoStack, redoStack } = this.editor.document;
    const held = this.list.contains(document.activeElement); // the keyboard goes along
    this.list.replaceChildren(...historyStates(this.editor.document, this.catalog).map((state) => this.entry(state, position)));
    const current = this.list.querySelector("[aria-current]");
    current.scrollIntoView({ block: "nearest" });
    if (held) current.focus();
    const [undo, redo] = this.panel.querySelectorAll("[data-move]");
    undo.disabled = !undoStack.length;
    redo.disabled = !redoStack.length;
  }

  entry({ position, words }, current) {
    const item = document.createElement("li");
    const button = Object.assign(document.createElement("button"), { type: "button", title: `${words}: go to the map after this step` });
    button.dataset.position = position;
    button.tabIndex = position === current ? 0 : -1;
    if (position === current) button.setAttribute("aria-current", "step");
    if (position > current) button.classList.add("undone");
    const number = Object.assign(document.createElement("span"), { textContent: position });
    button.append(number, words);
    item.append(button);
    return item;
  }

  // Arrows walk through the list, Enter goes there.
  arrow(event) {
    const steps = [...this.list.querySelectorAll("button")];
    const at = steps.indexOf(document.activeElement);
    const next = { ArrowUp: at - 1, ArrowDown: at + 1, Home: 0, End: steps.length - 1 }[event.key];
    if (next === undefined || !steps[next]) return;
    steps[next].focus();
    event.preventDefault();
    event.stopPropagation();
  }
}
