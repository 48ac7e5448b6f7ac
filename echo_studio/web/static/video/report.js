// What is known of the video that is shown: the ventricle's area, asked and measured, EF, and its files.

import { make } from "../common/dom.js";

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
      const button = make("button", { type: "button", textContent: shortFormat(name), title: words });
      button.dataset.file = name;
      button.setAttribute("aria-label", `Download as ${title}`);
      button.addEventListener("click", () => this.acts.trying(() => this.link.download(`/videos/${this.video}/download/${name}`)));
      return button;
    }));
  }

  /** A video that is done; its areas are measured now. */
  async show(told, clip) {
    const turn = ++this.turn;
    this.video = told.video;
    this.place.hidden = false;
    this.draw(told, clip, null);
    const reply = await this.link.json(`/videos/${told.video}/curve`).catch((problem) => ({ problem: problem.message }));
    if (turn === this.turn) this.draw(told, clip, reply);
  }

  draw(told, clip, reply) {
    const millimetres = clip.spacingMm;
    const unit = millimetres ? "cm²" : "px";
    const pixel = millimetres ? (millimetres[0] * millimetres[1]) / 100 : 1;
    const scaled = (values) => values.map((value) => (value === null ? null : value * pixel));
    const lines = [{ name: "asked", kind: "asked", values: scaled(clip.asked) }];
    const measured = reply?.areas_px;
    if (measured) lines.push({ name: "measured", kind: "measured", values: scaled(measured) });
    this.plot.show(lines, { title: "Area of the ventricle", unit, es: clip.es / clip.frames, seconds: clip.seconds });
    const drawn = told.ef_drawn === null ? "" : `EF ${told.ef_drawn.toFixed(1)} % on the labels.`;
    const ef = reply?.ef_percent;
    const found = ef === null || ef === undefined ? "" : `EF ${ef.toFixed(1)} % as the segmenter finds it on the frames.`;
    const missed = measured && !found ? "The segmenter finds no ventricle in most frames." : "";
    const waits = reply ? reply.problem || "" : "Measuring …";
    this.facts.textContent = [drawn, found, missed, waits].filter(Boolean).join(" ");
  }
}

function shortFormat(name) {
  return { mp4: "MP4", gif: "GIF", png: "PNG frames", nifti: "NIfTI", dicom: "DICOM" }[name] || name;
}
