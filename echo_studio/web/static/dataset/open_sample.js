// A sample goes back to the Edit tab: its label map, its settings, its frame.

import { sampledWith } from "../canvas/panels/generation_settings.js";
import { bitmapOf, readMap } from "../common/link.js";
import { openInEditor } from "../common/open_in_editor.js";

export async function openSample(studio, samples, number) {
  const { link } = studio;
  const at = `${samples.path}/samples/${number}`;
  const map = await readMap(await link.request(`${at}/label-map`));
  const { view, phase, record } = await link.json(`${at}/record`);
  const bitmap = await bitmapOf(await link.request(`${at}/frame`));
  const settings = { view };
  if (phase) settings.phase = phase;
  const { seed, ...sampling } = sampledWith(record);
  // A generator that is not here any more, or one of clips, leaves the editor's own.
  if (studio.settings.generators.some(({ name }) => name === sampling.generator)) Object.assign(settings, sampling);
  if (seed !== undefined) settings.seed = String(seed);
  openInEditor(studio, { map, what: "sample of a set", settings, bitmap });
}
