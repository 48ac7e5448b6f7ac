// What is known about samples, in rows of words.

import { VERDICTS, figure, percent } from "./words.js";

const madeWith = ({ generator, solver, nfe }) => [generator, solver, nfe && `${nfe} NFE`].filter(Boolean).join(" · ");
const mapOf = ({ map, base, view, phase }) => [map || base, view, phase || "clip"].filter(Boolean).join(" · ");

/** @type {[string, (sample: any) => string][]} */
const COMPARED = [
  ["Decision", ({ verdict, reason }) => [VERDICTS[verdict], reason].filter(Boolean).join(": ")],
  ["Adherence", ({ adherence }) => figure(adherence)],
  ["LV cavity", ({ lv_endo: value }) => figure(value)],
  ["Epicardium", ({ lv_epi: value }) => figure(value)],
  ["Left atrium", ({ la }) => figure(la)],
  ["Generator", madeWith],
  ["Label map", mapOf],
  ["Ejection fraction", ({ ef }) => percent(ef) || "as drawn"],
  ["Defect", ({ defect }) => defect || "none"],
  ["Tags", ({ tags }) => tags.join(", ") || "none"],
];

/** Two samples side by side: [{name, left, right, differs}]. */
export function comparedRows(one, other) {
  return COMPARED.map(([name, words]) => {
    const [left, right] = [words(one), words(other)];
    return { name, left, right, differs: left !== right };
  });
}

/** One sample in full: [[name, words]] of what is known. */
export function sampleFacts(sample) {
  const { measured, adherence, defect, ef, privacy, flagged, at, reviewer } = sample;
  const structures = ["lv_endo", "lv_epi", "la"].map((name) => figure(sample[name], 2)).join(" / ");
  const rows = [
    ["Adherence", measured ? `${figure(adherence)} (LV/epi/LA ${structures})` : "not measured yet"],
    ["Made with", madeWith(sample)],
    ["Label map", mapOf(sample)],
    ["Defect", defect],
    ["EF", percent(ef)],
    ["Privacy", privacy === null ? "" : `${figure(privacy)} from the nearest training image${flagged ? " ⚑" : ""}`],
    ["Decided", at ? [reviewer, at.slice(0, 16).replace("T", " ")].filter(Boolean).join(", ") : ""],
  ];
  return rows.filter(([, value]) => value);
}

/** The two lines beneath a tile. */
export function tileWords({ adherence, view, phase, ef, flagged, defect, tags, generator }) {
  const line = [adherence === null ? "" : figure(adherence, 2), view, phase || "clip", ef === null ? "" : `EF ${percent(ef)}`];
  const more = [flagged ? "⚑ near a training image" : "", defect, ...tags.map((tag) => `#${tag}`)];
  return [line.filter(Boolean).join(" · "), more.filter(Boolean).join(" ") || generator];
}
