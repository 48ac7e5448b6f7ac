// Rows of a list of measurements.

/** A row of a list of measurements: its name, and the value with its unit. */
export function measureRow({ label, value, unit }) {
  const row = document.createElement("div");
  const term = Object.assign(document.createElement("dt"), { textContent: label });
  row.append(term, Object.assign(document.createElement("dd"), { textContent: measureWords(value, unit) }));
  return row;
}

/** The same for the wall: a bar tells how it compares with the thickest part. */
export function wallRow({ key, label, value, unit }, most) {
  const words = label.replace(/^Wall, /, "");
  const row = measureRow({ label: words.charAt(0).toUpperCase() + words.slice(1), value, unit });
  if (unit && key !== "wall") row.lastChild.style.setProperty("--share", value / most);
  return row;
}

function measureWords(value, unit) {
  const digits = { mm: 1, "cm²": 1, "": 2 }[unit];
  const shown = typeof value === "number" && digits !== undefined ? value.toFixed(digits) : value;
  return unit ? `${shown} ${unit}` : String(shown);
}
