// A set goes out in another format: into the exports' folder of the studio, from where it can be downloaded.

import { button, fillSelect, labelled, make, showWords } from "../common/dom.js";
import { exportName } from "./words.js";

export class Exporting {
  constructor(place, link, acts) {
    this.place = place;
    this.link = link;
    this.acts = acts;
    this.name = "";
    this.format = make("select", { title: "What the next program reads" });
    this.only = make("select", { title: "Which samples go out" });
    fillSelect(this.only, [{ name: "kept", title: "Kept samples" }, { name: "not-rejected", title: "All but rejected ones" }, { name: "all", title: "All samples" }]);
    this.out = make("input", { type: "text", maxLength: 48, spellcheck: false, title: "Name of the export; for nnU-Net like Dataset501_Echo" });
    this.shares = ["validation", "testing"].map((name) => make("input", { type: "number", min: 0, max: 100, step: 5, value: 0, title: `How many of a hundred label maps are held back for ${name}`, data: { name } }));
    this.seed = make("input", { type: "number", min: 0, value: 0, title: "Another seed deals the label maps differently" });
    this.go = button("Export", "Write the samples in this format", () => this.export(), { className: "primary" });
    this.problem = make("p", { className: "panel-problem", hidden: true });
    this.problem.setAttribute("role", "alert");
    this.list = make("ul", { className: "ds-exports", label: "Exports" });
    this.format.addEventListener("change", () => this.propose());
    place.append(make("div", { className: "ds-export" },
      labelled("Format", this.format), labelled("Samples", this.only), labelled("Name", this.out),
      make("div", { className: "ds-three" }, labelled("Validation %", this.shares[0]), labelled("Testing %", this.shares[1]), labelled("Split seed", this.seed)),
      this.go, this.problem, this.list,
    ));
  }

  offer({ formats, exports }) {
    fillSelect(this.format, formats);
    this.exports = exports;
    this.list.replaceChildren(...exports.map((name) => make("li", {}, make("span", {}, name), button("Download", `Download ${name} as a ZIP file`, () => this.download(name), { label: `Download ${name}` }))));
    this.propose();
  }

  open(name) {
    this.name = name;
    this.propose();
  }

  /** A name that no export has. */
  propose() {
    this.out.value = exportName(this.name, this.format.value, this.exports || []);
  }

  say(words) {
    showWords(this.problem, words);
  }

  async export() {
    this.say("");
    const [validation, testing] = this.shares.map(({ value }) => Number(value) / 100);
    const request = { format: this.format.value, only: this.only.value, out: this.out.value.trim(), validation, testing, seed: Number(this.seed.value) };
    try {
      await this.link.json(`/dataset/sets/${encodeURIComponent(this.name)}/export`, { method: "POST", body: request });
      this.acts.began();
    } catch (problem) {
      this.say(problem.message);
    }
  }

  async download(name) {
    this.say("");
    try {
      await this.link.download(`/dataset/exports/${encodeURIComponent(name)}`);
    } catch (problem) {
      this.say(problem.message);
    }
  }
}
