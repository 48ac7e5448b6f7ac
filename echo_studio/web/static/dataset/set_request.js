// What a new set is made of, without the page: `fields` are the form's, as text.

import { numbersOf } from "./numbers.js";
import { kindOf, many } from "./words.js";

export const RANGES = [
  { name: "rotation_deg", title: "Rotation (°)", hint: "up to so many degrees either way" },
  { name: "translation", title: "Shift (x, y)", hint: "shares of the side, such as 0.1, 0.1" },
  { name: "scale", title: "Scale", hint: "least and greatest, such as 0.9, 1.1" },
  { name: "shear_deg", title: "Shear (°)", hint: "up to so many degrees either way" },
  { name: "max_displacement", title: "Elastic (px)", hint: "most pixels that a point is moved" },
];

/**
 * What the server is sent. Throws, in words for the person, where a field has no numbers.
 *
 * @param {any} fields name, maps, map_view, map_phase, solver, nfe, variations, seeds, seed, workers and ef as text;
 *   `generators` are names, `ranges` texts by name, and `defects` percents by name, as text too
 * @param canvas of the Edit tab: its revision, view and phase
 */
export function setRequest(fields, { revision, view, phase }) {
  const whole = (name) => {
    if (!/^\d+$/.test(fields[name])) throw new Error(`Expected a whole number as ${name}, got “${fields[name]}”.`);
    return Number(fields[name]);
  };
  const filled = (texts) => Object.entries(texts).filter(([, text]) => text.trim());
  const { name, maps, map_view: mapView, map_phase: mapPhase, generators, solver, nfe, ef } = fields;
  return {
    name, maps, revision, view, phase, map_view: mapView, map_phase: mapPhase, generators, solver,
    nfe: nfe ? numbersOf(nfe, "NFE") : [],
    variations: whole("variations"), seeds: whole("seeds"), seed: whole("seed"), workers: whole("workers"),
    ranges: Object.fromEntries(filled(fields.ranges).map(([range, text]) => [range, numbersOf(text, range)])),
    defects: Object.fromEntries(filled(fields.defects).filter(([, percent]) => Number(percent)).map(([defect, percent]) => [defect, Number(percent) / 100])),
    ef: ef ? numbersOf(ef, "ejection fraction") : null,
  };
}

/** How many samples there will be, in words; `maps` is how many label maps, `clips` how many of the generators make clips. */
export function countWords({ variations, seeds, nfe, generators }, maps, clips) {
  const each = Math.max(1, Number(variations)); // 0 variations are the maps as they are
  const settings = generators.length * budgets(nfe);
  const total = maps * each * Number(seeds) * settings;
  const factors = [many(maps, "map"), many(each, "variation"), many(Number(seeds), "seed"), many(settings, "setting")];
  return `${factors.join(" × ")} = ${many(total, kindOf(generators.length, clips))}`;
}

/** How many NFE each generator gets; what cannot be read is said when the set is planned. */
function budgets(nfe) {
  try {
    return nfe ? numbersOf(nfe, "NFE").length : 1;
  } catch {
    return 1;
  }
}

/** How many of the bundled maps are of a view and a phase ("" for any): their names have them as words. */
export function countTemplates(templates, view, phase) {
  const words = [view, phase].map((word) => word.toLowerCase()).filter(Boolean);
  return templates.filter(({ name }) => words.every((word) => name.split("-").includes(word))).length;
}

/** The first name that no set has. */
export function freeName(taken) {
  let number = 1;
  while (taken.includes(`set-${number}`)) number += 1;
  return `set-${number}`;
}
