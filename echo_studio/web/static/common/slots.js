// Maps that belong to one heart, by view and phase, kept side by side for volumes and EF.

import { LABEL } from "../canvas/document/document.js";

export const SLOT_NAMES = ["4CH-ED", "4CH-ES", "2CH-ED", "2CH-ES"];

export class Slots {
  constructor() {
    this.pages = new Map();
    this.listeners = new Set(); // (name) of a slot that was filled or cleared
  }

  /** {width, height, spacing, ids, sector}, or null where nothing is kept. */
  get(name) {
    return this.pages.get(name) || null;
  }

  /** Keep a copy of a page, or null to clear the slot. */
  set(name, page) {
    if (!SLOT_NAMES.includes(name)) throw new Error(`Expected a slot of ${SLOT_NAMES.join(", ")}, got ${name}.`);
    if (page) this.pages.set(name, copiedPage(page));
    else this.pages.delete(name);
    this.notify(name);
  }

  /** [{name, width, height, spacing, ids, sector}] of those that are filled, in their order. */
  export() {
    return SLOT_NAMES.filter((name) => this.pages.has(name)).map((name) => ({ name, ...copiedPage(this.pages.get(name)) }));
  }

  /** Put back what `export` gave, instead of everything that is kept; a page without a sector gets one from its labels. */
  import(pages) {
    const before = this.pages;
    this.pages = new Map(pages.map((page) => [page.name, copiedPage(page)]));
    for (const name of SLOT_NAMES) if (before.has(name) || this.pages.has(name)) this.notify(name);
  }

  notify(name) {
    for (const listener of this.listeners) listener(name);
  }
}

function copiedPage({ width, height, spacing, ids, sector }) {
  const inside = sector ? sector.slice() : ids.map((id) => (id === LABEL.OUTSIDE ? 0 : 1));
  return { width, height, spacing, ids: ids.slice(), sector: inside };
}
