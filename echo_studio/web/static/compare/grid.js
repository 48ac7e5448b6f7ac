// The cells in their rows and columns, or in the order of a figure, the best one first.

import { CompareCell } from "./cell.js";
import { differenceCanvas, differenceRange } from "./difference.js";
import { Guides, mapThumb } from "./guides.js";
import { ranked } from "./ranking.js";

export class CompareGrid {
  /** `display` is the Edit tab's: how labels and pixels are shown. */
  constructor(root, link, display, lens, acts) {
    this.root = root;
    this.display = display;
    this.link = link;
    this.lens = lens;
    this.acts = acts;
    this.place = root.querySelector("[data-cmp=cells]");
    this.empty = root.querySelector("[data-cmp=empty]");
    this.cells = [];
    this.status = null;
    this.mode = "frames"; // or "difference"
    this.ranking = ""; // a name of RANKINGS
    this.swapped = null; // a cell's number, or "all", while the reference is shown there
    this.differences = new Map();
    this.guides = new Guides(link);
    lens.listeners.add(() => this.redraw());
    display.listeners.add(() => this.rearrange());
    new ResizeObserver(() => this.redraw()).observe(this.place);
  }

  /** A comparison begins: nothing of the older one stays. */
  begin(status) {
    this.status = status; // whoever draws the new cells must not look into the older comparison
    this.cells = status.cells.map((_, number) => new CompareCell(number, this.lens, this.acts));
    this.fetched = new Set();
    this.differences.clear();
    this.guides.clear();
    this.arranged = null;
    this.empty.hidden = true;
    this.lens.fit();
    this.update(status);
  }

  update(status) {
    if (this.status && this.status.reference !== status.reference) this.differences.clear();
    this.status = status;
    status.cells.forEach((cell, number) => {
      this.cells[number].update(cell, this.nameOf(cell), [status.rows.name, status.columns.name], number === status.reference);
      if (cell.state === "done") this.fetch(number).catch((problem) => this.acts.say(problem.message));
    });
    this.arrange();
    this.redraw();
  }

  nameOf({ row, column }) {
    const { rows, columns } = this.status;
    return `${rows.headings[row]}, ${columns.headings[column]}`;
  }

  async fetch(number) {
    if (this.fetched.has(number)) return;
    this.fetched.add(number);
    const { comparison } = this.status;
    const [reply] = await Promise.all([
      this.link.request(`/comparisons/${comparison}/cells/${number}/frame`),
      this.guides.of(comparison, number, this.status.cells[number].settings.label_map),
    ]);
    const bitmap = await createImageBitmap(await reply.blob(), { colorSpaceConversion: "none" });
    if (this.status.comparison !== comparison) return; // another one was begun meanwhile
    this.cells[number].tile.take(bitmap);
    this.differences.clear(); // their common range may be wider now
    this.redraw();
  }

  arrange() {
    const ranks = this.ranking ? ranked(this.status.cells, this.ranking) : null;
    const key = `${this.status.comparison} ${ranks ? [this.ranking, ...ranks.known, "", ...ranks.rest] : ""}`;
    if (key === this.arranged) return;
    this.arranged = key;
    const active = /** @type {HTMLElement} */ (document.activeElement);
    const focused = this.place.contains(active) ? active : null;
    this.place.replaceChildren(this.empty, ranks ? this.list(ranks) : this.table());
    focused?.focus();
  }

  /** Headings have pictures of label maps: with another display they are drawn anew, as the cells are. */
  rearrange() {
    if (!this.status) return;
    this.arranged = null;
    this.arrange();
    this.redraw();
  }

  table() {
    const { rows, columns } = this.status;
    const table = Object.assign(document.createElement("table"), { className: "cmp-table" });
    const head = table.createTHead().insertRow();
    const corner = document.createElement("td");
    head.append(corner, ...columns.headings.map((words, column) => this.heading(words, "col", columns, column)));
    const body = table.createTBody();
    rows.headings.forEach((words, row) => {
      const line = body.insertRow();
      line.append(this.heading(words, "row", rows, row * columns.headings.length));
      columns.headings.forEach((_, column) => {
        const cell = this.cells[row * columns.headings.length + column];
        cell.rank.hidden = true;
        line.insertCell().append(cell.element);
      });
    });
    return table;
  }

  /** What a row or column is called, above a picture of its label map where that is what varies. */
  heading(words, scope, axis, number) {
    const cell = Object.assign(document.createElement("th"), { textContent: words, scope, title: words });
    if (axis.name === "label_map") {
      this.guides.of(this.status.comparison, number, words).then((map) => cell.append(mapThumb(map, this.display.aspectOf(map.spacing))), () => {});
    }
    return cell;
  }

  list({ known, rest }) {
    const list = Object.assign(document.createElement("ol"), { className: "cmp-list" });
    [...known, ...rest].forEach((number, place) => {
      const { element, rank } = this.cells[number];
      rank.hidden = place >= known.length;
      rank.textContent = place + 1;
      const item = document.createElement("li");
      item.append(element);
      list.append(item);
    });
    return list;
  }

  redraw() {
    if (!this.status) return;
    const reference = this.cells[this.status.reference].tile;
    for (const { number, tile } of this.cells) {
      const swapped = this.swapped === "all" || this.swapped === number;
      const picture = swapped ? reference.bitmap : this.mode === "difference" ? this.difference(number) : tile.bitmap;
      tile.show(picture, this.display.aspectOf(this.mapOf(swapped ? this.status.reference : number)?.spacing));
      this.cells[number].element.classList.toggle("swapped", swapped && Boolean(reference.bitmap));
    }
  }

  /** What the difference view shows of a cell; its frame where there is nothing to subtract. */
  difference(number) {
    const { tile } = this.cells[number];
    const reference = this.cells[this.status.reference].tile;
    if (!tile.grey || !reference.grey || !sameSize(tile.bitmap, reference.bitmap)) return null;
    if (!this.differences.has(number)) {
      const range = this.range();
      this.differences.set(number, differenceCanvas(tile.grey, reference.grey, this.mapOf(number), range));
    }
    return this.differences.get(number);
  }

  mapOf(number) {
    return this.guides.ready.get(this.status.cells[number].settings.label_map);
  }

  /** Grey levels at full colour, the same in all cells. */
  range() {
    const reference = this.cells[this.status.reference].tile;
    if (!this.differences.size) {
      const others = this.cells.filter(({ number }) => number !== this.status.reference);
      const like = others.filter(({ tile: { grey, bitmap } }) => grey && sameSize(bitmap, reference.bitmap));
      this.known = differenceRange(like.map(({ number, tile }) => [tile.grey, this.mapOf(number).ids]), reference.grey);
      this.acts.range(this.known);
    }
    return this.known;
  }
}

function sameSize(one, other) {
  return one.width === other.width && one.height === other.height;
}
