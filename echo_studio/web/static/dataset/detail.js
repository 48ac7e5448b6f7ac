// The sample in focus in full, and what the curator says about all that are chosen.

import { button, labelled, make } from "../common/dom.js";
import { Picture } from "./picture.js";
import { figure, many, percent } from "./words.js";

const KEPT_REVIEWER = "echo-studio.reviewer";

export class Detail {
  /** `acts`: decide(verdict), reason(text), tag(name, on), edit(), pair(), say(words). */
  constructor(place, samples, selection, acts) {
    this.place = place;
    this.samples = samples;
    this.selection = selection;
    this.acts = acts;
    this.outlined = false;
    this.user = "";
    this.picture = new Picture("Chosen sample");
    this.head = make("h3", {}, "No sample chosen");
    this.facts = make("dl", { className: "ds-facts" });
    this.verdicts = [["keep", "Keep", "K"], ["reject", "Reject", "X"], ["", "Undecided", "U"]].map(([verdict, act, key]) => {
      const made = button("", `${act}: all chosen samples (${key})`, () => acts.decide(verdict), { data: { verdict } });
      made.append(act, make("kbd", {}, key));
      return made;
    });
    this.reason = make("input", { type: "text", maxLength: 200, placeholder: "Why? Enter keeps it", title: "A reason for the decision on all chosen samples (R)", spellcheck: true });
    this.reason.addEventListener("keydown", (event) => this.entered(event, () => acts.reason(this.reason.value)));
    this.tags = make("div", { className: "ds-tags" });
    this.tagList = make("datalist", { id: "ds-known-tags" });
    this.tag = make("input", { type: "text", maxLength: 40, placeholder: "Tag, then Enter", title: "Give all chosen samples a tag (T)", spellcheck: false });
    this.tag.setAttribute("list", "ds-known-tags");
    this.tag.addEventListener("keydown", (event) => this.entered(event, () => {
      if (this.tag.value.trim()) acts.tag(this.tag.value.trim(), true);
      this.tag.value = "";
    }));
    this.reviewer = make("input", { type: "text", maxLength: 200, placeholder: "Your name", title: "Kept with every decision", spellcheck: false });
    this.reviewer.value = this.keptReviewer();
    this.reviewer.addEventListener("input", () => this.keepReviewer());
    this.editButton = button("Edit label map", "Send this sample's label map and settings to the Edit tab (E)", () => acts.edit());
    this.pairButton = button("Compare two", "Show two chosen samples side by side (C)", () => acts.pair());
    place.append(
      make("div", { className: "ds-large" }, this.picture.canvas), this.head, make("div", { className: "ds-verdicts" }, ...this.verdicts),
      labelled("Reason", this.reason), labelled("Tags", this.tag), this.tags, this.tagList,
      make("div", { className: "ds-acts" }, this.editButton, this.pairButton), this.facts, labelled("Reviewer", this.reviewer),
    );
    selection.listeners.add(() => this.show());
    samples.listeners.add(() => this.show());
  }

  keptReviewer() {
    try {
      return localStorage.getItem(KEPT_REVIEWER) || "";
    } catch {
      return ""; // the browser keeps nothing: the name is typed at every visit
    }
  }

  keepReviewer() {
    try {
      localStorage.setItem(KEPT_REVIEWER, this.reviewer.value);
    } catch {
      // For this visit alone.
    }
  }

  /** Who logged in is the reviewer. */
  setUser(name) {
    if (!name) return;
    this.reviewer.value = name;
    this.reviewer.readOnly = true;
  }

  entered(event, act) {
    if (event.key === "Escape") this.acts.back();
    if (event.key !== "Enter") return;
    event.preventDefault();
    act();
    this.acts.back();
  }

  offerTags(names) {
    this.tagList.replaceChildren(...names.map((name) => new Option(name, name)));
  }

  setOutlined(on) {
    this.outlined = on;
    this.seen = "";
    this.show();
  }

  show() {
    const { samples, selection } = this;
    const { number } = selection;
    const told = samples.details.get(number);
    const count = selection.chosen.size;
    for (const one of [...this.verdicts, this.reason, this.tag]) one.disabled = !count;
    this.editButton.disabled = !told;
    this.pairButton.disabled = count !== 2;
    this.head.textContent = told ? (count > 1 ? `${many(count, "sample")} chosen · ${told.id}` : told.id) : "No sample chosen";
    const seen = `${samples.name} ${number} ${this.outlined}`;
    if (told && seen !== this.seen) {
      this.seen = seen;
      this.picture.show(samples, number, this.outlined).catch((problem) => this.acts.say(problem.message));
    }
    this.picture.canvas.hidden = !told;
    for (const one of this.verdicts) one.setAttribute("aria-pressed", String(Boolean(told) && count > 0 && one.dataset.verdict === told.verdict));
    const said = JSON.stringify([told, count > 0]);
    if (said === this.said) return;
    this.said = said;
    if (document.activeElement !== this.reason) this.reason.value = told ? told.reason : "";
    this.tags.replaceChildren(...(told ? told.tags : []).map((name) => button(`${name} ×`, `Take the tag “${name}” from all chosen samples`, () => this.acts.tag(name, false), { label: `Take away the tag ${name}` })));
    this.facts.replaceChildren(...(told ? sampleFacts(told) : []));
  }
}

/** What is known about a sample, in rows. */
function sampleFacts(told) {
  const structures = ["lv_endo", "lv_epi", "la"].map((name) => figure(told[name], 2)).join(" / ");
  const rows = [
    ["Adherence", told.measured ? `${figure(told.adherence)} (LV/epi/LA ${structures})` : "not measured yet"],
    ["Made with", [told.generator, told.solver, told.nfe && `${told.nfe} NFE`].filter(Boolean).join(" · ")],
    ["Label map", [told.map || told.base, told.view, told.phase || "clip"].join(" · ")],
    ["Defect", told.defect],
    ["EF", percent(told.ef)],
    ["Privacy", told.privacy === null ? "" : `${figure(told.privacy)} from the nearest training image${told.flagged ? " ⚑" : ""}`],
    ["Decided", told.at ? [told.reviewer, told.at.slice(0, 16).replace("T", " ")].filter(Boolean).join(", ") : ""],
  ];
  return rows.filter(([, value]) => value).map(([name, value]) => make("div", {}, make("dt", {}, name), make("dd", {}, value)));
}
