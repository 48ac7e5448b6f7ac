// The tool that fills a connected region.

import { regionSpans } from "../document/raster.js";

export class Fill {
  constructor(editor) {
    this.editor = editor;
  }

  down(x, y) {
    const { document, label } = this.editor;
    const [column, row] = [Math.floor(x), Math.floor(y)];
    if (column < 0 || row < 0 || column >= document.width || row >= document.height) return;
    document.beginStroke();
    regionSpans(document.ids, document.width, document.height, column, row, (line, x0, x1) =>
      document.writeSpan(line, x0, x1, label));
    document.endStroke({ tool: "fill", label, at: [column, row], locked: this.editor.locks });
  }

  move() {}

  up() {}

  cancel() {}
}
