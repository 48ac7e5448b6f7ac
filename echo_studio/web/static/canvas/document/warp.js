// Deform a label map with handles: moving least squares and the rule by which pixels follow. Python has the same in
// anatomy/shape/deform.py and anatomy/shape/warp.py, whose texts are the contract: the edit log is replayed there, byte for byte.
// Places are (x, y) with pixel centres at whole numbers. Nothing here knows the page.

import { LABELS, withCompanions } from "../../common/labels.js";

const WARP_GRID_BITS = 3;
const WARP_GRID = 1 << WARP_GRID_BITS; // pixels between nodes
const WARP_ON_HANDLE = 1e-12;
const WARP_FLAT = 1e-12;
const WARP_ON_A_LINE = 1e-6;
const WARP_SLACK = 1e-6; // ties are decided alike whatever the order of sums
const WARP_BACKGROUND = [0, 4]; // what an uncovered pixel becomes outside and inside the sector

/** One drag: made where it begins, warped as often as the pointer moves, always from the map before it. */
export class Warp {
  /**
   * map: {width, height, ids, sector}, copied as far as needed. structures: ids that move. locked: ids whose pixels stay
   * where they are not what moves. aspect: size of a pixel in y over its size in x.
   */
  constructor({ width, height, ids, sector }, { structures, locked = [], aspect = 1 }) {
    this.width = width;
    this.height = height;
    this.aspect = aspect;
    this.columns = Math.ceil((width - 1) / WARP_GRID) + 1;
    this.rows = Math.ceil((height - 1) / WARP_GRID) + 1;
    this.dx = new Float64Array(this.columns * this.rows);
    this.dy = new Float64Array(this.columns * this.rows);
    this.shown = new Uint8Array(ids.length);
    this.cutOut(ids, sector, new Set(withCompanions(structures)), new Set(locked));
    this.countBlocks();
  }

  /** The map while handles that rested at `before` are at `after`. The same array each time. */
  warped(before, after, kind) {
    this.displace(before, after, kind);
    this.shown.set(this.bare);
    for (let row = 0; row * WARP_GRID < this.height; row++) {
      for (let column = 0; column * WARP_GRID < this.width; column++) this.warpCell(column, row);
    }
    return this.shown;
  }

  // `moving` holds what moves, 0 elsewhere; `bare` is the map without it; `stays` marks locked pixels.
  cutOut(ids, sector, moving, locked) {
    this.moving = new Uint8Array(ids.length);
    this.bare = ids.slice();
    this.stays = new Uint8Array(ids.length);
    const moves = Uint8Array.from(LABELS, ({ id }) => Number(moving.has(id)));
    const holds = Uint8Array.from(LABELS, ({ id }) => Number(locked.has(id) && !moving.has(id)));
    for (let i = 0; i < ids.length; i++) {
      this.stays[i] = holds[ids[i]];
      if (!moves[ids[i]]) continue;
      this.moving[i] = ids[i];
      this.bare[i] = WARP_BACKGROUND[sector[i] ? 1 : 0];
    }
  }

  // A summed-area table over blocks of pixels tells whether a box may hold anything that moves.
  countBlocks() {
    const { width, height, moving } = this;
    this.across = Math.ceil(width / WARP_GRID) + 1;
    const down = Math.ceil(height / WARP_GRID) + 1;
    const sums = new Uint32Array(this.across * down);
    for (let y = 0; y < height; y++) {
      const line = (Math.floor(y / WARP_GRID) + 1) * this.across + 1;
      for (let x = 0, i = y * width; x < width; x++, i++) if (moving[i]) sums[line + (x >> WARP_GRID_BITS)] += 1;
    }
    for (let y = 1; y < down; y++) {
      for (let x = 1; x < this.across; x++) {
        const i = y * this.across + x;
        sums[i] += sums[i - 1] + sums[i - this.across] - sums[i - this.across - 1];
      }
    }
    this.sums = sums;
  }

