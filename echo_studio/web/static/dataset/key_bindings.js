// What each key does in the Data set tab; where the person types is the business of keys.js.

/**
 * A key goes down; false where it means nothing. `place` says what has the focus: `inGrid` (or nothing has it), `onSlider`,
 * and `inForm` of a new set.
 */
export function pressDatasetKey(tab, event, { inGrid = true, onSlider = false, inForm = false } = {}) {
  const key = event.key.toLowerCase();
  const chord = event.ctrlKey || event.metaKey;
  const acts = chord ? { z: () => tab.curation.undo(), a: () => tab.selection.all() } : plainActs(tab);
  const { columns, perPage } = tab.tiles;
  const steps = { arrowleft: -1, arrowright: 1, arrowup: -columns, arrowdown: columns, pageup: -perPage, pagedown: perPage, home: -Infinity, end: Infinity };
  if (steps[key] !== undefined && inGrid && !tab.pair.open) {
    if (onSlider) return false;
    tab.move(steps[key], event.shiftKey);
  } else if (acts[key] && !inForm) {
    if (key !== "z" && event.repeat && "ertcl".includes(key)) return false;
    acts[key]();
  } else return false;
  return true;
}

function plainActs(tab) {
  return {
    k: () => tab.curation.decide("keep"),
    x: () => tab.curation.decide("reject"),
    u: () => tab.curation.decide(""),
    t: () => tab.detail.tag.focus(),
    r: () => tab.detail.reason.focus(),
    e: () => tab.edit(),
    c: () => tab.comparePair(),
    l: () => tab.outline(),
    escape: () => (tab.pair.open ? tab.pair.close() : tab.selection.none()),
  };
}
