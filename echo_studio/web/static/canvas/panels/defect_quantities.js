// The parameters of defects in the units that people read: millimetres where the size of a pixel is known, else pixels; shares
// in percent.

// Where the size of a pixel is not known, lengths are pixels; to begin with, a map is taken to be this deep.
const SUPPOSED_DEPTH_MM = 150;
// What is shown, for a unit: how many of it, in what steps.
export const QUANTITIES = {
  mm: { shown: "mm", times: 1, step: 0.5 },
  px: { shown: "px", times: 1, step: 1 },
  share: { shown: "%", times: 100, step: 1 },
  times: { shown: "%", times: 100, step: 1 },
};

/** The parameters of a defect as a form shows them for a map, whose values may be in pixels already. */
export function shownParameters(parameters, values, { spacing, height }) {
  const inPixels = !spacing || hasPixels(values);
  return parameters.map((one) => (inPixels && one.unit === "mm" ? inPixelsOf(one, height / SUPPOSED_DEPTH_MM) : one));
}

/** Whether a map has other units of length than the values that a form shows for a defect. */
export function lengthsChanged({ parameters }, values, { spacing }) {
  return hasPixels(values) === Boolean(spacing) && parameters.some(({ unit }) => unit === "mm");
}

function hasPixels(values) {
  return Object.keys(values).some((name) => name.endsWith("_px"));
}

/** A length in pixels, as `apply_defect` takes them: `width_px` for `width_mm`. */
function inPixelsOf(parameter, pixelsPerMm) {
  const [low, high, usual] = [parameter.low, parameter.high, parameter.default].map((mm) => Math.round(mm * pixelsPerMm));
  return { ...parameter, name: parameter.name.replace(/_mm$/, "_px"), unit: "px", low, high, default: usual };
}

/** Without the digits that binary fractions add. */
export function round(value) {
  return Number(value.toFixed(6));
}

/** The values of a defect in a few words. */
export function defectReading({ parameters }, values) {
  const words = parameters.map(({ name, kind, unit, default: usual }) => {
    const pixels = name.replace(/_mm$/, "_px");
    if (kind === "choice") return values[name] ?? usual;
    if (pixels !== name && values[pixels] !== undefined) return `${values[pixels]} px`;
    const { shown, times } = QUANTITIES[unit];
    return `${round((values[name] ?? usual) * times)} ${shown}`;
  });
  return words.join(" · ");
}
