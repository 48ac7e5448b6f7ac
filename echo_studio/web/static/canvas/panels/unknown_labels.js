// Says where the chosen generator does not know labels that the map holds, and what it makes of them.

import { LABELS } from "../../common/labels.js";

const BLOOD_AND_TISSUE = { 5: "blood", 6: "tissue" }; // as `generate/build.py` has it

/** The note for a map's ids and a generator {title, labels}; empty where it knows all of them. */
export function unknownLabelsNote(ids, card) {
  if (!card) return "";
  const unknown = LABELS.filter(({ id }) => id >= card.labels && ids.includes(id));
  const words = unknown.map(({ id, name }) => `${name.toLowerCase()} as ${BLOOD_AND_TISSUE[id]}`);
  return words.length ? `${card.title} was not trained with every label here: it generates ${words.join(" and ")}.` : "";
}

export class UnknownLabels {
  constructor(root, map, settings) {
    this.note = root.querySelector("[data-part=unknown-labels]");
    this.map = map;
    this.settings = settings;
    map.listeners.add((_box, settled) => settled && this.refresh());
    settings.listeners.add(() => this.refresh());
  }

  refresh() {
    this.note.textContent = unknownLabelsNote(this.map.ids, this.settings.card);
    this.note.hidden = !this.note.textContent;
  }
}
