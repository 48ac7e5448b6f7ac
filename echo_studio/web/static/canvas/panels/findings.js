// What is odd in the map: a list by kind, each finding a button that shows its place; repair and "intended" are of a kind.

const FINDING_WORDS = {
  missing: "Missing structure",
  island: "Pieces apart",
  hole: "Holes",
  "wall-gap": "Wall gaps",
  "atrium-apart": "Atrium apart",
  "beyond-fan": "Beyond the sector",
  "lv-volume": "Size of the ventricle",
  "la-volume": "Size of the atrium",
  "wall-thickness": "Wall thickness",
};
const FINDINGS_SHOWN = 5; // of a kind; the rest is counted

export class Findings {
  /** `repair(kind)` is called to mend all of a kind; `onCount(number)` hears how many are not intended. */
  constructor(panel, editor, settings, repair) {
    this.panel = panel;
    this.editor = editor;
    this.settings = settings;
    this.repair = repair;
    this.onCount = (_number) => {};
    this.list = [];
    this.chosen = ""; // which one is shown, see `nameOf`
    this.marking = false;
    this.box = panel.querySelector("[data-part=findings]");
    this.title = panel.querySelector("[data-part=findings-title]");
    this.box.addEventListener("click", ({ target }) => {
      const button = target.closest("button");
      if (!button) return;
      if (button.dataset.repair) this.repair(button.dataset.repair);
      else this.choose(button.dataset.finding);
    });
    this.box.addEventListener("change", ({ target }) => this.intend(target.dataset.intended, target.checked));
    settings.listeners.add((changes) => "intended" in changes && this.draw());
  }

  get intended() {
    const { intended } = this.settings.values;
    return Array.isArray(intended) ? intended : [];
  }

  intend(kind, on) {
    const others = this.intended.filter((one) => one !== kind);
    if (on && this.chosen.startsWith(`${kind} `)) this.chosen = "";
    this.settings.set({ intended: on ? [...others, kind] : others });
  }

  show(list) {
    const drawn = JSON.stringify(list);
    if (drawn === this.drawn) return;
    this.drawn = drawn;
    this.list = list;
    if (!list.some((one) => nameOf(one) === this.chosen)) this.chosen = "";
    this.draw();
  }

  /** Mark them on the canvas, or no more. */
  mark(on) {
    this.marking = on;
    this.chosen = on ? this.chosen : "";
    this.draw();
  }

  choose(name) {
    this.chosen = this.chosen === name ? "" : name;
    this.draw();
  }

  draw() {
    const counted = this.list.filter(({ kind }) => !this.intended.includes(kind));
    this.onCount(counted.length);
    this.title.textContent = counted.length ? `Findings: ${counted.length}` : "Findings";
    const focused = this.box.contains(document.activeElement) ? focusKey(/** @type {HTMLElement} */ (document.activeElement)) : "";
    const kinds = [...new Set(this.list.map(({ kind }) => kind))];
    // What is meant is said last.
    kinds.sort((a, b) => Number(this.intended.includes(a)) - Number(this.intended.includes(b)));
    const none = Object.assign(document.createElement("p"), { className: "facts", textContent: "Nothing odd was found." });
    this.box.replaceChildren(...(kinds.length ? kinds.map((kind) => this.group(kind)) : [none]));
    const controls = /** @type {NodeListOf<HTMLElement>} */ (this.box.querySelectorAll("button, input"));
    const again = focused && [...controls].find((one) => focusKey(one) === focused);
    if (again) again.focus({ preventScroll: true });
    this.editor.marks = this.marking ? this.marks() : [];
    this.editor.redraw();
  }

  /** Pixel centres count as whole numbers in findings, the canvas counts from corners. */
  marks() {
    return this.list.filter((one) => !this.intended.includes(one.kind) || nameOf(one) === this.chosen)
      .map((one) => ({ place: one.place.map((coordinate) => coordinate + 0.5), words: one.words, chosen: nameOf(one) === this.chosen }));
  }

  group(kind) {
    const own = this.list.filter((one) => one.kind === kind);
    const quiet = this.intended.includes(kind);
    const title = FINDING_WORDS[kind] || kind;
    const group = Object.assign(document.createElement("div"), { className: `finding ${own[0].severity}${quiet ? " quiet" : ""}` });
    group.setAttribute("role", "group");
    group.setAttribute("aria-label", title);
    const head = document.createElement("div");
    const name = Object.assign(document.createElement("b"), { textContent: title });
    head.append(name);
    if (own[0].repairable && !quiet) {
      const repair = Object.assign(document.createElement("button"), { type: "button", textContent: "Repair", title: `Mend all of this kind, as one step: ${title}` });
      repair.setAttribute("aria-label", `Repair: ${title}`);
      repair.dataset.repair = kind;
      head.append(repair);
    }
    const meant = Object.assign(document.createElement("label"), { className: "switch", title: "It is meant to be so: it is not counted, and the record of a frame says so" });
    const tick = Object.assign(document.createElement("input"), { type: "checkbox", checked: quiet });
    tick.dataset.intended = kind;
    tick.setAttribute("aria-label", `Intended: ${title}`);
    meant.append(tick, "Intended");
    head.append(meant);
    group.append(head, ...(quiet ? [] : own.slice(0, FINDINGS_SHOWN).map((one) => this.entry(one))));
    const rest = own.length - FINDINGS_SHOWN;
    if (rest > 0 && !quiet) group.append(Object.assign(document.createElement("p"), { className: "facts", textContent: `and ${rest} more, marked on the map` }));
    return group;
  }

  entry(finding) {
    const button = Object.assign(document.createElement("button"), { type: "button", textContent: finding.words, title: "Show its place on the map" });
    button.dataset.finding = nameOf(finding);
    button.setAttribute("aria-pressed", String(nameOf(finding) === this.chosen));
    return button;
  }
}

/** What tells findings apart. */
function nameOf({ kind, place }) {
  return `${kind} ${place}`;
}

function focusKey({ dataset }) {
  return JSON.stringify({ ...dataset });
}
