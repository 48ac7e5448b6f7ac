// The field that shows the brush's size in pixels and, where the size of a pixel is known, in millimetres.

import { brushSizeWords, parseBrushSize, pixelSize } from "./brush_size.js";

export class BrushField {
  constructor(input, editor) {
    this.input = input;
    this.editor = editor;
    input.addEventListener("focus", () => input.select());
    input.addEventListener("change", () => this.apply());
    input.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== "Escape") return;
      if (event.key === "Escape") input.value = this.words;
      input.blur();
      event.stopPropagation();
    });
    input.addEventListener("blur", () => this.show());
  }

  /** Size of a pixel in mm, or null. */
  get millimetres() {
    return pixelSize(this.editor.document.spacingMm);
  }

  get words() {
    return brushSizeWords(this.editor.size, this.millimetres);
  }

  show() {
    if (document.activeElement !== this.input) this.input.value = this.words;
  }

  apply() {
    try {
      this.editor.resize(parseBrushSize(this.input.value, this.millimetres));
    } catch (problem) {
      this.editor.say(problem.message);
    }
  }
}
