// What is known of the whole set: how many samples, what was decided, what was done last.

import { make } from "../common/dom.js";
import { entryWords, setWords } from "./words.js";

export function showAbout(part, status) {
  const { unmeasured, entries, tasks } = status;
  part("words").textContent = setWords(status);
  const measuring = tasks.measure && ["waiting", "running"].includes(tasks.measure.state);
  part("measure").disabled = !unmeasured || measuring;
  part("measure").textContent = unmeasured ? `Measure adherence (${unmeasured.toLocaleString("en")})` : "Adherence measured";
  part("undo").disabled = !entries.length;
  part("entries").replaceChildren(...entries.slice(0, 8).map((entry) => make("li", { title: entry.at.slice(0, 19).replace("T", " ") }, entryWords(entry))));
}
