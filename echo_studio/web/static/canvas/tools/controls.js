// Buttons, sliders and the status line. Each control shows its key in its tooltip and carries an accessible name.

import { LABEL_KEYS } from "../../common/labels.js";
import { fillSelect } from "../../common/dom.js";
import { BrushField } from "./brush_field.js";

// What a click operates at once; a slider or a field needs the focus.
const CLICKED_ONLY = "button, .switch, input[type=checkbox], input[type=radio]";

export class Controls {
  constructor(root, editor, panes, viewport, labels) {
    this.root = root;
    this.editor = editor;
    this.panes = panes;
    this.viewport = viewport;
    this.labels = labels;
    this.addLabels();
    // A click leaves the focus where it was: else Space would press Undo again instead of panning.
    root.addEventListener("mousedown", (event) => {
      if (event.target instanceof Element && event.target.closest(CLICKED_ONLY)) event.preventDefault();
    });
    for (const button of root.querySelectorAll("[data-tool]")) {
      button.addEventListener("click", () => editor.choose(button.dataset.tool));
    }
    const actions = {
      undo: () => editor.undo(),
      redo: () => editor.document.redo(),
      smaller: () => editor.nudgeSize(-1),
      larger: () => editor.nudgeSize(1),
      "zoom-in": () => this.zoom(1.25),
      "zoom-out": () => this.zoom(0.8),
      fit: () => this.fit(),
      contours: () => this.setContours(!panes.result.contours),
    };
    for (const [name, action] of Object.entries(actions)) this.part(name).addEventListener("click", action);
    this.onInput("size", (value) => editor.resize(value));
    this.brushField = new BrushField(this.part("size-field"), editor);
    this.onInput("opacity", (value) => {
      panes.edit.opacity = value / 100;
      panes.edit.redraw();
    });
    this.optionsOf = null;
    editor.listeners.add(() => this.refresh());
    editor.document.listeners.add(() => this.refresh());
    viewport.listeners.add(() => this.refresh());
  }

  part(name) {
    return this.root.querySelector(`[data-part="${name}"]`);
  }

  onInput(name, change) {
    const input = this.part(name);
    const apply = () => {
      change(Number(input.value));
      const readout = this.part(`${name}-value`);
      if (readout) readout.textContent = `${input.value} %`;
    };
    input.addEventListener("input", apply);
    apply();
  }

  addLabels() {
    const list = this.part("labels");
    for (const { id, name } of this.labels) {
      const row = document.createElement("div");
      row.className = "label-row";
      row.innerHTML =
        `<button type="button" class="label" data-label="${id}" title="Paint ${name} (${LABEL_KEYS[id]})">` +
        `<span class="swatch" style="background: var(--label-${id})"></span><span class="name">${name}</span><kbd>${LABEL_KEYS[id]}</kbd></button>` +
        `<button type="button" class="eye" data-hide="${id}" aria-label="Hide ${name}"` +
        ` title="Hide: only from sight. A hidden label can be painted over unless it is locked (U hides the chosen label)">` +
        '<svg viewBox="0 0 16 16" aria-hidden="true"><path d="M1.500 8C3.500 4.500 5.500 3.500 8 3.500s4.500 1 6.500 4.500c-2 3.500-4 4.500-6.500 4.500S3.500 11.500 1.500 8z"/>' +
        '<circle cx="8" cy="8" r="2"/><path class="slash" d="m2.500 13.500 11-11"/></svg></button>' +
        `<button type="button" class="lock" data-lock="${id}" aria-label="Lock ${name}"` +
        ' title="Lock: the drawing tools leave this label as it is' + (id > 4 ? "" : ` (Shift+${id})`) + '">' +
        '<svg viewBox="0 0 16 16" aria-hidden="true"><path class="shackle" d="M5 7V5a3 3 0 0 1 6 0v2"/>' +
        '<rect x="3.5" y="7" width="9" height="6.5" rx="1.2"/></svg></button>';
      row.querySelector(".label").setAttribute("aria-label", `Paint ${name}`);
      row.querySelector(".label").addEventListener("click", () => this.editor.chooseLabel(id));
      row.querySelector(".lock").addEventListener("click", () => this.editor.toggleLock(id));
      list.append(row);
    }
  }

