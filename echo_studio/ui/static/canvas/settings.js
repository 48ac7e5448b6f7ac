// What a frame is generated with: view, phase, generator, solver, NFE, seed, and whether edits are previewed.
// `values` is the truth; the controls of the Generate panel show and change it.

class Settings {
  constructor(root) {
    this.root = root;
    this.values = { view: "4CH", phase: "ED", generator: "", solver: "", nfe: 20, seed: "0", live: true, intended: [] };
    this.listeners = new Set();
    this.generators = [];
    for (const name of ["generator", "solver"]) this.bind(name, "change", (control) => this.set({ [name]: control.value }));
    this.bind("generator", "change", () => this.set({ nfe: this.advised }));
    // What is typed stays as it is typed: the server says what is wrong with it.
    for (const id of ["nfe", "seed"]) this.bind(id, "input", (control) => this.set({ [id]: control.value }));
    this.bind("nfe-range", "input", (control) => this.set({ nfe: Number(control.value) }));
    this.bind("live", "change", (control) => this.set({ live: control.checked }));
    this.bind("new-seed", "click", () => this.newSeed());
  }

  control(id) {
    return this.root.querySelector(`#${id}`);
  }

  bind(id, kind, change) {
    const control = this.control(id);
    control.addEventListener(kind, () => change(control));
  }

  get advised() {
    const card = this.generators.find(({ name }) => name === this.values.generator);
    return card ? card.nfe : this.values.nfe;
  }

  /** The choices, once the server has told them. */
  offer({ views, phases, generators, solvers }) {
    this.generators = generators;
    for (const [id, names] of [["view", views], ["phase", phases]]) this.addSegments(id, names);
    fillSelect(this.control("generator"), generators);
    fillSelect(this.control("solver"), solvers);
    const solver = solvers.some(({ name }) => name === "heun") ? "heun" : solvers[0].name;
    const generator = generators.length ? generators[0].name : "";
    this.set({ generator, solver });
    this.set({ nfe: this.advised });
  }

  addSegments(id, names) {
    for (const name of names) {
      const label = document.createElement("label");
      const input = Object.assign(document.createElement("input"), { type: "radio", name: id, value: name });
      input.addEventListener("change", () => this.set({ [id]: name }));
      label.append(input, name);
      this.control(id).append(label);
    }
  }

  set(changes) {
    const before = JSON.stringify(this.values);
    Object.assign(this.values, changes);
    this.show();
    if (JSON.stringify(this.values) === before) return;
    for (const listener of this.listeners) listener(changes);
  }

  show() {
    const { values } = this;
    for (const id of ["view", "phase"]) {
      for (const input of this.control(id).querySelectorAll("input")) input.checked = input.value === values[id];
    }
    for (const id of ["generator", "solver", "nfe", "seed"]) {
      const control = this.control(id);
      if (control.value !== String(values[id])) control.value = values[id];
    }
    this.control("nfe-range").value = values.nfe;
    this.control("live").checked = values.live;
  }

  newSeed() {
    this.set({ seed: String(Math.floor(Math.random() * 2 ** 31)) });
  }
}

/** Options of a <select> from [{name, title}]. */
function fillSelect(select, choices) {
  select.replaceChildren(...choices.map(({ name, title }) => new Option(title, name)));
}
