// The samples of the shown set: which ones the filter lets through, what is known of those that are seen, their pictures.

const MOST_AT_ONCE = 60; // in one request
const MOST_PICTURES = 1500; // kept
const MOST_DETAILS = 6000;

export class Samples {
  constructor(link) {
    this.link = link;
    this.name = "";
    this.numbers = new Uint32Array(0);
    this.outlined = false;
    this.version = 0;
    this.finding = new AbortController();
    this.listeners = new Set();
    this.clear();
  }

  clear() {
    for (const url of (this.pictures || new Map()).values()) URL.revokeObjectURL(url);
    this.details = new Map(); // what the server says of a sample, by its number
    this.stale = new Set(); // numbers whose details may have changed
    this.pictures = new Map();
    this.underway = { samples: new Set(), thumbnails: new Set() };
  }

  open(name) {
    this.name = name;
    this.numbers = new Uint32Array(0);
    this.finding.abort();
    this.clear();
  }

  get path() {
    return `/dataset/sets/${encodeURIComponent(this.name)}`;
  }

  post(what, body, signal) {
    return this.link.request(`${this.path}/${what}`, { method: "POST", body: JSON.stringify(body), headers: { "Content-Type": "application/json" }, signal });
  }

  /** The numbers of the samples that a filter lets through; null if another filter came in between. */
  async find(filter) {
    this.finding.abort();
    const { signal } = (this.finding = new AbortController());
    try {
      const numbers = new Uint32Array(await (await this.post("numbers", filter, signal)).arrayBuffer());
      return signal.aborted ? null : numbers;
    } catch (problem) {
      if (!signal.aborted) throw problem;
      return null;
    }
  }

  setOutlined(on) {
    this.outlined = on;
    for (const url of this.pictures.values()) URL.revokeObjectURL(url);
    this.pictures.clear();
    this.underway.thumbnails = new Set();
  }

  /** What was decided or measured may have changed: it is fetched anew, and meanwhile the old one is shown. */
  forget() {
    this.version += 1;
    this.stale = new Set(this.details.keys());
    this.underway.samples = new Set(); // what is on its way may be older than the change
  }

  /** Fetch what is missing of samples that are seen. */
  fetchMissing(numbers) {
    const unknown = numbers.filter((number) => !this.details.has(number) || this.stale.has(number));
    const unseen = numbers.filter((number) => !this.pictures.has(number));
    const { version, outlined } = this;
    this.fetch("samples", unknown, async (some, name) => {
      const samples = await (await this.post("samples", { numbers: some })).json();
      if (name !== this.name || version !== this.version) return;
      for (const sample of samples) this.details.set(sample.number, sample);
      for (const number of some) this.stale.delete(number);
    });
    this.fetch("thumbnails", unseen, async (some, name) => {
      const packed = await (await this.post("thumbnails", { numbers: some, outlined })).arrayBuffer();
      if (name !== this.name || outlined !== this.outlined) return;
      this.unpack(packed);
    });
  }

  /** Fetch in parts what is not on its way. */
  fetch(what, numbers, part) {
    const underway = this.underway[what];
    const fresh = numbers.filter((number) => !underway.has(number));
    for (let start = 0; start < fresh.length; start += MOST_AT_ONCE) {
      const some = fresh.slice(start, start + MOST_AT_ONCE);
      for (const number of some) underway.add(number);
      part(some, this.name)
        .then(() => this.notify(), () => {}) // what is still seen is fetched again
        .finally(() => {
          for (const number of some) underway.delete(number);
        });
    }
  }

  unpack(packed) {
    const view = new DataView(packed);
    for (let at = 0; at < packed.byteLength;) {
      const [number, length] = [view.getUint32(at, true), view.getUint32(at + 4, true)];
      const blob = new Blob([packed.slice(at + 8, at + 8 + length)], { type: "image/jpeg" });
      if (!this.pictures.has(number)) this.pictures.set(number, URL.createObjectURL(blob));
      at += 8 + length;
    }
    for (const [number, url] of this.pictures) {
      if (this.pictures.size <= MOST_PICTURES) break;
      URL.revokeObjectURL(url);
      this.pictures.delete(number);
    }
    for (const number of this.details.keys()) {
      if (this.details.size <= MOST_DETAILS) break;
      this.details.delete(number);
    }
  }

  notify() {
    for (const listener of this.listeners) listener();
  }
}
