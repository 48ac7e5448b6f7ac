// The field that shows the brush's size in pixels and, where the size of a pixel is known, in millimetres.

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

  /** Size of a pixel in mm: the geometric mean of its sides, or null. */
  get millimetres() {
    const { spacingMm } = this.editor.document;
    return spacingMm && Math.sqrt(spacingMm[0] * spacingMm[1]);
  }

  get words() {
    const { size } = this.editor;
    return this.millimetres ? `${size} px · ${(size * this.millimetres).toFixed(1)} mm` : `${size} px`;
  }

  show() {
    if (document.activeElement !== this.input) this.input.value = this.words;
  }

  // "12", "12 px", "4 mm", "3,5 mm": the first number and its unit count.
  apply() {
    const [, digits, unit] = /^\s*(\d+(?:[.,]\d+)?)\s*(mm|px)?/i.exec(this.input.value) || [];
    const value = Number((digits || "").replace(",", "."));
    const inMm = (unit || "").toLowerCase() === "mm";
    if (!(value > 0)) this.editor.say('Expected a brush size such as "12" or "4 mm".');
    else if (inMm && !this.millimetres) this.editor.say("The size of a pixel is not known here: give the brush in pixels.");
    else this.editor.resize(inMm ? value / this.millimetres : value);
  }
}
