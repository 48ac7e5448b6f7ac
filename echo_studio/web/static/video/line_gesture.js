// A line that is drawn with the pointer. Places are shares of the picture's width and height.

const MIN_LINE = 0.02; // of the picture: what is shorter was a click

/**
 * The place of a point in CSS pixels, within the picture that lies at {left, top, wide, high}.
 *
 * @returns {[number, number]}
 */
export function placeOf(x, y, { left, top, wide, high }) {
  const within = (value) => Math.min(1, Math.max(0, value));
  return [within((x - left) / wide), within((y - top) / high)];
}

export class LineGesture {
  /** `onLine` is called with {x0, y0, x1, y1} while the line is drawn, and with (null, true) at its end. */
  constructor(onLine) {
    this.onLine = onLine;
    this.from = null;
    this.moved = false;
  }

  begin(place) {
    this.from = place;
  }

  move([x, y]) {
    if (!this.from) return;
    const [x0, y0] = this.from;
    if (Math.hypot(x - x0, y - y0) < MIN_LINE) return;
    this.moved = true;
    this.onLine({ x0, y0, x1: x, y1: y }, false);
  }

  end() {
    if (this.moved) this.onLine(null, true);
    this.from = null;
    this.moved = false;
  }
}
