// What the tests share: oracle data, documents, and small stand-ins for what the page gives.

import { readFileSync } from "node:fs";

import { LabelDocument } from "../../echo_studio/web/static/canvas/document/document.js";
import { Editor } from "../../echo_studio/web/static/canvas/tools/editor.js";

/** What `write_data.py` wrote. */
export function oracle(name) {
  return JSON.parse(readFileSync(new URL(`data/${name}.json`, import.meta.url), "utf8"));
}

/** The labels of run lengths such as "12a3b". */
export function unpacked(runs) {
  const parts = [...runs.matchAll(/(\d+)([a-z])/g)].map(([, count, letter]) => [Number(count), letter.charCodeAt(0) - 97]);
  const ids = new Uint8Array(parts.reduce((sum, [count]) => sum + count, 0));
  let at = 0;
  for (const [count, label] of parts) ids.fill(label, at, (at += count));
  return ids;
}

/** A page from the oracle. */
export function unpackedPage({ width, height, spacing, ids, sector }) {
  return { width, height, spacing, ids: unpacked(ids), sector: unpacked(sector) };
}

/** A page from rows of digits; the sector is where the label is not 0. */
export function pageOf(rows, spacing = "") {
  const ids = Uint8Array.from(rows.join(""), Number);
  return { width: rows[0].length, height: rows.length, ids, sector: ids.map((id) => Number(id !== 0)), spacing };
}

/** A page of one label. */
export function plain(width, height, label = 4, spacing = "") {
  return pageOf(new Array(height).fill(String(label).repeat(width)), spacing);
}

/** The map as rows of digits. */
export function rowsOf({ ids, width }) {
  return Array.from({ length: ids.length / width }, (_, y) => Array.from(ids.subarray(y * width, (y + 1) * width)).join(""));
}

/** A document with a page on it. */
export function opened(page) {
  const labels = new LabelDocument();
  labels.begin({ ...page, ids: page.ids.slice(), sector: page.sector.slice() }, { revision: 0 });
  return labels;
}

/** An editor on a page; `words` collects what it says. */
export function editorOn(page) {
  const editor = new Editor(opened(page), { width: 0, height: 0, shown: null });
  editor.words = [];
  editor.say = (words) => editor.words.push(words);
  return editor;
}

/** A promise with its ends: {promise, resolve, reject}. */
export function deferred() {
  const ends = {};
  const promise = new Promise((resolve, reject) => Object.assign(ends, { resolve, reject }));
  return Object.assign(ends, { promise });
}

/** Let everything that is due in microtasks happen. */
export const settled = () => new Promise((done) => setImmediate(done));

/** A numbers' generator that gives the same numbers for a seed: from 0 up to 1. */
export function random(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A map as a heart might lie in a sector: wall, cavity and atrium as ellipses. */
export function heart(width, height, spacing = "") {
  const page = plain(width, height, 4, spacing);
  const ellipses = [[2, 0.42, 0.5, 0.3, 0.22], [1, 0.44, 0.5, 0.22, 0.13], [3, 0.82, 0.5, 0.1, 0.16]];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      for (const [label, cy, cx, ry, rx] of ellipses) {
        const [v, u] = [((y + 0.5) / height - cy) / ry, ((x + 0.5) / width - cx) / rx];
        if (u * u + v * v <= 1) page.ids[y * width + x] = label;
      }
    }
  }
  return page;
}

/** Frames of the browser, one at a time by `next()`; and a window that hears keys. */
export function installFrames() {
  const waiting = [];
  globalThis.requestAnimationFrame = (step) => waiting.push(step);
  globalThis.window = new EventTarget();
  return { next: () => waiting.splice(0).forEach((step) => step()) };
}

/** Where a point was pressed: everything within `radius` pixels of the map is near. */
export function pressed(x, y, more = {}) {
  return { near: ([px, py], radius = 8) => Math.hypot(px - x, py - y) < radius, double: false, shift: false, alt: false, ...more };
}

/** Press at the first point, drag over the others, let go. */
export function drag(tool, points, { shift = false, ...press } = {}) {
  const [[x, y], ...others] = points;
  tool.down(x, y, pressed(x, y, press));
  for (const point of others) tool.move([point], { shift });
  tool.up();
}
