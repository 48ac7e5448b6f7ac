// The gallery: tiles for the samples that are seen and for no others, however many there are.

import { make } from "../common/dom.js";
import { tileWords } from "./sample_rows.js";
import { MARKS, sampleWords } from "./words.js";

const CAPTION_HEIGHT = 34; // CSS pixels
const GAP = 8;
const AROUND = 2; // rows beyond those that are seen
const SETTLED_MS = 60; // while the person scrolls on, nothing is fetched
const TALLEST = 10_000_000; // CSS pixels that browsers lay out: more rows are scrolled by share

export class Tiles {
  constructor(part, samples, selection) {
    this.part = part;
    this.samples = samples;
    this.selection = selection;
    this.size = 132;
    this.shown = new Map();
    this.grid = part("grid");
    this.content = part("content");
    this.grid.addEventListener("scroll", () => this.draw());
    this.grid.addEventListener("pointerdown", (event) => this.press(event));
    new ResizeObserver(() => this.draw()).observe(this.grid);
    samples.listeners.add(() => this.draw());
    selection.listeners.add(() => this.draw());
  }

  get columns() {
    return Math.max(1, Math.floor((this.grid.clientWidth - GAP) / (this.size + GAP)));
  }

  get rowHeight() {
    return this.size + CAPTION_HEIGHT + GAP;
  }

  get rows() {
    return Math.ceil(this.samples.numbers.length / this.columns);
  }

  get perPage() {
    return Math.max(1, Math.floor(this.grid.clientHeight / this.rowHeight)) * this.columns;
  }

  /** The row that is seen at the top, which may be a fraction. */
  get top() {
    const whole = this.rows * this.rowHeight;
    const share = whole > TALLEST ? whole / TALLEST : 1;
    return (this.grid.scrollTop * share) / this.rowHeight;
  }

  setSize(size) {
    const { focus } = this.selection;
    this.size = size;
    this.draw();
    this.reveal(focus);
  }

  /** Scroll no more than it takes to see the tile at a place. */
  reveal(place) {
    const row = Math.floor(place / this.columns);
    const { rowHeight, grid } = this;
    const whole = this.rows * rowHeight;
    const share = whole > TALLEST ? TALLEST / whole : 1;
    if (row * rowHeight * share < grid.scrollTop) grid.scrollTop = row * rowHeight * share;
    else if ((row + 1) * rowHeight + GAP > this.top * rowHeight + grid.clientHeight) grid.scrollTop = ((row + 1) * rowHeight + GAP - grid.clientHeight) * share;
  }

  press(event) {
    const tile = event.target.closest("[data-place]");
    if (!tile || event.button !== 0) return;
    event.preventDefault();
    this.grid.focus({ preventScroll: true });
    this.selection.choose(Number(tile.dataset.place), { add: event.ctrlKey || event.metaKey, extend: event.shiftKey });
  }

  draw() {
    if (this.pending) return;
    this.pending = true;
    requestAnimationFrame(() => {
      this.pending = false;
      this.arrange();
    });
  }

  arrange() {
    const { numbers } = this.samples;
    const { columns, rowHeight, grid, content } = this;
    if (!grid.clientHeight) return;
    content.style.height = `${Math.min(TALLEST, this.rows * rowHeight + GAP)}px`;
    const top = this.top;
    const first = Math.max(0, Math.floor(top) - AROUND) * columns;
    const last = Math.min(numbers.length, (Math.ceil(top + grid.clientHeight / rowHeight) + AROUND) * columns);
    const seen = new Map();
    for (let place = first; place < last; place += 1) {
      const number = numbers[place];
      const tile = this.shown.get(number) || this.tile(number);
      const row = Math.floor(place / columns);
      tile.place(place, GAP + (place % columns) * (this.size + GAP), grid.scrollTop + (row - top) * rowHeight + GAP, this.size);
      tile.show(this.samples, this.selection, numbers.length);
      seen.set(number, tile);
    }
    for (const [number, tile] of this.shown) if (!seen.has(number)) tile.element.remove();
    this.shown = seen;
    const focused = seen.get(this.selection.number);
    if (focused) grid.setAttribute("aria-activedescendant", focused.element.id);
    else grid.removeAttribute("aria-activedescendant");
    clearTimeout(this.timer);
    const missing = [...seen.keys()];
    this.timer = setTimeout(() => this.samples.fetchMissing(missing), this.shown.size && !this.fetched ? 0 : SETTLED_MS);
    this.fetched = true;
  }

  tile(number) {
    const tile = new SampleTile(number);
    this.content.append(tile.element);
    return tile;
  }
}

class SampleTile {
  constructor(number) {
    this.number = number;
    this.image = make("img", { alt: "", draggable: false });
    this.mark = make("span", { className: "ds-mark" });
    this.words = make("span", { className: "ds-caption" });
    this.element = make("div", { className: "ds-tile", id: `ds-tile-${number}` }, make("div", { className: "ds-picture" }, this.image, this.mark), this.words);
    this.element.setAttribute("role", "option");
  }

  place(place, x, y, size) {
    const { element } = this;
    element.dataset.place = place;
    element.style.transform = `translate(${x}px, ${Math.round(y)}px)`;
    element.style.setProperty("--side", `${size}px`);
    element.setAttribute("aria-posinset", place + 1);
  }

  show(samples, selection, count) {
    const { element, image, number } = this;
    const sample = samples.details.get(number);
    const url = samples.pictures.get(number) || "";
    if (url && image.getAttribute("src") !== url) image.src = url;
    element.setAttribute("aria-setsize", count);
    element.setAttribute("aria-selected", String(selection.chosen.has(number)));
    element.classList.toggle("focused", selection.number === number);
    element.dataset.verdict = sample ? sample.verdict : "";
    element.setAttribute("aria-label", sample ? sampleWords(sample) : `Sample ${number}`);
    this.mark.textContent = sample ? MARKS[sample.verdict] || "" : "";
    if (sample) this.caption(sample);
  }

  caption(sample) {
    const [line, more] = tileWords(sample);
    const key = `${line}\n${more}`;
    if (this.captioned === key) return;
    this.captioned = key;
    this.words.replaceChildren(make("b", {}, line), make("span", {}, more));
  }
}
