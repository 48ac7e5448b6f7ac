// The pane of the label map that is edited. The frame beside it is in result_pane.js.

import { addLoop, outlines } from "../../common/contours.js";
import { brushCell } from "../document/raster.js";
import { LabelRaster } from "./label_raster.js";
import { Pane } from "./pane.js";

export class EditPane extends Pane {
  constructor(surface, viewport, editor, labels) {
    super(surface, viewport);
    this.editor = editor;
    this.labels = labels;
    this.opacity = 1;
    this.backdrop = null; // a real frame under the labels
    this.borders = null; // LabelBorders, where they are shown
    this.mark = surface.parentElement.querySelector(".mark"); // where a synthetic frame shows through
    this.raster = new LabelRaster(this.palette());
    this.proposal = new LabelRaster(this.palette());
    editor.document.listeners.add((box) => {
      this.raster.update(editor.document.ids, editor.document.width, editor.document.height, box);
      this.redraw();
    });
  }

  palette() {
    return this.labels.map(({ id, colour }) => [...colour, this.editor.hidden.has(id) ? 0 : 255]);
  }

  /** After labels were hidden or shown, or the colours changed. */
  repaint() {
    const { ids, width, height } = this.editor.document;
    for (const raster of [this.raster, this.proposal]) raster.recolour(this.palette());
    this.raster.update(ids, width, height, null);
    this.ghostShown = null;
    this.redraw();
  }

  draw(context) {
    const { document: map, frame, ghost, tool } = this.editor;
    const beneath = this.backdrop || frame;
    const veiled = this.opacity < 1 || this.editor.hidden.size > 0;
    this.mark.hidden = !veiled || !frame || beneath !== frame;
    if (beneath && veiled) this.drawRaster(beneath, map.width, map.height, { smooth: true });
    this.drawRaster(this.raster.canvas, map.width, map.height, { alpha: this.opacity });
    if (this.borders) this.borders.draw(this);
    if (ghost) this.drawGhost(context, ghost);
    context.strokeStyle = getComputedStyle(this.surface).getPropertyValue("--edge");
    context.lineWidth = 1;
    const { x, y, scale, aspect } = this.viewport;
    context.strokeRect(x - 0.5, y - 0.5, map.width * scale + 1, map.height * scale * aspect + 1);
    for (const mark of this.editor.marks) this.drawMark(context, mark);
    if (tool.draw) tool.draw(context, this.viewport);
    this.drawRing(context);
  }

  // What would change is drawn in its new colour and outlined, so that the old shape stays readable beneath.
  drawGhost(context, ghost) {
    const { width, height, ids } = this.editor.document;
    if (this.ghostShown !== ghost) {
      this.ghostShown = ghost;
      this.ghostPath = new Path2D();
      const changed = ghost.map((id, i) => (id === ids[i] ? 0 : 1));
      for (const loop of outlines(changed, width, height, [1])) addLoop(this.ghostPath, loop);
      this.proposal.update(ghost, width, height, null);
      this.proposal.keepOnly(changed);
    }
    this.drawRaster(this.proposal.canvas, width, height, { alpha: 0.8 });
    context.setLineDash([5, 4]);
    this.strokeInMap(this.ghostPath, "#000", 2.5);
    this.strokeInMap(this.ghostPath, "#fff", 1.25);
    context.setLineDash([]);
  }

  drawMark(context, { place, chosen }) {
    const [x, y] = this.viewport.toPane(...place);
    const radius = chosen ? 13 : 9;
    for (const [colour, width] of [["#000", 4.5], [chosen ? "#fff" : "#ffb020", 2]]) {
      context.beginPath();
      context.arc(x, y, radius, 0, 2 * Math.PI);
      context.strokeStyle = colour;
      context.lineWidth = width;
      context.stroke();
    }
  }

  // The ring lies on the pixels that a click would paint, so it snaps as the brush does.
  drawRing(context) {
    const { cursor, size, tool } = this.editor;
    if (!cursor || !tool.usesBrush) return;
    const offset = size % 2 ? 0.5 : 0;
    const [x, y] = this.viewport.toPane(brushCell(cursor[0], size) + offset, brushCell(cursor[1], size) + offset);
    const radius = Math.max(1.5, (size / 2) * this.viewport.scale);
    for (const [colour, width] of [["rgba(0, 0, 0, 0.8)", 3], ["#fff", 1.25]]) {
      context.beginPath();
      context.ellipse(x, y, radius, radius * this.viewport.aspect, 0, 0, 2 * Math.PI);
      context.strokeStyle = colour;
      context.lineWidth = width;
      context.stroke();
    }
  }
}
