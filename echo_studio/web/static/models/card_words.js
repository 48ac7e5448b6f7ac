// What a card says and which of its buttons there are, without the page.

import { shortTitle } from "./quality.js";
import { bytes, duration, millions } from "./words.js";

const STATES = { "not loaded": "Not loaded", loading: "Loading …", loaded: "Loaded", unloading: "Unloading after the run" };

export function isLoaded({ state }) {
  return ["loaded", "unloading"].includes(state);
}

/** {state, words, hidden} of the load state; `busy` says in words what was started, "" for nothing. */
export function loadState(model, busy) {
  const words = busy || STATES[model.state] + (isLoaded(model) ? `, ${bytes(model.memory_bytes)}` : "");
  return { state: busy ? "loading" : model.state, words, hidden: !usedInEditor(model) && !busy };
}

/** A generator of videos is loaded by the Video tab when it is needed, and a part by its generator. */
export function usedInEditor({ card, fault }) {
  return Boolean(card) && !fault && card.makes === "frame";
}

/** The figures that are compared between models: [[name, value, more]]. */
export function cardFigures({ card, parameters, file_bytes: size, memory_bytes: memory, one_call: oneCall }, titles) {
  return [
    ["Advised", `${card.advised_nfe} NFE`, oneCall ? "no solver" : shortTitle(titles, card.advised_solver)],
    ["Image", `${card.resolution}²`, "pixels"],
    ["Parameters", millions(parameters) || "unknown", `kind ${card.kind}`],
    ["On disk", size ? bytes(size) : "missing", `${bytes(memory)} loaded`],
  ];
}

/** The same of a part, in one line. */
export function partFigures({ card, parameters, file_bytes: size }) {
  return `${card.kind}, ${millions(parameters) || "unknown"} parameters, ${size ? bytes(size) : "no weights"} on disk, for images of ${card.resolution}² pixels`;
}

/** Where a model comes from, which people need when they write a paper: [[name, words]] of what is known. */
export function originRows({ needs, data, split, licence, images_seen: seen, minutes, machine }) {
  const training = [seen && `${seen.toLocaleString("en")} images`, minutes && duration(minutes), machine].filter(Boolean).join(", ");
  const needed = Object.entries(needs).map(([name, hash]) => `${name} (${hash.slice(0, 12)}…)`).join(", ");
  return [["Needs", needed], ["Data", data], ["Split", split], ["Licence", licence], ["Training", training]].filter(([, value]) => value);
}
