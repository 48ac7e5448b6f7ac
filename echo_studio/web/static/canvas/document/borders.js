// Borders and numbers of the labels, so that they are told apart without their colours.

const NUMBERED = [1, 2, 3];
const NUMBER_GRID = 96; // cells a side, at most: where a number goes need not be exact

export class LabelBorders {
  constructor(labels) {
    this.labels = labels;
    this.stale = true;
    labels.listeners.add(() => (this.stale = true));
  }

  draw(pane) {
    const { ids, width, height } = this.labels;
    if (this.stale) {
      this.path = new Path2D();
      traceBorders(this.path, ids, width, height);
      this.numbers = NUMBERED.map((id) => ({ id, ...deepestPlace(ids, width, height, id) }));
      this.stale = false;
    }
    pane.strokeInMap(this.path, "#000", 3.5);
    pane.strokeInMap(this.path, "#fff", 1.5);
    const { context, viewport } = pane;
    context.font = "600 13px system-ui, sans-serif";
    context.textAlign = "center";
    context.textBaseline = "middle";
    for (const { id, place, depth } of this.numbers) {
      if (depth * viewport.scale < 7) continue; // no room
      const at = viewport.toPane(...place);
      context.lineWidth = 3;
      context.strokeStyle = "#000";
      context.strokeText(id, ...at);
      context.fillStyle = "#fff";
      context.fillText(id, ...at);
    }
  }
}

/** Add every edge between two pixels of different labels to a path, in pixels of the map; edges in one line are one. */
export function traceBorders(path, ids, width, height) {
  const line = (differs, count, add) => {
    for (let from = 0; from < count; from++) {
      if (!differs(from)) continue;
      let to = from + 1;
      while (to < count && differs(to)) to++;
      add(from, to);
      from = to;
    }
  };
  for (let y = 1; y < height; y++) {
    const row = y * width;
    line((x) => ids[row + x] !== ids[row + x - width], width, (from, to) => {
      path.moveTo(from, y);
      path.lineTo(to, y);
    });
  }
  for (let x = 1; x < width; x++) {
    line((y) => ids[y * width + x] !== ids[y * width + x - 1], height, (from, to) => {
      path.moveTo(x, from);
      path.lineTo(x, to);
    });
  }
}

/** {place: [x, y], depth}: the point of a label that is furthest from its border, in pixels of the map. */
export function deepestPlace(ids, width, height, id) {
  const step = Math.max(1, Math.ceil(Math.max(width, height) / NUMBER_GRID));
  const columns = Math.floor(width / step);
  const rows = Math.floor(height / step);
  // A rim of zeros, so that the map's edge is a border too.
  const stride = columns + 2;
  const depths = new Uint16Array(stride * (rows + 2));
  const neighbours = [1, stride - 1, stride, stride + 1];
  const sweep = (cells, sign) => {
    for (const i of cells) {
      const y = Math.floor(i / stride);
      const x = i % stride;
      if (x < 1 || x > columns || ids[Math.floor((y - 0.5) * step) * width + Math.floor((x - 0.5) * step)] !== id) continue;
      const nearest = 1 + Math.min(...neighbours.map((offset) => depths[i + sign * offset]));
      depths[i] = sign < 0 ? nearest : Math.min(depths[i], nearest);
    }
  };
  const inner = Array.from({ length: stride * rows }, (_, i) => i + stride);
  sweep(inner, -1);
  sweep(inner.reverse(), 1);
  let best = 0;
  for (const i of inner) if (depths[i] > depths[best]) best = i;
  const place = [((best % stride) - 0.5) * step, (Math.floor(best / stride) - 0.5) * step];
  return { place, depth: depths[best] * step };
}
