// What is known of the video that is shown: the ventricle's area, asked and measured, EF, and its files.

import { make } from "../common/dom.js";
import { areaLines, factWords } from "./report_lines.js";

const SHORT_FORMATS = { mp4: "MP4", gif: "GIF", png: "PNG frames", nifti: "NIfTI", dicom: "DICOM" };

export class Report {
  constructor(root, link, plot, acts) {
    this.root = root;
    this.link = link;
    this.plot = plot;
    this.acts = acts;
    this.place = root.querySelector("[data-vid=report]");
    this.facts = root.querySelector("[data-vid=facts]");
    this.files = root.querySelector("[data-vid=files]");
    this.turn = 0;
  }

  offer(formats) {
    this.files.replaceChildren(...formats.map(({ name, title, labels }) => {
      const words = `${title}${labels ? ", with its label maps" : ""}; says that it is synthetic`;
      const button = make("button", { type: "button", textContent: SHORT_FORMATS[name] || name, title: words });
      button.dataset.file = name;
      button.setAttribute("aria-label", `Download as ${title}`);
      button.addEventListener("click", () => this.acts.trying(() => this.link.download(`/videos/${this.video}/download/${name}`)));
      return button;
    }));
  }

  /** A video that is done; its areas are measured now. */
  async show(status, clip) {
    const turn = ++this.turn;
    this.video = status.video;
    this.place.hidden = false;
    this.draw(status, clip, null);
    const curve = await this.link.json(`/videos/${status.video}/curve`).catch((problem) => ({ problem: problem.message }));
    if (turn === this.turn) this.draw(status, clip, curve);
  }

  draw(status, clip, curve) {
    const { unit, lines } = areaLines(clip, curve);
    this.plot.show(lines, { title: "Area of the ventricle", unit, es: clip.es / clip.frames, seconds: clip.seconds });
    this.facts.textContent = factWords(status, curve);
  }
}