  /** Whether a moving pixel may lie in the box; false is certain. Ends may lie beyond the map. */
  mayHold(x0, y0, x1, y1) {
    if (x1 < 0 || y1 < 0 || x0 >= this.width || y0 >= this.height) return false;
    const left = Math.floor(Math.max(0, x0) / WARP_GRID);
    const right = Math.floor(Math.min(this.width - 1, x1) / WARP_GRID) + 1;
    const top = Math.floor(Math.max(0, y0) / WARP_GRID) * this.across;
    const bottom = (Math.floor(Math.min(this.height - 1, y1) / WARP_GRID) + 1) * this.across;
    return this.sums[bottom + right] + this.sums[top + left] !== this.sums[bottom + left] + this.sums[top + right];
  }

  /** The displacement, from a pixel to the place that it shows, at every node. */
  displace(before, after, kind) {
    const field = new HandleField(before, after, this.aspect, kind);
    const { image } = field;
    for (let row = 0, node = 0; row < this.rows; row++) {
      const y = row * WARP_GRID;
      for (let column = 0; column < this.columns; column++, node++) {
        const x = column * WARP_GRID;
        field.map(x, y * this.aspect);
        this.dx[node] = image[0] - x;
        this.dy[node] = image[1] / this.aspect - y;
      }
    }
  }

  warpCell(column, row) {
    const { dx, dy, columns } = this;
    const x0 = column * WARP_GRID;
    const y0 = row * WARP_GRID;
    // A node beyond the last one would be needed with weight 0 only.
    const east = column + 1 < columns ? 1 : 0;
    const a = row * columns + column;
    const b = a + east;
    const c = row + 1 < this.rows ? a + columns : a;
    const d = c + east;
    // Between nodes the source is bilinear, so it stays in the box of the corners; a pixel of margin covers rounding.
    const x1 = x0 + WARP_GRID;
    const y1 = y0 + WARP_GRID;
    const west = Math.min(x0 + dx[a], x1 + dx[b], x0 + dx[c], x1 + dx[d]);
    const north = Math.min(y0 + dy[a], y0 + dy[b], y1 + dy[c], y1 + dy[d]);
    const reachX = Math.max(x0 + dx[a], x1 + dx[b], x0 + dx[c], x1 + dx[d]);
    const reachY = Math.max(y0 + dy[a], y0 + dy[b], y1 + dy[c], y1 + dy[d]);
    if (!this.mayHold(west - 1, north - 1, reachX + 2, reachY + 2)) return;
    const { width, height, moving, stays, shown } = this;
    const xEnd = Math.min(x1, width);
    const yEnd = Math.min(y1, height);
    for (let x = x0; x < xEnd; x++) {
      const tx = (x - x0) / WARP_GRID;
      const topX = dx[a] * (1 - tx) + dx[b] * tx;
      const topY = dy[a] * (1 - tx) + dy[b] * tx;
      const bottomX = dx[c] * (1 - tx) + dx[d] * tx;
      const bottomY = dy[c] * (1 - tx) + dy[d] * tx;
      for (let y = y0; y < yEnd; y++) {
        const ty = (y - y0) / WARP_GRID;
        const i = Math.floor(x + (topX * (1 - ty) + bottomX * ty) + (0.5 + WARP_SLACK));
        const j = Math.floor(y + (topY * (1 - ty) + bottomY * ty) + (0.5 + WARP_SLACK));
        if (i < 0 || j < 0 || i >= width || j >= height) continue;
        const label = moving[j * width + i];
        if (label && !stays[y * width + x]) shown[y * width + x] = label;
      }
    }
  }
}

/** The map of the plane that takes handles from where they are (p) to where they rest (q): Schaefer et al., 2006. */
class HandleField {
  constructor(before, after, aspect, kind) {
    this.px = Float64Array.from(after, ([x]) => x);
    this.py = Float64Array.from(after, ([, y]) => y * aspect);
    this.qx = Float64Array.from(before, ([x]) => x);
    this.qy = Float64Array.from(before, ([, y]) => y * aspect);
    this.weights = new Float64Array(before.length);
    this.image = new Float64Array(2); // what `map` found
    this.kind = kind === "affine" && this.onALine() ? "similarity" : kind;
  }

