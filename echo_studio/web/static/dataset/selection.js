// Which samples are chosen, by their numbers; one of them has the focus. Places are those in the order that is shown.

export class Selection {
  constructor(samples) {
    this.samples = samples;
    this.chosen = new Set();
    this.focus = 0;
    this.anchor = 0;
    this.listeners = new Set();
  }

  get number() {
    return this.samples.numbers[this.focus];
  }

  get numbers() {
    return [...this.chosen];
  }

  /** Choose what is at a place: alone, in addition (`add`), or all from the anchor to it (`extend`). */
  choose(place, { add = false, extend = false } = {}) {
    const { numbers } = this.samples;
    if (!numbers.length) return;
    this.focus = Math.max(0, Math.min(numbers.length - 1, place));
    const number = numbers[this.focus];
    if (extend) {
      if (!add) this.chosen.clear();
      const [low, high] = [Math.min(this.anchor, this.focus), Math.max(this.anchor, this.focus)];
      for (let at = low; at <= high; at += 1) this.chosen.add(numbers[at]);
    } else {
      this.anchor = this.focus;
      if (!add) this.chosen = new Set([number]);
      else if (this.chosen.has(number)) this.chosen.delete(number);
      else this.chosen.add(number);
    }
    this.notify();
  }

  all() {
    this.chosen = new Set(this.samples.numbers);
    this.notify();
  }

  none() {
    this.chosen.clear();
    this.notify();
  }

  /** Show what a filter lets through; false if another filter came in between. */
  async find(filter) {
    const numbers = await this.samples.find(filter);
    if (!numbers) return false;
    const { number } = this; // the person may have gone on meanwhile
    this.samples.numbers = numbers;
    this.follow(number);
    return true;
  }

  /** The order has changed: the focus stays on its sample, and what is not shown is not chosen. */
  follow(number) {
    const { numbers } = this.samples;
    const place = numbers.indexOf(number);
    this.focus = place < 0 ? Math.max(0, Math.min(this.focus, numbers.length - 1)) : place;
    this.anchor = this.focus;
    if (this.chosen.size) {
      const shown = new Set(numbers);
      this.chosen = new Set(this.numbers.filter((one) => shown.has(one)));
    }
    this.notify();
  }

  notify() {
    for (const listener of this.listeners) listener();
  }
}
