// The cells in their rows and columns, or in the order of a figure, the best one first.

import { CompareCell } from "./cell.js";
import { differenceCanvas, differenceRange } from "./difference.js";
import { Guides, mapThumb } from "./guides.js";

export const ORDERS = [
  { name: "", title: "Rows and columns" },
  { name: "seconds", title: "Latency", less: true },
  { name: "nfe", title: "NFE", less: true },
  { name: "lv_endo", title: "LV cavity" },
  { name: "lv_epi", title: "LV epicardium" },
  { name: "la", title: "Left atrium" },
  { name: "adherence", title: "Mean adherence" },
  { name: "rmse", title: "RMSE to reference", less: true },
];

export class CompareGrid {
  constructor(root, link, lens, acts) {
    this.root = root;
    this.link = link;
    this.lens = lens;
    this.acts = acts;
    this.place = root.querySelector("[data-cmp=cells]");
    this.empty = root.querySelector("[data-cmp=empty]");
    this.cells = [];
    this.told = null;
    this.mode = "frames"; // or "difference"
    this.order = "";
    this.held = null; // a cell's number, or "all", while the reference is shown
    this.differences = new Map();
    this.guides = new Guides(link);
    lens.listeners.add(() => this.redraw());
    new ResizeObserver(() => this.redraw()).observe(this.place);
  }

  /** A comparison begins: nothing of the older one stays. */
  begin(told) {
    this.cells = told.cells.map((_, number) => new CompareCell(number, this.lens, this.acts));
    this.fetched = new Set();
    this.differences.clear();
    this.guides.clear();
    this.arranged = null;
    this.empty.hidden = true;
    this.lens.fit();
    this.update(told);
  }

  update(told) {
    if (this.told && this.told.reference !== told.reference) this.differences.clear();
    this.told = told;
    told.cells.forEach((cell, number) => {
      this.cells[number].update(cell, this.nameOf(cell), [told.rows.name, told.columns.name], number === told.reference);
      if (cell.state === "done") this.fetch(number).catch((problem) => this.acts.say(problem.message));
    });
    this.arrange();
    this.redraw();
  }

  nameOf({ row, column }) {
    const { rows, columns } = this.told;
    return `${rows.headings[row]}, ${columns.headings[column]}`;
  }

  async fetch(number) {
    if (this.fetched.has(number)) return;
    this.fetched.add(number);
    const { comparison } = this.told;
    const [reply] = await Promise.all([
      this.link.request(`/comparisons/${comparison}/cells/${number}/frame`),
      this.guides.of(comparison, number, this.told.cells[number].settings.label_map),
    ]);
    const bitmap = await createImageBitmap(await reply.blob(), { colorSpaceConversion: "none" });
    if (this.told.comparison !== comparison) return; // another one was begun meanwhile
    this.cells[number].tile.take(bitmap);
    this.differences.clear(); // their common range may be wider now
    this.redraw();
  }

  /** The cells that have the figure, best first, then the others. */
  ranked() {
    const { less } = ORDERS.find(({ name }) => name === this.order);
    const value = (number) => this.told.cells[number].figures[this.order];
    const known = this.cells.map(({ number }) => number).filter((number) => typeof value(number) === "number");
    known.sort((a, b) => (less ? value(a) - value(b) : value(b) - value(a)) || a - b);
    return { known, rest: this.cells.map(({ number }) => number).filter((number) => !known.includes(number)) };
  }

  arrange() {
    const ranks = this.order ? this.ranked() : null;
    const key = `${this.told.comparison} ${ranks ? [this.order, ...ranks.known, "", ...ranks.rest] : ""}`;
    if (key === this.arranged) return;
    this.arranged = key;
    const active = /** @type {HTMLElement} */ (document.activeElement);
    const focused = this.place.contains(active) ? active : null;
    this.place.replaceChildren(this.empty, ranks ? this.list(ranks) : this.table());
    focused?.focus();
  }

  table() {
    const { rows, columns } = this.told;
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
      this.guides.of(this.told.comparison, number, words).then((map) => cell.append(mapThumb(map)), () => {});
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
    if (!this.told) return;
    const reference = this.cells[this.told.reference].tile;
    for (const { number, tile } of this.cells) {
      const swapped = this.held === "all" || this.held === number;
      tile.show(swapped ? reference.bitmap : this.mode === "difference" ? this.difference(number) : tile.bitmap);
      this.cells[number].element.classList.toggle("swapped", swapped && Boolean(reference.bitmap));
    }
  }

  /** What the difference view shows of a cell; its frame where there is nothing to subtract. */
  difference(number) {
    const { tile } = this.cells[number];
    const reference = this.cells[this.told.reference].tile;
    if (!tile.grey || !reference.grey || !sameSize(tile.bitmap, reference.bitmap)) return null;
    if (!this.differences.has(number)) {
      const range = this.range();
      this.differences.set(number, differenceCanvas(tile.grey, reference.grey, this.mapOf(number), range));
    }
    return this.differences.get(number);
  }

  mapOf(number) {
    return this.guides.ready.get(this.told.cells[number].settings.label_map);
  }

  /** Grey levels at full colour, the same in all cells. */
  range() {
    const reference = this.cells[this.told.reference].tile;
    if (!this.differences.size) {
      const others = this.cells.filter(({ number }) => number !== this.told.reference);
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
