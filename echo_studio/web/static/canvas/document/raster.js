// Shapes as whole pixels. No antialiasing: a pixel is in the shape or it is not, so no label is ever invented.
// Positions are in pixels of the map; pixel i covers [i, i + 1) and its centre is i + 0.5.

/** The grid cell of a brush: discs of odd diameter sit on pixel centres, of even diameter on pixel corners. */
export function brushCell(position, diameter) {
  return diameter % 2 ? Math.floor(position) : Math.floor(position + 0.5);
}

/** Call span(y, x0, x1) for each row of the disc whose centre lies at the cell (column, row). */
export function discSpans(column, row, diameter, span) {
  const offset = diameter % 2 ? 0 : 0.5;
  const reach = diameter >> 1;
  for (let dy = -reach; dy <= reach; dy++) {
    const height = dy + offset;
    const chord = (diameter * diameter) / 4 - height * height;
    if (chord < 0) continue;
    const half = Math.sqrt(chord);
    const x0 = column + Math.ceil(-half - offset);
    const x1 = column + Math.floor(half - offset);
    if (x0 <= x1) span(row + dy, x0, x1);
  }
}

/**
 * The cells between two cells, the first one left out, so that a stroke has no gaps at any speed.
 * @param {number[]} from [column, row]
 * @param {number[]} to
 */
export function cellsBetween(from, to) {
  const [x0, y0] = from;
  const [x1, y1] = to;
  const count = Math.max(Math.abs(x1 - x0), Math.abs(y1 - y0));
  return Array.from({ length: count }, (_, k) => [
    Math.floor(x0 + ((x1 - x0) * (k + 1)) / count + 0.5),
    Math.floor(y0 + ((y1 - y0) * (k + 1)) / count + 0.5),
  ]);
}

/** Spans of a polygon by the even-odd rule at pixel centres; rows beyond 0..height - 1 are left out. */
export function polygonSpans(points, height, span) {
  const rows = new Map(); // y -> where the outline crosses the row's middle
  points.forEach(([ax, ay], i) => {
    const [bx, by] = points[(i + 1) % points.length];
    const last = Math.min(height - 1, Math.floor(Math.max(ay, by)));
    for (let y = Math.max(0, Math.floor(Math.min(ay, by)) - 1); y <= last; y++) {
      const centre = y + 0.5;
      if (ay <= centre === by <= centre) continue;
      if (!rows.has(y)) rows.set(y, []);
      rows.get(y).push(ax + ((centre - ay) / (by - ay)) * (bx - ax));
    }
  });
  for (const [y, crossings] of rows) {
    crossings.sort((a, b) => a - b);
    for (let k = 0; k + 1 < crossings.length; k += 2) {
      const x0 = Math.ceil(crossings[k] - 0.5);
      const x1 = Math.ceil(crossings[k + 1] - 0.5) - 1;
      if (x0 <= x1) span(y, x0, x1);
    }
  }
}

/** Spans of the 4-connected region of equal ids around a pixel. */
export function regionSpans(ids, width, height, x, y, span) {
  const label = ids[y * width + x];
  const seen = new Uint8Array(ids.length);
  const open = [[x, y]];
  const inside = (i) => ids[i] === label && !seen[i];
  const spans = [];
  while (open.length) {
    const [px, py] = open.pop();
    const row = py * width;
    if (!inside(row + px)) continue;
    let x0 = px;
    let x1 = px;
    while (x0 > 0 && inside(row + x0 - 1)) x0--;
    while (x1 < width - 1 && inside(row + x1 + 1)) x1++;
    seen.fill(1, row + x0, row + x1 + 1);
    spans.push([py, x0, x1]);
    for (const next of [py - 1, py + 1]) {
      if (next < 0 || next >= height) continue;
      for (let i = x0; i <= x1; i++) {
        const start = next * width + i;
        if (inside(start) && (i === x0 || !inside(start - 1))) open.push([i, next]);
      }
    }
  }
  // Reported at the end, because the caller writes into `ids`.
  for (const one of spans) span(...one);
}
