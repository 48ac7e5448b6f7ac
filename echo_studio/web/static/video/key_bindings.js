// What each key does in the Video tab. A key does what a button does; where the person types is the business of keys.js.

/**
 * A key goes down; false where it means nothing. `place` says what has the focus: `onSlider`, `onScrubber`, `onButton`
 * (or a tick) and `onTabs`, since these have a use of their own for some keys.
 */
export function pressVideoKey(tab, event, { onSlider = false, onScrubber = false, onButton = false, onTabs = false } = {}) {
  const { clock, stage, transport } = tab;
  const key = event.key.toLowerCase();
  const step = { arrowleft: -1, arrowright: 1 }[key];
  const acts = {
    g: () => (event.shiftKey ? tab.refine() : tab.generate()),
    escape: () => tab.cancel(),
    r: () => tab.sampling.newSeed(),
    u: () => tab.keyframes.take(),
    o: () => tab.setOverlay(!stage.overlay.on),
    m: () => stage.setMMode(!stage.mmode),
    k: () => (event.shiftKey ? stage.unpin() : stage.pin()),
    l: () => transport.setLoop(!clock.loop),
    ",": () => transport.faster(-1),
    ".": () => transport.faster(1),
  };
  if (key === " ") {
    if (onButton) return false;
    if (stage.leading && !event.repeat) clock.play();
  } else if (step && (!onSlider || onScrubber)) {
    if (onTabs) return false;
    if (stage.leading) clock.step(step);
  } else if ((key === "home" || key === "end") && !onSlider) {
    if (key === "home") clock.seek(0);
    else transport.toEs();
  } else if (acts[key]) {
    if (!event.repeat) acts[key]();
  } else return false;
  return true;
}
