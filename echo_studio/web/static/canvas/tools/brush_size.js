// The size of the brush as people read and type it: in pixels and, where the size of a pixel is known, in millimetres.

/** One length of a pixel in mm, the geometric mean of its sides [y, x]; null where they are not known. */
export function pixelSize(spacingMm) {
  return spacingMm && Math.sqrt(spacingMm[0] * spacingMm[1]);
}

/** "12 px · 6.0 mm", or "12 px" where the size of a pixel is null. */
export function brushSizeWords(size, millimetres) {
  return millimetres ? `${size} px · ${(size * millimetres).toFixed(1)} mm` : `${size} px`;
}

/**
 * Pixels from "12", "12 px", "4 mm" or "3,5 mm": the first number and its unit count.
 * @throws {Error} no size, or millimetres where the size of a pixel is null
 */
export function parseBrushSize(text, millimetres) {
  const [, digits, unit] = /^\s*(\d+(?:[.,]\d+)?)\s*(mm|px)?/i.exec(text) || [];
  const value = Number((digits || "").replace(",", "."));
  if (!(value > 0)) throw new Error('Expected a brush size such as "12" or "4 mm".');
  if ((unit || "").toLowerCase() !== "mm") return value;
  if (!millimetres) throw new Error("The size of a pixel is not known here: give the brush in pixels.");
  return value / millimetres;
}
