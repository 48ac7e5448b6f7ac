// The shape of pixels on the screen. `spacing` is as the server writes it: "y,x" in mm, or "" where it is not known.

/**
 * [y, x] in mm, or null.
 *
 * @param {string} spacing
 * @returns {number[] | null}
 */
export function spacingOf(spacing) {
  return spacing ? spacing.split(",").map(Number) : null;
}

/** How much taller than wide a pixel is: as its spacing says; 1 where that is not known or the person wants squares. */
export function pixelAspect(spacing, proportions) {
  const known = proportions && spacingOf(spacing);
  return known ? known[0] / known[1] : 1;
}

/**
 * Where a picture lies that is as large as fits into the middle of a place: {scale, left, top, wide, high}, in the place's
 * units. `scale` is the width of a pixel, `aspect` how much taller than wide it is.
 */
export function placed({ width, height }, aspect, placeWidth, placeHeight) {
  const scale = Math.min(placeWidth / width, placeHeight / (height * aspect));
  const [wide, high] = [width * scale, height * aspect * scale];
  return { scale, wide, high, left: (placeWidth - wide) / 2, top: (placeHeight - high) / 2 };
}
