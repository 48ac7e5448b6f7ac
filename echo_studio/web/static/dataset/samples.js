// The samples of the shown set: which ones the filter lets through, what is known of those that are seen, their pictures.

const MOST_AT_ONCE = 60; // in one question
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
    this.details = new Map();
    this.pictures = new Map();
    this.asked = { samples: new Set(), thumbnails: new Set() };
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

  /** The numbers of the samples that a filter lets through; null where another question came in between. */
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
    this.asked.thumbnails.clear();
  }

  /** What was decided or measured may have changed: it is asked for anew, and meanwhile the old one is shown. */
  forget() {
    this.version += 1;
    this.stale = new Set(this.details.keys());
    this.asked.samples.clear(); // what is on its way may be older than the change
  }

  /** Fetch what is missing of samples that are seen. */
  want(numbers) {
    const unknown = numbers.filter((number) => !this.details.has(number) || this.stale?.has(number));
    const unseen = numbers.filter((number) => !this.pictures.has(number));
    const { version } = this;
    this.ask("samples", unknown, async (some, name) => {
      const told = await (await this.post("samples", { numbers: some })).json();
      if (name !== this.name || version !== this.version) return;
      for (const one of told) this.details.set(one.number, one);
      for (const number of some) this.stale?.delete(number);
    });
    const { outlined } = this;
    this.ask("thumbnails", unseen, async (some, name) => {
      const packed = await (await this.post("thumbnails", { numbers: some, outlined })).arrayBuffer();
      if (name !== this.name || outlined !== this.outlined) return;
      this.unpack(packed);
    });
  }

  ask(what, numbers, fetch) {
    const asked = this.asked[what];
    const fresh = numbers.filter((number) => !asked.has(number));
    for (let start = 0; start < fresh.length; start += MOST_AT_ONCE) {
      const some = fresh.slice(start, start + MOST_AT_ONCE);
      for (const number of some) asked.add(number);
      fetch(some, this.name)
        .then(() => this.told(), () => {}) // what is still seen is asked for again
        .finally(() => {
          for (const number of some) asked.delete(number);
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

  told() {
    for (const listener of this.listeners) listener();
  }
}
