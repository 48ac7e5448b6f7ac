// Measurements and findings of the map on the canvas, while it is drawn too; the numbers come from the server.

import { Newest } from "../../common/newest.js";
import { Findings } from "./findings.js";
import { measureRow, wallRow } from "./measure_row.js";
import { Proposal, settleTool } from "./proposal.js";
import { SlotView } from "./slot_view.js";

const INSPECT_PAUSE_MS = 250; // four times a second while a stroke goes on
const UNSEEN_PAUSE_MS = 500; // findings alone, for the tab, once the hand rests

export class MeasurePanel {
  constructor(inspector, editor, link, settings, slots) {
    this.inspector = inspector;
    this.editor = editor;
    this.link = link;
    this.settings = settings;
    this.timer = 0;
    this.panel = inspector.panel("measure");
    this.panel.innerHTML =
      '<h3>Measurements</h3><dl class="measures" data-part="measures"></dl>' +
      '<h3>Wall</h3><dl class="measures walls" data-part="walls"></dl>' +
      '<h3 data-part="findings-title">Findings</h3><p class="panel-problem" role="status" hidden></p><div class="findings" data-part="findings"></div>' +
      '<h3>Volumes and EF</h3><button type="button" data-act="keep" title="Keep a copy of the map for its view and phase"></button>' +
      '<div class="slots" data-part="slots" role="group" aria-label="Maps that are kept"></div>' +
      '<dl class="measures" data-part="pair"></dl><div data-part="pair-notes"></div>';
    this.newest = new Newest(() => link.inspect(settings.values.view), (figures) => this.show(figures), (problem) => this.say(problem.message), INSPECT_PAUSE_MS);
    this.proposal = new Proposal(editor);
    this.proposal.onProblem = (words) => this.say(words);
    this.findings = new Findings(this.panel, editor, settings, (kind) => this.repair(kind));
    this.findings.onCount = (number) => this.count(number);
    this.slotView = new SlotView(this.panel, slots, editor, settings, link);
    editor.document.listeners.add((box, settled) => this.changed(settled));
    settings.listeners.add((changes) => "view" in changes && this.changed(true));
    inspector.listeners.add(() => this.seen());
  }

  part(name) {
    return this.panel.querySelector(`[data-part="${name}"]`);
  }

  get open() {
    return this.inspector.chosen === "measure";
  }

  seen() {
    if (this.findings.marking !== this.open) this.findings.mark(this.open);
    this.slotView.open = this.open;
    if (this.open) this.changed(true);
  }

  /** The map has changed; in the middle of a stroke only somebody who looks needs to know. */
  changed(settled) {
    if (this.editor.document.revision < 0) return;
    clearTimeout(this.timer);
    if (this.open) this.newest.request(null);
    else if (settled) this.timer = setTimeout(() => this.newest.request(null), UNSEEN_PAUSE_MS);
    if (settled) this.slotView.refresh();
  }

  show({ measurements, findings }) {
    this.say("");
    const [own, wall] = [measurements.filter(({ group }) => group !== "wall"), measurements.filter(({ group }) => group === "wall")];
    const none = { label: "Nothing to measure yet", value: "", unit: "" };
    this.part("measures").replaceChildren(...(measurements.length ? own : [none]).map(measureRow));
    const most = Math.max(...wall.map(({ value }) => value));
    this.part("walls").replaceChildren(...wall.map((row) => wallRow(row, most)));
    this.part("walls").previousElementSibling.hidden = !wall.length;
    this.findings.show(findings);
  }

  /** In the panel alone: nobody has requested anything. */
  say(words) {
    Object.assign(this.panel.querySelector(".panel-problem"), { textContent: words, hidden: !words });
  }

  repair(kind) {
    settleTool(this.editor);
    const op = { tool: "repair", kind };
    this.proposal.apply(kind, () => this.link.edit(op), op);
  }

  /** How many findings wait, on the tab. */
  count(number) {
    const tab = this.inspector.tabs.find((one) => one.dataset.tab === "measure");
    if (number) tab.dataset.count = number;
    else delete tab.dataset.count;
  }
}
