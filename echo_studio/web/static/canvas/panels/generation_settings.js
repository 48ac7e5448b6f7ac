// What a frame is generated with: view, phase, generator, solver, NFE, schedule, guidance, look, seed; whether edits are
// previewed. `values` is the truth.

const FIRST_GENERATOR = "edm-l64"; // the quickest: every edit is previewed with it

/** What a record of a frame says of its sampling, as settings; older records lack some of it. */
export function sampledWith({ generator, solver, nfe, seed, schedule = "", guidance = 0, grain = null, coarseness = null, precision = "float32" }) {
  return { generator, solver, nfe, seed, schedule, guidance, grain: grain ?? "", coarseness: coarseness ?? "", precision };
}

export class GenerationSettings {
  constructor() {
    const sampling = sampledWith({ generator: "", solver: "", nfe: 20, seed: "0", precision: "auto" }); // an empty look is drawn for each seed
    this.values = { view: "4CH", phase: "ED", ...sampling, live: true, intended: [] };
    this.listeners = new Set(); // (changes)
    this.generators = [];
    this.solvers = [];
  }

  /** What there is to choose from; a generator that is gone gives way to the first choice. */
  know({ generators, solvers }) {
    Object.assign(this, { generators, solvers });
    if (!this.values.solver) this.set({ solver: solvers[0].name });
    if (this.card) this.show();
    else this.choose(FIRST_GENERATOR);
  }

  get card() {
    return this.generators.find(({ name }) => name === this.values.generator);
  }

  /** What the chosen generator is best used with. Guidance is left to those that can do it. */
  get advised() {
    if (!this.card) return {};
    const { nfe, solver, guidance } = this.card;
    return { nfe, solver: solver || this.values.solver, schedule: "", guidance: guidance ? this.values.guidance : 0, ...this.look };
  }

  /** The same in words. */
  get advice() {
    if (!this.card) return "";
    if (this.card.one_call) return "one call, no solver";
    const solver = this.solvers.find(({ name }) => name === this.card.solver);
    return `advised ${this.card.nfe}${solver ? `, ${solver.title.replace(/ \(.*/, "")}` : ""}`;
  }

  /** The look that was chosen, for those that can have one. */
  get look() {
    const { grain, coarseness } = this.card?.look ? this.values : { grain: "", coarseness: "" };
    return { grain, coarseness };
  }

  /** A generator with what it is best used with; the first one where there is none of that name. */
  choose(generator) {
    const card = this.generators.find(({ name }) => name === generator) || this.generators[0];
    this.set({ generator: card ? card.name : "" });
    this.set(this.advised);
  }

  set(changes) {
    const before = JSON.stringify(this.values);
    Object.assign(this.values, changes);
    if (this.card && this.card.one_call) this.values.nfe = 1;
    this.show();
    if (JSON.stringify(this.values) === before) return;
    for (const listener of this.listeners) listener(changes);
  }

  /** Bring the controls in line with the values. */
  show() {}

  newSeed() {
    this.set({ seed: String(Math.floor(Math.random() * 2 ** 31)) });
  }
}
