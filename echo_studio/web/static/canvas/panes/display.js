// How labels are shown: their colours, whether their borders are drawn, and the shape of pixels. A matter of the person, not
// of the project; the tabs beside the Edit tab follow it.

import { fillSelect } from "../../common/dom.js";
import { PALETTES } from "../../common/labels.js";
import { pixelAspect } from "../../common/pixel_shape.js";
import { remember, remembered } from "../../common/remembered.js";
import { LabelBorders } from "../document/borders.js";

const DISPLAY_STORED = "echo-studio.display";

export class Display {
  constructor(root, panes, labels) {
    this.root = root;
    this.panes = panes;
    this.labels = labels;
    this.listeners = new Set(); // something here was changed
    this.borders = new LabelBorders(panes.edit.editor.document);
    this.values = { palette: "standard", outlines: false, proportions: true, ...remembered(DISPLAY_STORED) };
    if (!PALETTES[this.values.palette]) this.values.palette = "standard";
    this.palette = root.querySelector("#palette");
    this.outlines = root.querySelector("#outlines");
    this.proportions = root.querySelector("#proportions");
    fillSelect(this.palette, Object.entries(PALETTES).map(([name, { title }]) => ({ name, title })));
    this.palette.addEventListener("change", () => this.set({ palette: this.palette.value }));
    this.outlines.addEventListener("change", () => this.set({ outlines: this.outlines.checked }));
    this.proportions.addEventListener("change", () => this.set({ proportions: this.proportions.checked }));
    panes.edit.editor.document.listeners.add((box) => box || this.shapePixels());
    this.show();
  }

  set(changes) {
    Object.assign(this.values, changes);
    remember(DISPLAY_STORED, this.values);
    this.show();
  }

  show() {
    const { palette, outlines, proportions } = this.values;
    this.palette.value = palette;
    this.proportions.checked = proportions;
    this.shapePixels();
    this.outlines.checked = outlines;
    for (const label of this.labels) {
      label.colour = PALETTES[palette].colours[label.id];
      this.root.style.setProperty(`--label-${label.id}`, `rgb(${label.colour.join(" ")})`);
    }
    this.panes.edit.borders = outlines ? this.borders : null;
    this.panes.edit.repaint();
    this.panes.result.repaint();
    for (const listener of this.listeners) listener();
  }

  /** How much taller than wide pixels of a spacing ("y,x" in mm, or "") are shown. */
  aspectOf(spacing) {
    return pixelAspect(spacing, this.values.proportions);
  }

  shapePixels() {
    const { viewport, surface, editor } = this.panes.edit;
    const { width, height, spacing } = editor.document;
    viewport.setAspect(this.aspectOf(spacing));
    if (viewport.fitted && surface.clientWidth) viewport.fit(surface.clientWidth, surface.clientHeight, width, height);
  }
}
