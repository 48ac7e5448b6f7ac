// The sheet of keys. Most rows are made of the controls' own tooltips, which end in their key; the table below holds only
// what has no control. A browser test presses every key on the sheet, and looks for every key that is not on it.

const HELP_GROUPS = ["Tools", "Labels", "View", "History", "Generate", "Panels"];

const UNBUTTONED = [
  { group: "Tools", keys: ["Enter"], words: "Polygon: close the outline" },
  { group: "Tools", keys: ["Esc"], words: "Drop what is begun" },
  { group: "Tools", keys: ["Arrows"], words: "Move, Deform: nudge by a pixel, with Shift by ten" },
  { group: "Tools", keys: [",", "."], words: "Move: turn. Deform: choose a handle" },
  { group: "Tools", keys: ["PageUp", "PageDown"], words: "Move: larger, smaller" },
  { group: "Tools", keys: ["Enter"], words: "Deform: pin the handle" },
  { group: "Tools", keys: ["Delete"], words: "Deform: remove the handle" },
  { group: "Tools", keys: ["J"], words: "Move or deform cavity and wall together" },
  { group: "View", keys: ["Space"], words: "Pan while held and dragged" },
  { group: "History", keys: ["Ctrl+Y"], words: "Redo" },
];
const GESTURES = "Wheel or two fingers zoom; two fingers, the middle button or Space pan. A pen's other end erases.";

// At the end of a tooltip: one character or a named key, with its modifiers; "(-, or the wheel)" counts as well.
const TOOLTIP_KEY = /\(((?:(?:Ctrl|Shift|Alt)\+)*(?:\S|Esc|Enter|Space|Delete))(?:, or [^()]*)?\)$/;

export class Help {
  constructor(root, firstSteps) {
    this.root = root;
    this.dialog = root.querySelector("#help");
    root.querySelector("#open-help").addEventListener("click", () => this.open());
    // Keys on the sheet are read, not used.
    this.dialog.addEventListener("keydown", (event) => event.stopPropagation());
    this.dialog.addEventListener("click", ({ target }) => target === this.dialog && this.dialog.close());
    this.part("close").addEventListener("click", () => this.dialog.close());
    this.part("first-steps").addEventListener("click", () => {
      this.dialog.close();
      firstSteps.begin();
    });
    this.part("gestures").textContent = GESTURES;
  }

  part(name) {
    return this.dialog.querySelector(`[data-help="${name}"]`);
  }

  /** Made anew each time, because controls come and go. */
  open() {
    const rows = [...this.controls(), ...UNBUTTONED];
    this.part("groups").replaceChildren(...HELP_GROUPS.map((group) => helpGroup(group, rows.filter((row) => row.group === group))));
    if (!this.dialog.open) this.dialog.showModal();
  }

  controls() {
    const rows = new Map();
    for (const control of this.root.querySelectorAll("[title]")) {
      const found = TOOLTIP_KEY.exec(control.title);
      if (!found || control.closest("dialog")) continue;
      const [, key] = found;
      // Two buttons of one key, as those of the wide panes, are one row.
      if (!rows.has(key)) rows.set(key, { group: helpGroupOf(control), keys: [key], words: spokenName(control) });
    }
    return rows.values();
  }
}

function helpGroupOf(control) {
  if (control.matches("[role=tab]")) return "Panels";
  if (control.closest(".labels, .actions")) return "Labels";
  if (control.matches("[data-part=undo], [data-part=redo]")) return "History";
  if (control.closest(".pane, .project-bar, .menu, .zoom")) return "View";
  return control.closest(".inspector") ? "Generate" : "Tools";
}

/** What a control says of itself, without its key. */
function spokenName(control) {
  const label = control.getAttribute("aria-label");
  if (label) return label;
  const words = control.cloneNode(true);
  for (const part of words.querySelectorAll("kbd, output, select, [hidden], [data-choice]")) part.remove();
  const text = words.textContent.trim().replace(/:$/, "");
  return text.length > 4 ? text : control.title.replace(TOOLTIP_KEY, "").trim();
}

function helpGroup(title, rows) {
  const section = document.createElement("section");
  const heading = Object.assign(document.createElement("h3"), { textContent: title });
  const list = document.createElement("dl");
  for (const { keys, words } of rows) {
    const row = document.createElement("div");
    row.dataset.keys = keys.join(" ");
    const term = document.createElement("dt");
    keys.forEach((key, i) => {
      const parts = key === "+" ? ["+"] : key.split("+");
      parts.forEach((part, j) => term.append(i && !j ? " / " : "", j ? "+" : "", Object.assign(document.createElement("kbd"), { textContent: part })));
    });
    row.append(term, Object.assign(document.createElement("dd"), { textContent: words }));
    list.append(row);
  }
  section.append(heading, list);
  return section;
}
