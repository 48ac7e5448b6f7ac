// How a video is made, without the page: generator, solver, NFE, guidance, start step, seed. A generator says what it has,
// and what it advises.

/** `least` and `most` are those of the sliders; the field of the NFE takes more. */
export const SAMPLING_NUMBERS = [
  { name: "nfe", title: "NFE", least: 1, most: 100, hint: "Calls of the network; the field takes more than the slider" },
  { name: "guidance", title: "Guidance", least: 0, most: 10, step: 0.5, hint: "Scale of classifier-free guidance: 0 is off" },
  { name: "start_step", title: "Start step", least: 0, most: 63, hint: "Of 64 noise levels, those that are skipped: 0 begins with noise alone, 63 keeps nearly all of the starting video" },
];

export class VideoSampling {
  /** `onChange` is called with what was changed, by name. */
  constructor(onChange) {
    this.onChange = onChange;
    this.values = { generator: "", solver: "", nfe: 20, guidance: 0, start_step: 0, seed: "0" };
    this.generators = [];
    this.solvers = [];
    this.listeners = new Set(); // something here is to be shown anew
  }

  /** The chosen generator of the catalog; undefined if there is none. */
  get entry() {
    return this.generators.find(({ name }) => name === this.values.generator);
  }

  offer({ generators, solvers }) {
    Object.assign(this, { generators, solvers });
    this.values.solver = solvers[0].name;
    if (generators.length) this.choose(generators[0].name);
    else this.notify();
  }

  /** A generator with what it is best used with. */
  choose(name) {
    this.values.generator = name;
    const { advised_nfe: nfe, advised_solver: solver, advised_start_step: start, advised_guidance: guidance } = this.entry;
    this.set({ generator: name, nfe, solver: solver || this.values.solver, start_step: start || 0, guidance: guidance || 0 });
  }

  set(changes) {
    Object.assign(this.values, changes);
    this.notify();
    this.onChange(changes);
  }

  /** What a video was requested with, if its generator is still there. */
  restore({ generator, solver, nfe, guidance, start_step: start, seed }) {
    if (!this.generators.some(({ name }) => name === generator)) return;
    this.set({ generator, solver, nfe, guidance, start_step: start, seed });
  }

  newSeed() {
    this.set({ seed: String(Math.floor(Math.random() * 2 ** 31)) });
  }

  /** Whether the generator has a use for a number of SAMPLING_NUMBERS. */
  uses(name) {
    const { entry } = this;
    return name === "nfe" || Boolean(name === "guidance" ? entry?.guidance : entry?.starts);
  }

  /** What the generator advises, in words. */
  get advice() {
    const { advised_nfe: nfe, advised_solver: solver, advised_start_step: start, advised_guidance: guidance, starts } = this.entry;
    return [`${nfe} NFE`, this.solverTitle(solver), starts && `start step ${start}`, guidance > 0 && `guidance ${guidance}`].filter(Boolean).join(", ");
  }

  /** A solver's name for people, without what its title says in brackets. */
  solverTitle(name) {
    return (this.solvers.find((one) => one.name === name)?.title || "").split(" (")[0];
  }

  get request() {
    return { ...this.values };
  }

  notify() {
    for (const listener of this.listeners) listener();
  }
}
