// What is known of the whole set: how many samples, what was decided, what was done last.

import { make } from "../common/dom.js";
import { VERDICTS, entryWords } from "./words.js";

export function showAbout(part, { samples, planned, choices, unmeasured, entries, tasks }) {
  const decided = ["keep", "reject"].map((verdict) => `${(choices.verdict[verdict] || 0).toLocaleString("en")} ${VERDICTS[verdict].toLowerCase()}`);
  const of = planned > samples ? ` of ${planned.toLocaleString("en")}` : "";
  part("words").textContent = `${samples.toLocaleString("en")}${of} samples · ${decided.join(" · ")}`;
  const measuring = tasks.measure && ["waiting", "running"].includes(tasks.measure.state);
  part("measure").disabled = !unmeasured || measuring;
  part("measure").textContent = unmeasured ? `Measure adherence (${unmeasured.toLocaleString("en")})` : "Adherence measured";
  part("undo").disabled = !entries.length;
  part("entries").replaceChildren(...entries.slice(0, 8).map((entry) => make("li", { title: entry.at.slice(0, 19).replace("T", " ") }, entryWords(entry))));
}
