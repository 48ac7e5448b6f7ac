// The colours of labels that the person chose in the Edit tab.

import { LABELS } from "./labels.js";

/** [r, g, b] for each label id, in order. */
export function labelColours() {
  const style = getComputedStyle(document.querySelector("#canvas .studio"));
  return LABELS.map(({ id, colour }) => {
    const chosen = style.getPropertyValue(`--label-${id}`).match(/\d+/g);
    return chosen ? chosen.slice(0, 3).map(Number) : colour;
  });
}
