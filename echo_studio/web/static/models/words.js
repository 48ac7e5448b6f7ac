// Numbers and entries of cards in words. Cards may be foreign: everything is shown as text, nothing as HTML.

export function bytes(count) {
  const mib = count / 2 ** 20;
  return mib < 1 ? `${Math.ceil(count / 1024)} KiB` : `${mib.toFixed(mib < 10 ? 1 : 0)} MiB`;
}

export function millions(count) {
  if (!count) return "";
  return count < 1e5 ? `${(count / 1e3).toFixed(1)} k` : `${(count / 1e6).toFixed(count < 1e7 ? 1 : 0)} M`;
}

export function duration(minutes) {
  return minutes < 90 ? `${Math.round(minutes)} min` : `${(minutes / 60).toFixed(1)} h`;
}

const SCORE_WORDS = {
  lv_endo: "LV cavity", lv_epi: "Epicardium", la: "Left atrium", dice_lv_endo: "LV cavity", dice_lv_epi: "Epicardium", dice_la: "Left atrium",
  psnr_in_sector_db: "PSNR (dB)", grain: "Grain, over real", grain_spread: "Grain spread, over real", frechet: "Fréchet distance", edm_loss: "Loss",
};

function scoreName(key) {
  return SCORE_WORDS[key] || key.replaceAll("_", " ");
}

/**
 * What was measured, a group for each set: [{title, values: [[name, text]]}]. The rows of a plot are left out. Adherence
 * that holds no figures of the labeller's beside its own is the labeller's.
 */
export function scoreGroups(scores, path = []) {
  const own = [];
  const below = [];
  for (const [key, value] of Object.entries(scores || {})) {
    if (typeof value === "number" && key !== "n") own.push([scoreName(key), Number.isInteger(value) ? String(value) : value.toFixed(Math.abs(value) < 10 ? 3 : 1)]);
    else if (value && typeof value === "object" && !Array.isArray(value)) below.push(...scoreGroups(value, [...path, key]));
  }
  if (!own.length) return below;
  const words = path.map((key) => key.replace(/_?nfe_?(\d+)/, " at $1 NFE").replaceAll("_", " ").trim()).join(", ") || "measured";
  const whose = /^adherence/.test(path.at(-1) || "") ? (scores.labeller ? ", judge" : ", labeller") : "";
  const many = Number.isFinite(scores.n) ? ` (${scores.n})` : "";
  return [{ title: words[0].toUpperCase() + words.slice(1) + whose + many, values: own }, ...below];
}

/** How an import of several checkpoints ended. */
export function importWords(done, all) {
  if (all > 1) return `${done} of ${all} checkpoints imported`;
  return done ? "Imported" : "Nothing was imported";
}
