// A cell in words, without the page.

const DICE = [["lv_endo", "LV"], ["lv_epi", "epi"], ["la", "LA"]];

// What the first line of a caption leaves out; said where it varies.
const MORE = {
  seed: ({ seed }) => `seed ${seed}`,
  schedule: ({ schedule }) => `schedule ${schedule || "own"}`,
  guidance: ({ guidance }) => `guidance ${guidance}`,
  label_map: ({ label_map: name }) => name,
};

/** What stands in place of the frame until it is there. */
export function cellWords({ state, settings, message, nfe }) {
  return {
    waiting: "Waiting",
    running: nfe ? `NFE ${nfe} / ${settings.nfe}` : "Starting …",
    cancelled: nfe ? `Cancelled at NFE ${nfe}` : "Cancelled",
    failed: message,
    done: "",
  }[state];
}

/** The caption, [[element, words]]; `axes` are the settings that vary. */
export function captionLines({ title, settings, figures, state, note, message }, axes) {
  const done = state === "done";
  const lines = [["b", title]];
  const varied = Object.keys(MORE).filter((name) => axes.includes(name)).map((name) => MORE[name](settings));
  if (varied.length) lines.push(["span", varied.join(" · ")]);
  // There from the start, so that nothing moves when the figures come.
  lines.push(["span", done ? `${figures.seconds.toFixed(2)} s · RMSE ${shownFigure(figures.rmse, 2)}` : "\u00a0"]);
  lines.push(["span", done ? DICE.map(([name, short]) => `${short} ${shownFigure(figures[name], 3)}`).join("  ") : "\u00a0"]);
  if (note) lines.push(["em", note]);
  if (done && message) lines.push(["em", message]);
  return lines;
}

function shownFigure(value, decimals) {
  return typeof value === "number" ? value.toFixed(decimals) : "–";
}
