// The sample in focus in full, and what the curator says about all that are chosen.

import { button, labelled, make } from "../common/dom.js";
import { Picture } from "./picture.js";
import { sampleFacts } from "./sample_rows.js";
import { many } from "./words.js";

const KEPT_REVIEWER = "echo-studio.reviewer";

export class Detail {
  /** `acts`: decide(verdict), reason(text), tag(name, on), edit(), pair(), say(words). */
  constructor(place, samples, selection, display, acts) {
    this.place = place;
    this.samples = samples;
    this.selection = selection;
    this.acts = acts;
    this.outlined = false;
    this.user = "";
    this.picture = new Picture("Chosen sample", display);
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
    display.listeners.add(() => this.picture.shapePixels());
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
    const sample = samples.details.get(number);
    const count = selection.chosen.size;
    for (const one of [...this.verdicts, this.reason, this.tag]) one.disabled = !count;
    this.editButton.disabled = !sample;
    this.pairButton.disabled = count !== 2;
    this.head.textContent = sample ? (count > 1 ? `${many(count, "sample")} chosen · ${sample.id}` : sample.id) : "No sample chosen";
    const seen = `${samples.name} ${number} ${this.outlined}`;
    if (sample && seen !== this.seen) {
      this.seen = seen;
      this.picture.show(samples, number, this.outlined).catch((problem) => this.acts.say(problem.message));
    }
    this.picture.canvas.hidden = !sample;
    for (const one of this.verdicts) one.setAttribute("aria-pressed", String(Boolean(sample) && count > 0 && one.dataset.verdict === sample.verdict));
    const key = JSON.stringify([sample, count > 0]);
    if (key === this.shown) return;
    this.shown = key;
    if (document.activeElement !== this.reason) this.reason.value = sample ? sample.reason : "";
    this.tags.replaceChildren(...(sample ? sample.tags : []).map((name) => button(`${name} ×`, `Take the tag “${name}” from all chosen samples`, () => this.acts.tag(name, false), { label: `Take away the tag ${name}` })));
    this.facts.replaceChildren(...(sample ? sampleFacts(sample) : []).map(([name, value]) => make("div", {}, make("dt", {}, name), make("dd", {}, value))));
  }
}
