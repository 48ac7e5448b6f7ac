// A line through a clip: how long it is, and the brightness along it in every frame. Its ends {x0, y0, x1, y1} are shares
// of the picture's width and height.

/** How long a line is, in mm where that is known. */
export function lineLength({ width, height, spacingMm }, { x0, y0, x1, y1 }) {
  const [dy, dx] = spacingMm || [1, 1];
  const length = Math.hypot((x1 - x0) * width * dx, (y1 - y0) * height * dy);
  return `${Math.round(length)} ${spacingMm ? "mm" : "px"}`;
}

/** A line across the ventricle at end diastole, half way down; through the middle of the picture where there is none. */
export function lineAcross(clip) {
  const ids = clip.labelsOf(0);
  const rows = [];
  for (let y = 0; y < clip.height; y++) {
    const row = ids.subarray(y * clip.width, (y + 1) * clip.width);
    const [first, last] = [row.indexOf(1), row.lastIndexOf(1)];
    if (first >= 0) rows.push([y, first, last]);
  }
  if (!rows.length) return { x0: 0.5, y0: 0.1, x1: 0.5, y1: 0.9 };
  const [y, first, last] = rows[Math.floor(rows.length / 2)];
  const margin = 0.45 * (last - first) + 0.04 * clip.width;
  const share = (x) => Math.min(1, Math.max(0, x / clip.width));
  const middle = (y + 0.5) / clip.height; // of the row
  return { x0: share(first - margin), y0: middle, x1: share(last + margin), y1: middle };
}

/** {rows, values}: brightness, bilinear, row after row along the line, with a column a frame. */
export function sampleLine(clip, { x0, y0, x1, y1 }) {
  const { width, height, frames } = clip;
  const rows = Math.max(2, Math.ceil(Math.hypot((x1 - x0) * width, (y1 - y0) * height)));
  const values = new Uint8Array(rows * frames);
  for (let frame = 0; frame < frames; frame++) {
    const grey = clip.greyOf(frame);
    for (let row = 0; row < rows; row++) {
      const share = row / (rows - 1);
      const x = Math.min(width - 1, Math.max(0, (x0 + share * (x1 - x0)) * width - 0.5));
      const y = Math.min(height - 1, Math.max(0, (y0 + share * (y1 - y0)) * height - 0.5));
      values[row * frames + frame] = bilinear(grey, width, height, x, y);
    }
  }
  return { rows, values };
}

/** Write a strip of beats, all alike, into RGBA `data`; one more column on each side, so that smoothing joins the beats. */
export function fillStrip(data, values, { rows, frames, beats }) {
  let at = 0;
  for (let row = 0; row < rows; row++) {
    for (let column = -1; column <= frames * beats; column++, at += 4) {
      data[at] = data[at + 1] = data[at + 2] = values[row * frames + ((column + frames) % frames)];
      data[at + 3] = 255;
    }
  }
}

function bilinear(grey, width, height, x, y) {
  const [column, row] = [Math.floor(x), Math.floor(y)];
  const [right, below] = [Math.min(width - 1, column + 1), Math.min(height - 1, row + 1)];
  const [dx, dy] = [x - column, y - row];
  const upper = grey[row * width + column] * (1 - dx) + grey[row * width + right] * dx;
  const lower = grey[below * width + column] * (1 - dx) + grey[below * width + right] * dx;
  return Math.round(upper * (1 - dy) + lower * dy);
}
