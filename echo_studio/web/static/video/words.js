// Videos in words.

export const ALIVE = ["waiting", "running"];

/** Seconds as people read them. */
function secondsWords(seconds) {
  if (seconds < 59.5) return `${seconds.toFixed(seconds < 9.95 ? 1 : 0)} s`;
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)} min ${whole % 60} s`;
}

/** How far a video is; `status` is what the server says of its job. */
export function jobWords(status) {
  const { state, nfe, total, ahead, stopping, message, elapsed, seconds, nfe_run: run } = status;
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

/** How much of a job is done, in percent. */
export function jobPercent({ state, nfe, total }) {
  if (state === "done") return 100;
  return total ? Math.round((100 * nfe) / total) : 0;
}

/** What was requested of a video, in one line. */
export function requestWords({ generator, solver, nfe, frames, guidance, start_step: start, seed, motion, has_es: hasEs }) {
  const words = [generator, solver, `${nfe} NFE`, `${frames} frames`];
  if (Number(guidance)) words.push(`guidance ${guidance}`);
  if (Number(start)) words.push(`from step ${start}`);
  words.push(hasEs ? "ES drawn" : `EF ${motion.ef} %`);
  if (motion.regional.length) words.push(motion.regional.map(({ segment, kind }) => `${segment} ${kind}`).join(", "));
  words.push(`${motion.heart_rate} bpm`, `seed ${seed}`);
  return words.join(" · ");
}

/** The frame that a clock is at, and the time since end diastole. */
export function frameWords({ frame, frames, seconds }) {
  return `${frame + 1} / ${frames}  ${Math.round((1000 * frame * seconds) / frames)} ms`;
}
