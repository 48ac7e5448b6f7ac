// A frame of another tab goes back to the Edit tab: its label map, its settings, and the frame itself.

/**
 * @param studio of the Edit tab
 * @param page `map` is {ids, sector, width, height, spacing} and `what` it is, for the history; `settings` replace those of
 *   the Generate panel; `bitmap` is the frame
 */
export function openInEditor(studio, { map, what, settings, bitmap }) {
  const { document: labels, generation, result } = studio;
  const { ids, width, height } = map;
  const same = labels.width === width && labels.height === height && ids.every((id, i) => id === labels.ids[i]);
  if (!same) labels.open(map, { tool: "open", what });
  studio.settings.set(settings);
  // The frame is there already: no live preview of the same settings has to draw it again.
  generation.stopTimer();
  generation.await(false);
  generation.report({ job: 0, state: "ready", nfe: 0, total: 0, message: "" }); // the figures beside it are of an older frame
  result.restore({ bitmap, ids, width, height });
  showTab("Edit");
}

export function showTab(name) {
  const tabs = /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("#tabs [role=tab]"));
  [...tabs].find(({ textContent }) => textContent.trim() === name).click();
}
