// A frame minus the reference: grey where they agree, orange where it is brighter, blue where it is darker.

const NEUTRAL = [96, 98, 102];
const BRIGHTER = [255, 140, 40];
const DARKER = [60, 150, 255];
const LEAST_RANGE = 10; // grey levels at full colour: below this, noise of rounding would look like a finding
const SHARE = 0.995; // of a frame's pixels lie within its range

/** The grey levels of a bitmap: Uint8Array, row after row. */
export function greyOf(bitmap) {
  const { width, height } = bitmap;
  const context = new OffscreenCanvas(width, height).getContext("2d");
  context.drawImage(bitmap, 0, 0);
  const { data } = context.getImageData(0, 0, width, height);
  return Uint8Array.from({ length: width * height }, (_, i) => data[4 * i]);
}

/** The grey levels at which the colours are full: enough for three quarters of the frames, so that a bad one hides nothing. */
export function differenceRange(frames, reference) {
  const levels = frames.map(([grey, ids]) => differenceLevel(grey, ids, reference)).sort((a, b) => a - b);
  return Math.max(LEAST_RANGE, Math.ceil((levels[Math.floor(0.75 * (levels.length - 1))] || 0) / 5) * 5);
}

/** The grey levels that `SHARE` of the pixels of the sector differ by at most. */
function differenceLevel(grey, ids, reference) {
  const counts = new Uint32Array(256);
  let all = 0;
  for (let i = 0; i < grey.length; i++) {
    if (!ids[i]) continue;
    counts[Math.abs(grey[i] - reference[i])] += 1;
    all += 1;
  }
  let level = 0;
  for (let sum = counts[0]; sum < SHARE * all; ) sum += counts[++level];
  return level;
}

/** Write the colours of a difference into RGBA `data`; what is outside the sector stays as it is. */
export function fillDifference(data, grey, reference, ids, range) {
  for (let i = 0; i < grey.length; i++) {
    if (!ids[i]) continue;
    const away = (grey[i] - reference[i]) / range;
    const colour = away < 0 ? DARKER : BRIGHTER;
    const share = Math.min(1, Math.abs(away));
    for (let c = 0; c < 3; c++) data[4 * i + c] = NEUTRAL[c] + share * (colour[c] - NEUTRAL[c]);
    data[4 * i + 3] = 255;
  }
}

/** A canvas of the difference; transparent outside the sector of the label map. */
export function differenceCanvas(grey, reference, { ids, width, height }, range) {
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d");
  const image = context.createImageData(width, height);
  fillDifference(image.data, grey, reference, ids, range);
  context.putImageData(image, 0, 0);
  return canvas;
}

/** The bar that says what the colours mean. */
export function drawLegend(legend, range) {
  const css = (colour) => `rgb(${colour.join(" ")})`;
  const bar = document.createElement("i");
  bar.style.background = `linear-gradient(90deg, ${css(DARKER)}, ${css(NEUTRAL)}, ${css(BRIGHTER)})`;
  legend.replaceChildren(`−${range}`, bar, `+${range} grey levels`);
  legend.setAttribute("aria-label", `Blue: darker than the reference, orange: brighter; full colour from ${range} grey levels on`);
}
