// Rows of a list of measurements.

import { make } from "../../common/dom.js";

/** A row of a list of measurements: its name, and the value with its unit. */
export function measureRow({ label, value, unit }) {
  return make("div", {}, make("dt", {}, label), make("dd", {}, measureWords(value, unit)));
}

/** The same for the wall: a bar tells how it compares with the thickest part. */
export function wallRow({ key, label, value, unit }, most) {
  const words = label.replace(/^Wall, /, "");
  const row = measureRow({ label: words.charAt(0).toUpperCase() + words.slice(1), value, unit });
  if (unit && key !== "wall") /** @type {HTMLElement} */ (row.lastChild).style.setProperty("--share", String(value / most));
  return row;
}

function measureWords(value, unit) {
  const digits = { mm: 1, "cm²": 1, "": 2 }[unit];
  const shown = typeof value === "number" && digits !== undefined ? value.toFixed(digits) : value;
  return unit ? `${shown} ${unit}` : String(shown);
}
