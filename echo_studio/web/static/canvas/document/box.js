// Boxes of pixels [x0, y0, x1, y1], both ends inside: around changes, and patches cut out of a map.

/** The smallest box [x0, y0, x1, y1] around two; the first may be null. */
export function joined(a, b) {
  if (!a) return b;
  return [Math.min(a[0], b[0]), Math.min(a[1], b[1]), Math.max(a[2], b[2]), Math.max(a[3], b[3])];
}

/** The smallest box that holds every pixel in which two maps differ, or null. */
export function differenceBox(a, b, width, height) {
  let box = null;
  for (let y = 0; y < height; y++) {
    const row = y * width;
    let x0 = 0;
    while (x0 < width && a[row + x0] === b[row + x0]) x0++;
    if (x0 === width) continue;
    let x1 = width - 1;
    while (a[row + x1] === b[row + x1]) x1--;
    box = joined(box, [x0, y, x1, y]);
  }
  return box;
}

export function cut(ids, width, [x0, y0, x1, y1]) {
  const wide = x1 - x0 + 1;
  const patch = new Uint8Array(wide * (y1 - y0 + 1));
  for (let y = y0; y <= y1; y++) patch.set(ids.subarray(y * width + x0, y * width + x1 + 1), (y - y0) * wide);
  return patch;
}

export function paste(ids, width, [x0, y0, x1, y1], patch) {
  const wide = x1 - x0 + 1;
  for (let y = y0; y <= y1; y++) ids.set(patch.subarray((y - y0) * wide, (y - y0 + 1) * wide), y * width + x0);
}
