// Pinned results: kept with the project, compared with the frame on the screen, brought back with their exact inputs.

import { sampledWith } from "./generation_settings.js";
import { bitmapOf, readMap } from "../../common/link.js";
import { LABEL } from "../document/document.js";

export class Tray {
  constructor(root, link, editor, settings, generation) {
    this.root = root;
    this.link = link;
    this.editor = editor;
    this.settings = settings;
    this.generation = generation;
    this.strip = root.querySelector("[data-part=tray]");
    this.pinButton = root.querySelector("#pin");
    this.items = [];
    this.reproducing = null;
    this.pinButton.addEventListener("click", () => this.pin());
    generation.listeners.add((progress) => progress.state === "done" && this.check(progress));
    editor.result.listeners.add(() => this.refresh());
    this.refresh();
  }

  refresh() {
    const { kind, facts, edited } = this.editor.result;
    this.pinButton.disabled = kind !== "final" || !facts || edited;
    this.pinButton.title = edited
      ? "An edited real frame is personal data and is not kept with the project: download it"
      : "Pin this frame: keep it with the project, in the tray below (K)";
  }

  /** The kept results of the project: pinned ones go to the tray, the latest to the pane. */
  async restore() {
    const results = await this.link.json("/results");
    this.items = results.filter(({ kind }) => kind === "pinned");
    this.draw();
    const latest = results.find(({ kind }) => kind === "latest");
    if (latest) await this.editor.result.restore({ ...(await this.pictures(latest)), kept: latest.id });
  }

  async pictures({ id, record }) {
    const [bitmap, map] = await Promise.all([
      this.link.request(`/results/${id}/frame`).then(bitmapOf),
      this.link.request(`/results/${id}/label-map`).then(readMap),
    ]);
    return { ...map, bitmap, title: `Seed ${record.seed}` };
  }

  /** The frame on the screen may be older than the job under way, or come from the project. */
  pinPath({ job, kept }) {
    return kept ? `/results/${kept}/pin` : `/jobs/${job}/pin`;
  }

  async pin() {
    const { result } = this.editor;
    if (this.pinButton.disabled) {
      this.editor.say(result.edited ? this.pinButton.title : "There is no finished frame to pin yet.");
      return;
    }
    try {
      this.items.push(await this.link.json(this.pinPath(result.facts), { method: "POST" }));
      this.draw();
    } catch (problem) {
      this.editor.say(problem.message);
    }
  }

  draw() {
    this.strip.hidden = !this.items.length;
    this.strip.replaceChildren(...this.items.map((item) => this.card(item)));
  }

  card(item) {
    const { id, record, measured } = item;
    const card = Object.assign(document.createElement("figure"), { className: "pinned" });
    const picture = document.createElement("canvas");
    Object.assign(picture, { width: 72, height: 72 });
    picture.setAttribute("role", "img");
    picture.setAttribute("aria-label", `Pinned frame, seed ${record.seed}`);
    this.link.request(`/results/${id}/frame`).then(bitmapOf).then((bitmap) => drawWithin(picture, bitmap))
      .catch((problem) => this.editor.say(problem.message));
    const words = document.createElement("figcaption");
    const lv = measured.adherence && measured.adherence.lv_endo;
    words.textContent = `${record.generator} · ${record.nfe} NFE\nseed ${record.seed}${typeof lv === "number" ? `\nLV ${lv.toFixed(3)}${measured.scored_by ? "" : " (labeller)"}` : ""}`;
    const button = (label, title, act) => {
      const made = Object.assign(document.createElement("button"), { type: "button", textContent: label, title });
      made.setAttribute("aria-label", `${label}: seed ${record.seed}`);
      made.addEventListener("click", () => Promise.resolve(act()).catch((problem) => this.editor.say(problem.message)));
      return made;
    };
    const buttons = Object.assign(document.createElement("div"), { className: "pinned-buttons" });
    buttons.append(
      button("Compare", "Compare this frame with the one on the screen", async () => this.editor.result.compareWith(await this.pictures(item))),
      button("Reproduce", "Bring its label map and settings back and generate it again; tells whether every byte is the same", () => this.reproduce(item)),
      button("Remove", "Take this frame out of the tray", async () => {
        await this.link.json(`/results/${id}`, { method: "DELETE" });
        this.items = this.items.filter((other) => other !== item);
        this.draw();
      }),
    );
    card.append(picture, words, buttons);
    return card;
  }

  /** Exact inputs back on the canvas, then the same frame again. */
  async reproduce(item) {
    const { record } = item;
    const map = await readMap(await this.link.request(`/results/${item.id}/label-map`));
    const live = this.settings.values.live;
    this.settings.set({ live: false }); // one job, with exactly these settings
    const sector = map.ids.map((id) => (id === LABEL.OUTSIDE ? 0 : 1));
    this.editor.document.open({ ...map, sector }, { tool: "open", what: "pinned result" });
    const { view, phase } = record;
    this.settings.set({ view, phase, ...sampledWith(record) });
    this.reproducing = item;
    await this.generation.start();
    this.settings.set({ live });
  }

  check(progress) {
    const item = this.reproducing;
    this.reproducing = null;
    if (!item || !progress.image_sha256) return;
    const same = progress.image_sha256 === item.measured.image_sha256;
    this.editor.say(same ? "Reproduced: every byte is the same." : "Not the same bytes: another machine, version or checkpoint made the pinned frame.");
  }
}

/** Draw a picture as large as fits, without changing its proportions. */
export function drawWithin(canvas, bitmap) {
  const scale = Math.min(canvas.width / bitmap.width, canvas.height / bitmap.height);
  const [width, height] = [bitmap.width * scale, bitmap.height * scale];
  canvas.getContext("2d").drawImage(bitmap, (canvas.width - width) / 2, (canvas.height - height) / 2, width, height);
}
