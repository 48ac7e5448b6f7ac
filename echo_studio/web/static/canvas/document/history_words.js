// A step of the history in words, made from its op.

import { LABELS } from "../../common/labels.js";
import { CUT_AWAY } from "./selection.js";

const OP_WORDS = {
  brush: "Brush",
  eraser: "Eraser",
  fill: "Fill",
  polygon: "Polygon",
  lasso: "Lasso",
  paste: "Paste",
  deform: "Deform",
  shape: "Shape",
  vary: "Random variation",
  smooth: "Smooth",
  islands: "Remove islands",
  repair: "Repair",
};
const VIEW_WORDS = { "2ch": "2CH", "4ch": "4CH", ed: "end diastole", es: "end systole" };
const OPENED_WORDS = { "refused edit": "An edit without its description", "label map": "Opened a label map", frame: "Labelled a frame", slot: "Opened a kept map" };

/** One line about what was done; `catalog` has the titles of defects and sliders, where it is there already. */
export function opWords(op, catalog = {}) {
  if (op.tool === "open") return openWords(op);
  if (op.tool === "resize") return `Resize · ${op.side} px`;
  if (op.tool === "defect") return defectWords(op, catalog.defects);
  if (op.tool === "defect-edit") return `Changed · ${defectWords(op, catalog.defects)}`;
  if (op.tool === "defect-remove") return `Removed · ${defectWords(op, catalog.defects)}`;
  const detail = op.tool === "shape" ? shapeWords(op, catalog.sliders) : op.tool === "repair" ? String(op.kind) : labelWords(op);
  const words = op.tool === "transform" ? transformWords(op.matrix) : OP_WORDS[op.tool] || op.tool;
  return detail ? `${words} · ${detail}` : words;
}

/** [{position, words}] of every state of a document that can be gone to, oldest first. */
export function historyStates({ base, undoStack, redoStack }, catalog = {}) {
  const steps = [...undoStack, ...redoStack.slice().reverse()];
  const first = { position: base, words: base ? "Older steps are not kept" : "Start" };
  return [first, ...steps.map(({ op }, i) => ({ position: base + i + 1, words: opWords(op, catalog) }))];
}

function labelWords({ label, structures }) {
  const ids = structures || (label === undefined ? [] : [label]);
  return ids.length === 2 && ids.includes(1) && ids.includes(2) ? "Ventricle" : ids.map((id) => LABELS[id].name).join(", ");
}

function transformWords(matrix) {
  const [a, b, c, d, e] = matrix;
  if (e === CUT_AWAY[4]) return "Cut";
  if (a === 1 && b === 0 && c === 0 && d === 1) return "Move";
  return b === 0 && c === 0 ? "Scale" : "Rotate";
}

function openWords({ what, name, view }) {
  if (what !== "template" || !name) return [OPENED_WORDS[what] || `Opened ${what}`, view].filter(Boolean).join(" · ");
  if (name === "blank") return "Opened a blank sector";
  const [first, second, ...rest] = name.split("-").map((word) => VIEW_WORDS[word] || word);
  return `Opened ${[first, second, rest.join(" ")].filter(Boolean).join(", ")}`;
}

function defectWords({ defect, values = {} }, defects = []) {
  const known = defects.find(({ name }) => name === defect);
  const title = known ? known.title : `Defect ${defect}`;
  const length = known && known.parameters.find(({ name, unit }) => unit === "mm" && typeof values[name] === "number");
  return length ? `${title} ${Number(values[length.name].toFixed(1))} mm` : title;
}

function shapeWords({ values = {} }, sliders = []) {
  const changed = Object.keys(values).filter((name) => {
    const slider = sliders.find((one) => one.name === name);
    return !slider || slider.neutral !== values[name];
  });
  const titles = changed.map((name) => (sliders.find((one) => one.name === name) || { title: name }).title);
  return titles.length > 2 ? `${titles.length} sliders` : titles.join(", ");
}
