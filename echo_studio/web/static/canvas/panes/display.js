// How labels are shown: their colours and whether their borders are drawn. A matter of the person, not of the project.

import { fillSelect } from "../../common/dom.js";
import { PALETTES } from "../../common/labels.js";
import { remember, remembered } from "../../common/remembered.js";
import { LabelBorders } from "../document/borders.js";

const DISPLAY_STORED = "echo-studio.display";

export class Display {
  constructor(root, panes, labels) {
    this.root = root;
    this.panes = panes;
    this.labels = labels;
    this.borders = new LabelBorders(panes.edit.editor.document);
    this.values = { palette: "standard", outlines: false, ...remembered(DISPLAY_STORED) };
    if (!PALETTES[this.values.palette]) this.values.palette = "standard";
    this.palette = root.querySelector("#palette");
    this.outlines = root.querySelector("#outlines");
    fillSelect(this.palette, Object.entries(PALETTES).map(([name, { title }]) => ({ name, title })));
    this.palette.addEventListener("change", () => this.set({ palette: this.palette.value }));
    this.outlines.addEventListener("change", () => this.set({ outlines: this.outlines.checked }));
    this.show();
  }

  set(changes) {
    Object.assign(this.values, changes);
    remember(DISPLAY_STORED, this.values);
    this.show();
  }

  show() {
    const { palette, outlines } = this.values;
    this.palette.value = palette;
    this.outlines.checked = outlines;
    for (const label of this.labels) {
      label.colour = PALETTES[palette].colours[label.id];
      this.root.style.setProperty(`--label-${label.id}`, `rgb(${label.colour.join(" ")})`);
    }
    this.panes.edit.borders = outlines ? this.borders : null;
    this.panes.edit.repaint();
    this.panes.result.repaint();
  }
}
