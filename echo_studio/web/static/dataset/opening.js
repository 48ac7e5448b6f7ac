// A sample goes back to the Edit tab: its label map, its settings, its frame.

async function openInEditor(studio, samples, number) {
  const { document: labels, settings, generation, result, link } = studio;
  const at = `${samples.path}/samples/${number}`;
  const map = await mapOf(await link.request(`${at}/label-map`));
  const { view, phase, record } = await link.json(`${at}/record`);
  const frame = await createImageBitmap(await (await link.request(`${at}/frame`)).blob(), { colorSpaceConversion: "none" });
  const { ids, width, height } = map;
  const same = labels.width === width && labels.height === height && ids.every((id, i) => id === labels.ids[i]);
  if (!same) labels.open(map, { tool: "open", what: "sample of a set" });
  const told = { view };
  if (phase) told.phase = phase;
  const { generator, solver, nfe, seed, schedule = "", guidance = 0 } = record;
  // A generator that is not here any more, or one of clips, leaves the editor's own.
  if (settings.generators.some(({ name }) => name === generator)) Object.assign(told, { generator, solver, nfe, schedule, guidance });
  if (seed !== undefined) told.seed = String(seed);
  settings.set(told);
  // The frame is there already: no live preview of the same settings has to draw it again.
  generation.stopTimer();
  generation.await(false);
  generation.tell({ job: 0, state: "ready", nfe: 0, total: 0, message: "" });
  result.restore({ bitmap: frame, ids, width, height });
  [...document.querySelectorAll("#tabs [role=tab]")].find(({ textContent }) => textContent.trim() === "Edit").click();
}
