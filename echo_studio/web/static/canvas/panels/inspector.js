// The panels at the right: one is shown at a time, chosen by tab or key.

export const PANELS = [
  { name: "generate", title: "Generate", key: "q" },
  { name: "shape", title: "Shape", key: "s" },
  { name: "defects", title: "Defects", key: "x" },
  { name: "measure", title: "Measure", key: "i" },
  { name: "history", title: "History", key: "y" },
];

export class Inspector {
  constructor(root) {
    this.root = root;
    this.chosen = "generate";
    this.listeners = new Set(); // (name) of the panel that was chosen
    const strip = root.querySelector("[data-part=inspector-tabs]");
    this.tabs = PANELS.map(({ name, title, key }) => {
      const tab = document.createElement("button");
      Object.assign(tab, { type: "button", id: `tab-${name}`, title: `${title} (${key.toUpperCase()})`, textContent: title });
      tab.dataset.tab = name;
      tab.setAttribute("role", "tab");
      tab.setAttribute("aria-controls", `panel-${name}`);
      tab.addEventListener("click", () => this.choose(name));
      this.panel(name).id = `panel-${name}`;
      this.panel(name).setAttribute("role", "tabpanel");
      strip.append(tab);
      return tab;
    });
    strip.addEventListener("keydown", (event) => this.arrow(event));
    this.choose("generate");
  }

  panel(name) {
    return this.root.querySelector(`[data-panel="${name}"]`);
  }

  choose(name) {
    this.chosen = name;
    for (const tab of this.tabs) {
      const on = tab.dataset.tab === name;
      tab.setAttribute("aria-selected", String(on));
      tab.tabIndex = on ? 0 : -1;
      this.panel(tab.dataset.tab).hidden = !on;
    }
    for (const listener of this.listeners) listener(name);
  }

  arrow(event) {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const place = this.tabs.findIndex((tab) => tab.dataset.tab === this.chosen);
    const tab = this.tabs[(place + step + this.tabs.length) % this.tabs.length];
    this.choose(tab.dataset.tab);
    tab.focus();
    event.preventDefault();
    event.stopPropagation();
  }
}
