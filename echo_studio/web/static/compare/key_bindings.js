// What each key does in the Compare tab; where the person types is the business of keys.js.

const PAN_STEP = 0.1; // of a tile

/** A key goes down; false where it means nothing. `onPicture`: a picture has the focus. */
export function pressCompareKey(tab, { key: typed, code, repeat }, { onPicture = false } = {}) {
  const key = typed.toLowerCase();
  const acts = {
    g: () => tab.run(),
    escape: () => tab.cancel(),
    h: () => tab.lens.fit(),
    d: () => tab.setMode(tab.grid.mode === "frames" ? "difference" : "frames"),
    "+": () => tab.lens.zoomAt(0, 0, 1.25),
    "=": () => tab.lens.zoomAt(0, 0, 1.25),
    "-": () => tab.lens.zoomAt(0, 0, 0.8),
  };
  const steps = { arrowleft: [1, 0], arrowright: [-1, 0], arrowup: [0, 1], arrowdown: [0, -1] }[key];
  if (code === "Backquote") tab.hold(true, "all");
  else if (steps && onPicture) tab.lens.pan(...steps.map((step) => step * PAN_STEP));
  else if (acts[key] && !repeat) acts[key]();
  else return false;
  return true;
}
