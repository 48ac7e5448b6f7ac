// Figures and states of sets in words.

export const VERDICTS = { "": "Undecided", keep: "Kept", reject: "Rejected" };
export const MARKS = { keep: "✓", reject: "✕" };
export const TASK_WORDS = { make: ["Making", "Made"], measure: ["Measuring adherence", "Measured"], export: ["Exporting", "Exported"] };

export function many(count, word) {
  return `${count.toLocaleString("en")} ${word}${count === 1 ? "" : "s"}`;
}

function timeWords(seconds) {
  if (seconds < 90) return `${Math.max(1, Math.round(seconds))} s`;
  return seconds < 5400 ? `${Math.round(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`;
}

export function diskWords(count) {
  return count < 1e9 ? `${Math.max(1, Math.round(count / 1e6))} MB` : `${(count / 1e9).toFixed(1)} GB`;
}

export function figure(value, digits = 3) {
  return value === null || value === undefined ? "–" : value.toFixed(digits);
}

export function percent(value) {
  return value === null ? "" : `${value.toFixed(0)} %`;
}

/** What samples are called. */
export function kindOf(samples, clips) {
  return clips === 0 ? "image" : clips === samples ? "clip" : "sample";
}

/** How many samples of a set there are and what was decided about them. */
export function setWords({ samples, planned, choices }) {
  const decided = ["keep", "reject"].map((verdict) => `${(choices.verdict[verdict] || 0).toLocaleString("en")} ${VERDICTS[verdict].toLowerCase()}`);
  const of = planned > samples ? ` of ${planned.toLocaleString("en")}` : "";
  return `${samples.toLocaleString("en")}${of} samples · ${decided.join(" · ")}`;
}

/** How many samples are shown and chosen. */
export function shownWords(shown, all, chosen) {
  const some = shown === all ? many(all, "sample") : `${shown.toLocaleString("en")} of ${many(all, "sample")}`;
  return `${some} · ${chosen.toLocaleString("en")} chosen`;
}

/** A name for an export of a set that no export has. */
export function exportName(set, format, taken) {
  const word = set.replaceAll(/[^A-Za-z0-9]/g, "");
  let number = 1;
  const name = () => (format === "nnunet" ? `Dataset${500 + number}_${word || "Echo"}` : `${set}-${format}${number > 1 ? `-${number}` : ""}`);
  while (taken.includes(name())) number += 1;
  return name();
}

/** What a plan says. */
export function planWords({ samples, finished, clips, minutes, disk_bytes: disk, free_bytes: free, workers }) {
  const done = finished ? ` (${finished.toLocaleString("en")} of them made)` : "";
  const beats = clips && clips < samples ? `, ${clips.toLocaleString("en")} of them clips` : "";
  const time = timeWords(minutes * 60);
  const lack = disk > free ? ` NOT ENOUGH ROOM: ${diskWords(free)} free.` : "";
  return `${many(samples, kindOf(samples, clips))}${done}${beats} · about ${time} with ${many(workers, "worker")} · ${diskWords(disk)}.${lack}`;
}

/** How far a task is. */
export function taskWords(kind, { state, done, of, rate, seconds, ahead, stopping, message, outcome }) {
  const [now, then] = TASK_WORDS[kind];
  if (state === "failed") return message;
  if (stopping) return "Stopping after what is under way …";
  if (state === "waiting") return ahead ? `Waits for ${many(ahead, "other run")}` : "Starting …";
  const count = `${done.toLocaleString("en")} of ${of.toLocaleString("en")}`;
  if (state === "running") {
    const pace = rate ? ` · ${rate < 10 ? rate.toFixed(2) : Math.round(rate)} a second · ${timeWords(seconds)} left` : "";
    return of ? `${now}: ${count}${pace}` : `${now} …`;
  }
  if (state === "cancelled") return `Stopped: ${count}`;
  return kind === "export" && outcome ? `${then} ${many(outcome.frames + outcome.clips, "sample")} as ${outcome.export}` : `${then}: ${count}`;
}

/** A decision of the log in one line. */
export function entryWords({ act, what, samples, reviewer }) {
  const deed = { decide: what, tag: `tagged “${what}”`, untag: `untagged “${what}”` }[act];
  return `${many(samples, "sample")} ${deed}${reviewer ? ` · ${reviewer}` : ""}`;
}

/** A clip is a whole heartbeat and has no phase. */
export function isClip(sample) {
  return Boolean(sample) && sample.phase === "";
}

/** A tile for those who hear it. */
export function sampleWords(sample) {
  const { id, verdict, adherence, defect, tags, ef } = sample;
  const parts = [id, VERDICTS[verdict].toLowerCase()];
  if (isClip(sample)) parts.push("clip");
  if (ef !== null) parts.push(`ejection fraction ${percent(ef)}`);
  if (adherence !== null) parts.push(`adherence ${figure(adherence, 2)}`);
  if (defect) parts.push(`defect ${defect}`);
  return [...parts, ...tags].join(", ");
}
