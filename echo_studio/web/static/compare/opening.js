// A cell goes back to the Edit tab: its label map, its settings, its frame.

async function openInEditor(studio, number, cell, bitmap) {
  const { document: labels, settings, generation, result, link } = studio;
  const map = await mapOf(await link.request(`/comparisons/${number}/cells/${cell.number}/label-map`));
  const { ids, width, height } = map;
  const same = labels.width === width && labels.height === height && ids.every((id, i) => id === labels.ids[i]);
  if (!same) labels.open(map, { tool: "open", what: "compared map" });
  const { view, phase, generator, solver, nfe, seed, schedule, guidance } = cell.told.settings;
  settings.set({ view, phase, generator, solver, nfe, seed, schedule, guidance });
  // The frame is there already: no live preview of the same settings has to draw it again.
  generation.stopTimer();
  generation.await(false);
  generation.tell({ job: 0, state: "ready", nfe: 0, total: 0, message: "" }); // the figures beside it are of an older frame
  result.restore({ bitmap, ids, width, height });
  const tab = [...document.querySelectorAll("#tabs [role=tab]")].find(({ textContent }) => textContent.trim() === "Edit");
  tab.click();
}
