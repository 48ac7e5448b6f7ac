// The label schema, as in `echo_studio/anatomy/labels.py`, and the palettes that people can choose. The values are JSON,
// so that the tests in Python read them too.

export const LABELS = [
  {"id": 0, "name": "Outside", "colour": [0, 0, 0]},
  {"id": 1, "name": "LV cavity", "colour": [230, 97, 76]},
  {"id": 2, "name": "LV myocardium", "colour": [64, 178, 136]},
  {"id": 3, "name": "Left atrium", "colour": [86, 140, 233]},
  {"id": 4, "name": "Sector", "colour": [72, 76, 86]},
  {"id": 5, "name": "Fluid", "colour": [120, 72, 192]},
  {"id": 6, "name": "Mass", "colour": [240, 192, 72]}
];

export const LABEL_KEYS = ["0", "1", "2", "3", "4", ",", "."]; // by id: the digits from 5 on choose views

export const SCHEMA = "camus+sector/2";
const COMPANIONS = [[1, 6], [2, 5]]; // a mass moves with the cavity, fluid with the myocardium

/** Ids that move and those that move along, as `anatomy/shape/warp.py` has it. */
export function withCompanions(structures) {
  return [...structures, ...COMPANIONS.filter(([structure]) => structures.includes(structure)).map(([, companion]) => companion)];
}

// Okabe and Ito (2008): of their hues vermillion, yellow and sky blue stay furthest apart.
export const PALETTES = {
  "standard": { "title": "Standard", "colours": [[0, 0, 0], [230, 97, 76], [64, 178, 136], [86, 140, 233], [72, 76, 86], [120, 72, 192], [240, 192, 72]] },
  "okabe-ito": { "title": "Okabe–Ito", "colours": [[0, 0, 0], [213, 94, 0], [240, 228, 66], [86, 180, 233], [72, 76, 86], [150, 30, 210], [235, 255, 235]] }
};
