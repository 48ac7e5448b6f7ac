// How large the cells are at first: everything on one screen, within reason.

const CAPTION = 112; // CSS pixels beneath a picture
const LEAST_TILE = 150;
const READABLE_TILE = 216; // where a lack of height alone would make them smaller
const MOST_TILE = 480;

/** The side of a tile, in CSS pixels, for a place of `width` x `height`. */
export function tileSide(width, height, { rows, columns }) {
  const wide = Math.floor((width - 120) / columns) - 10;
  const high = Math.floor((height - 42) / rows) - CAPTION;
  return Math.min(MOST_TILE, Math.max(LEAST_TILE, Math.min(wide, Math.max(READABLE_TILE, high))));
}