  /** The options of the tool, which may change while it is used. */
  refreshOptions() {
    const { tool } = this.editor;
    const options = tool.options ? tool.options() : [];
    const described = JSON.stringify([this.editor.toolName, options, options.map(({ key }) => tool[key])]);
    if (described === this.optionsOf) return;
    this.optionsOf = described;
    this.part("options").replaceChildren(...options.map((option) => this.optionControl(tool, option)));
  }

  optionControl(tool, { type, key, label, choices, title }) {
    const change = (value) => {
      tool.setOption(key, value);
      this.editor.redraw();
    };
    if (type === "button") {
      const button = Object.assign(document.createElement("button"), { type: "button", textContent: label });
      button.addEventListener("click", () => change(true));
      button.title = title || label;
      return button;
    }
    const wrap = Object.assign(document.createElement("label"), { className: type === "toggle" ? "switch" : "field" });
    wrap.title = title || label;
    if (type === "toggle") {
      const box = Object.assign(document.createElement("input"), { type: "checkbox", checked: tool[key] });
      box.addEventListener("change", () => change(box.checked));
      wrap.append(box, ` ${label}`);
      return wrap;
    }
    const select = document.createElement("select");
    fillSelect(select, choices.map(([name, words]) => ({ name, title: words })));
    select.value = tool[key];
    select.addEventListener("change", () => change(select.value));
    wrap.append(label, select);
    return wrap;
  }

  setContours(on) {
    this.panes.result.contours = on;
    this.panes.result.redraw();
    this.refresh();
  }

  /** The canvas of the pane that is seen: one may have given its place to the other. */
  get stage() {
    const { edit, result } = this.panes;
    return edit.surface.clientWidth ? edit.surface : result.surface;
  }

  zoom(factor) {
    const { clientWidth, clientHeight } = this.stage;
    this.viewport.zoomAt(clientWidth / 2, clientHeight / 2, factor);
  }

  fit() {
    const { clientWidth, clientHeight } = this.stage;
    const { width, height } = this.editor.document;
    if (clientWidth) this.viewport.fit(clientWidth, clientHeight, width, height);
  }

  refresh() {
    const { editor } = this;
    const press = (element, on) => element.setAttribute("aria-pressed", String(on));
    for (const button of this.root.querySelectorAll("[data-tool]")) press(button, button.dataset.tool === editor.toolName);
    for (const button of this.root.querySelectorAll("[data-label]")) {
      press(button, Number(button.dataset.label) === editor.label && editor.toolName !== "eraser");
    }
    for (const button of this.root.querySelectorAll("[data-lock]")) {
      press(button, editor.document.locked.has(Number(button.dataset.lock)));
    }
    press(this.part("contours"), this.panes.result.contours);
    this.part("undo").disabled = !editor.document.undoStack.length;
    this.part("redo").disabled = !editor.document.redoStack.length;
    this.refreshOptions();
    this.part("size").max = editor.largestBrush;
    this.part("size").value = editor.size;
    this.brushField.show();
    this.part("zoom-value").textContent = `${Math.round(this.viewport.scale * 100)} %`;
    this.refreshStatus();
  }

  refreshStatus() {
    const { cursor, document: map } = this.editor;
    const [x, y] = (cursor || [-1, -1]).map(Math.floor);
    const over = x >= 0 && y >= 0 && x < map.width && y < map.height;
    this.part("position").textContent = over ? `x ${x}  y ${y}` : "x –  y –";
    this.part("under").textContent = over ? this.labels[map.ids[y * map.width + x]].name : "–";
    this.part("status-size").textContent = `Brush ${this.brushField.words}`;
    this.part("dimensions").textContent = `${map.width} × ${map.height}`;
  }

  say(message) {
    this.part("problem").textContent = message;
  }
}
