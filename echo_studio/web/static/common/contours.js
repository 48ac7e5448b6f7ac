// Contours of the structures that are scored, LV cavity, epicardium (cavity and wall) and left atrium, and of fluid and masses.
// For display only: the corner points of the pixel outline are averaged with their neighbours, which the labels never see.

const STRUCTURES = [
  { label: 2, ids: [1, 2] },
  { label: 1, ids: [1] },
  { label: 3, ids: [3] },
  { label: 5, ids: [5] },
  { label: 6, ids: [6] },
];

/** [{label, path}] of what the map holds, in its pixels; the path is a Path2D of closed curves. */
export function structureContours(ids, width, height) {
  const held = new Set(ids);
  return STRUCTURES.filter(({ label }) => held.has(label)).map(({ label, ids: members }) => {
    const path = new Path2D();
    for (const loop of outlines(ids, width, height, members)) addLoop(path, smoothed(loop));
    return { label, path };
  });
}

/** Closed pixel outlines, as corner points; the structure lies on the right of each directed edge. */
export function outlines(ids, width, height, members) {
  // With a rim of one pixel on each side, so that no neighbour needs a test of its own.
  const wide = width + 2;
  const inside = new Uint8Array(wide * (height + 2));
  const member = new Uint8Array(256);
  for (const id of members) member[id] = 1;
  for (let y = 0; y < height; y++) {
    for (let i = y * width, to = (y + 1) * wide + 1, end = i + width; i < end; i++, to++) inside[to] = member[ids[i]];
  }
  const stride = width + 1;
  const next = new Map(); // corner -> corners that directed edges lead to
  const edge = (ax, ay, bx, by) => {
    const from = ay * stride + ax;
    if (!next.has(from)) next.set(from, []);
    next.get(from).push(by * stride + bx);
  };
  for (let y = 0; y < height; y++) {
    for (let x = 0, at = (y + 1) * wide + 1; x < width; x++, at++) {
      if (!inside[at]) continue;
      if (!inside[at - wide]) edge(x, y, x + 1, y);
      if (!inside[at + 1]) edge(x + 1, y, x + 1, y + 1);
      if (!inside[at + wide]) edge(x + 1, y + 1, x, y + 1);
      if (!inside[at - 1]) edge(x, y + 1, x, y);
    }
  }
  const loops = [];
  for (const start of next.keys()) {
    while (next.get(start).length) {
      const loop = [];
      let corner = start;
      do {
        loop.push([corner % stride, Math.floor(corner / stride)]);
        corner = next.get(corner).pop();
      } while (corner !== start && next.get(corner).length);
      loops.push(loop);
    }
  }
  return loops;
}

/** The outline of whole pixels as it is. */
export function addLoop(path, loop) {
  loop.forEach(([x, y], i) => (i ? path.lineTo(x, y) : path.moveTo(x, y)));
  path.closePath();
}

/** A closed outline whose corners are averaged with their neighbours, six times. */
export function smoothed(loop) {
  let points = loop;
  // Specks stay as they are: smoothing would make them vanish.
  for (let pass = 0; pass < 6 && points.length > 12; pass++) {
    const old = points;
    points = old.map(([x, y], i) => {
      const [ax, ay] = old[(i + old.length - 1) % old.length];
      const [bx, by] = old[(i + 1) % old.length];
      return [(ax + 2 * x + bx) / 4, (ay + 2 * y + by) / 4];
    });
  }
  return points;
}
