// What a report says of a video: the ventricle's area on its labels and as the judge finds it, and both ejection fractions.

/** How areas are shown: {unit, lines} for the plot; cm² where the size of a pixel is known, pixels else. */
export function areaLines(clip, curve) {
  const millimetres = clip.spacingMm;
  const pixel = millimetres ? (millimetres[0] * millimetres[1]) / 100 : 1;
  const scaled = (values) => values.map((value) => (value === null ? null : value * pixel));
  const lines = [{ name: "asked", kind: "asked", values: scaled(clip.areas) }];
  if (curve?.areas_px) lines.push({ name: "measured", kind: "measured", values: scaled(curve.areas_px) });
  return { unit: millimetres ? "cm²" : "px", lines };
}

/** The facts in sentences; `curve` is null until the frames are measured, or says its `problem`. */
export function factWords({ ef_drawn: drawn }, curve) {
  const ef = curve?.ef_percent ?? null;
  const onLabels = drawn === null ? "" : `EF ${drawn.toFixed(1)} % on the labels.`;
  const onFrames = ef === null ? "" : `EF ${ef.toFixed(1)} % as the judge finds it on the frames.`;
  const missed = curve?.areas_px && ef === null ? "The judge finds no ventricle in most frames." : "";
  const rest = curve ? curve.problem || "" : "Measuring …";
  return [onLabels, onFrames, missed, rest].filter(Boolean).join(" ");
}