  // Three handles that spread over a plane are the least that an affine map needs.
  onALine() {
    const { px, py } = this;
    const count = px.length;
    const mean = (values) => values.reduce((sum, value) => sum + value, 0) / count;
    const [mx, my] = [mean(px), mean(py)];
    let xx = 0;
    let xy = 0;
    let yy = 0;
    for (let i = 0; i < count; i++) {
      xx += (px[i] - mx) ** 2;
      xy += (px[i] - mx) * (py[i] - my);
      yy += (py[i] - my) ** 2;
    }
    return count < 3 || xx * yy - xy * xy < (WARP_ON_A_LINE * (xx + yy) ** 2) / 4;
  }

  /** Put the image of v, in units in which pixels are square, into `image`. */
  map(vx, vy) {
    const { px, py, qx, qy, weights, image } = this;
    let [total, pX, pY, qX, qY] = [0, 0, 0, 0, 0];
    for (let i = 0; i < px.length; i++) {
      const x = px[i] - vx;
      const y = py[i] - vy;
      const distance = x * x + y * y;
      if (distance < WARP_ON_HANDLE) {
        image[0] = qx[i];
        image[1] = qy[i];
        return;
      }
      const w = 1 / distance;
      weights[i] = w;
      total += w;
      pX += w * px[i];
      pY += w * py[i];
      qX += w * qx[i];
      qY += w * qy[i];
    }
    pX /= total;
    pY /= total;
    qX /= total;
    qY /= total;
    if (this.kind === "affine") this.stretch(vx - pX, vy - pY, total, pX, pY, qX, qY);
    else this.turn(vx - pX, vy - pY, total, pX, pY, qX, qY);
    image[0] += qX;
    image[1] += qY;
  }

  // Similarity and rigid: multiplication by the complex number m.
  turn(x, y, total, pX, pY, qX, qY) {
    const { px, py, qx, qy, weights, image } = this;
    let [re, im, mu, nu] = [0, 0, 0, 0];
    for (let i = 0; i < px.length; i++) {
      const w = weights[i];
      const ax = px[i] - pX;
      const ay = py[i] - pY;
      const bx = qx[i] - qX;
      const by = qy[i] - qY;
      re += w * (ax * bx + ay * by);
      im += w * (ax * by - ay * bx);
      mu += w * (ax * ax + ay * ay);
      nu += w * (bx * bx + by * by);
    }
    re /= total;
    im /= total;
    mu /= total;
    const size = this.kind === "rigid" ? Math.sqrt(re * re + im * im) : mu;
    const flat = size <= WARP_FLAT * Math.max(mu + nu / total, 1);
    const cos = flat ? 1 : re / size;
    const sin = flat ? 0 : im / size;
    image[0] = cos * x - sin * y;
    image[1] = sin * x + cos * y;
  }

  stretch(x, y, total, pX, pY, qX, qY) {
    const { px, py, qx, qy, weights, image } = this;
    let [a, b, d, xx, xy, yx, yy] = [0, 0, 0, 0, 0, 0, 0]; // [[a, b], [b, d]]: the spread of p
    for (let i = 0; i < px.length; i++) {
      const w = weights[i] / total;
      const ax = px[i] - pX;
      const ay = py[i] - pY;
      const bx = qx[i] - qX;
      const by = qy[i] - qY;
      a += w * ax * ax;
      b += w * ax * ay;
      d += w * ay * ay;
      xx += w * bx * ax;
      xy += w * bx * ay;
      yx += w * by * ax;
      yy += w * by * ay;
    }
    const determinant = a * d - b * b;
    const flat = determinant <= WARP_FLAT * Math.max((a + d) ** 2, 1);
    image[0] = flat ? x : ((xx * d - xy * b) * x + (xy * a - xx * b) * y) / determinant;
    image[1] = flat ? y : ((yx * d - yy * b) * x + (yy * a - yx * b) * y) / determinant;
  }
}
