// The label maps of a comparison: for headings, and to know where the sector is.

const THUMB = 56; // CSS pixels

class Guides {
  constructor(link) {
    this.link = link;
    this.maps = new Map(); // name: promise of {ids, sector, width, height, spacing}
    this.ready = new Map(); // name: what has arrived
  }

  clear() {
    this.maps.clear();
    this.ready.clear();
  }

  /** The label map of a cell, fetched once for all cells that share it. */
  of(comparison, number, name) {
    if (!this.maps.has(name)) {
      const reply = this.link.request(`/comparisons/${comparison}/cells/${number}/label-map`);
      const map = reply.then(mapOf);
      this.maps.set(name, map);
      map.then((found) => this.maps.get(name) === map && this.ready.set(name, found), () => this.maps.delete(name));
    }
    return this.maps.get(name);
  }
}

async function mapOf(reply) {
  const [width, height] = ["X-Width", "X-Height"].map((name) => Number(reply.headers.get(name)));
  const bytes = new Uint8Array(await reply.arrayBuffer());
  const [ids, sector] = [bytes.slice(0, width * height), bytes.slice(width * height)];
  return { ids, sector, width, height, spacing: reply.headers.get("X-Spacing") || "" };
}

/** A small picture of a label map in the colours of the Edit tab. */
function mapThumb({ ids, width, height }) {
  const whole = new OffscreenCanvas(width, height);
  const image = whole.getContext("2d").createImageData(width, height);
  const style = getComputedStyle(document.querySelector("#canvas .studio"));
  const colours = [0, 1, 2, 3, 4].map((id) => (style.getPropertyValue(`--label-${id}`).match(/\d+/g) || [0, 0, 0]).map(Number));
  ids.forEach((id, i) => {
    image.data.set(colours[id], 4 * i);
    image.data[4 * i + 3] = id ? 255 : 0;
  });
  whole.getContext("2d").putImageData(image, 0, 0);
  const thumb = Object.assign(document.createElement("canvas"), { className: "cmp-thumb", width: 2 * THUMB, height: 2 * THUMB });
  const scale = (2 * THUMB) / Math.max(width, height);
  thumb.getContext("2d").drawImage(whole, THUMB - (width * scale) / 2, THUMB - (height * scale) / 2, width * scale, height * scale);
  thumb.setAttribute("aria-hidden", "true");
  return thumb;
}
