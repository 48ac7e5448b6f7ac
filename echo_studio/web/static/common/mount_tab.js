// How a tab beside the Edit tab begins.

import { openStudio } from "./open_studio.js";

const mounted = new Map(); // name: the AbortController of the tab that is shown

/**
 * Build a tab once the Edit tab has opened the project; it stands in `studio.tabs` under its name.
 *
 * One page may build a tab twice (a reconnect): the older one falls silent. `build` gets the studio and a signal that
 * says so; it answers with the tab, whose `enter(signal)` asks the server for what is there.
 */
export async function mountTab(name, root, build) {
  mounted.get(name)?.abort();
  const silence = new AbortController();
  mounted.set(name, silence);
  const studio = await openStudio();
  if (silence.signal.aborted) return;
  const tab = build(studio, silence.signal);
  studio.tabs[name] = tab;
  try {
    await tab.enter(silence.signal);
    root.dataset.ready = "yes";
  } catch (problem) {
    tab.say(problem.message);
  }
}
