// Videos in words, and a few ways to make parts of the page.

export const ALIVE = ["waiting", "running"];

/** Seconds as people read them. */
function secondsWords(seconds) {
  return seconds < 60 ? `${seconds.toFixed(seconds < 10 ? 1 : 0)} s` : `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
}

/** How far a video is. */
export function jobWords({ state, nfe, total, ahead, stopping, message, elapsed, seconds, nfe_run: run }) {
  if (stopping) return "Stopping after this NFE …";
  if (state === "waiting") return ahead ? `Waiting: ${ahead} ahead` : "Starting …";
  if (state === "running") {
    if (!nfe) return "Starting …";
    // The first NFE waits for the weights as well.
    const rest = nfe > 1 && nfe < total ? ` · about ${secondsWords((elapsed / nfe) * (total - nfe))} left` : "";
    return `NFE ${nfe} / ${total}${rest}`;
  }
  if (state === "cancelled") return nfe ? `Cancelled at NFE ${nfe}` : "Cancelled";
  if (state === "failed") return message;
  return `Done: ${run} NFE in ${secondsWords(seconds)}`;
}

/** What a video was asked for, in one line. */
export function orderWords({ generator, solver, nfe, frames, guidance, start_step: start, seed, motion, has_es: drawn }) {
  const words = [generator, solver, `${nfe} NFE`, `${frames} frames`];
  if (Number(guidance)) words.push(`guidance ${guidance}`);
  if (Number(start)) words.push(`from step ${start}`);
  words.push(drawn ? "ES drawn" : `EF ${motion.ef} %`);
  if (motion.regional.length) words.push(motion.regional.map(({ segment, kind }) => `${segment} ${kind}`).join(", "));
  words.push(`${motion.heart_rate} bpm`, `seed ${seed}`);
  return words.join(" · ");
}
