// Imports, one after the other: how far each is, why one was refused, and another name where its own is taken.

import { make } from "../common/dom.js";
import { acceptFiles } from "../common/drop_zone.js";
import { CARD_FILE, checkpointsAmong, chosenFiles, droppedFiles } from "./checkpoint_files.js";
import { bytes, importWords } from "./words.js";

export class Importer {
  /** `onImported` is called after each checkpoint that was imported. */
  constructor(root, link, onImported) {
    this.root = root;
    this.link = link;
    this.onImported = onImported;
    this.report = root.querySelector("[data-part=imports]");
    this.title = root.querySelector("[data-part=imports-title]");
    this.list = root.querySelector("[data-part=import-list]");
    this.input = root.querySelector("[data-part=folder]");
    this.begin = root.querySelector("[data-act=import]");
    this.close = root.querySelector("[data-act=close]");
    this.limits = { weights: Infinity, card: Infinity }; // bytes; the server says them
    this.running = Promise.resolve();
    this.begin.addEventListener("click", () => this.input.click());
    this.close.addEventListener("click", () => (this.report.hidden = true));
    this.input.addEventListener("change", () => {
      const files = chosenFiles(this.input);
      this.input.value = ""; // so that the same folder can be chosen again
      if (files.length) this.take(Promise.resolve(files));
    });
    acceptFiles(root, (transfer) => this.take(droppedFiles(transfer)));
  }

  /** Files that a person chose: imports wait for those before them. */
  take(files) {
    this.report.hidden = false;
    this.title.textContent = "Importing …";
    this.running = this.running.then(async () => {
      this.list.replaceChildren();
      try {
        const found = await checkpointsAmong(await files, this.limits);
        const rows = found.map((one) => new ImportRow(this.list, one));
        for (const row of rows) await this.import(row);
        this.showOutcome(rows);
      } catch (problem) {
        this.title.textContent = "Nothing was imported";
        this.list.append(make("li", { className: "refused" }, problem.message));
      }
    });
    return this.running;
  }

  showOutcome(rows) {
    this.title.textContent = importWords(rows.filter(({ done }) => done).length, rows.length);
  }

  async import(row, name = "") {
    row.say("Sending …");
    try {
      if (row.checkpoint.weights.size > this.limits.weights) throw new Error(`Expected at most ${bytes(this.limits.weights)} of weights, got ${bytes(row.checkpoint.weights.size)}.`);
      const { name: imported } = await this.send(row, name);
      row.finish(`Imported as ${imported}. It can be chosen in the editor now.`);
      await this.onImported();
    } catch (problem) {
      row.refuse(problem.message);
      if (problem.status === 409) row.askName(name || row.checkpoint.name, (other) => this.again(row, other));
    }
  }

  again(row, name) {
    this.running = this.running.then(async () => {
      await this.import(row, name);
      if (row.done) this.title.textContent = "Imported";
    });
  }

  /** XMLHttpRequest, because fetch does not say how much was sent. */
  async send(row, name) {
    const { card, weights } = row.checkpoint;
    await this.link.json("/models"); // a session that ended meanwhile begins anew
    const query = new URLSearchParams({ card: card.size, name });
    const request = new XMLHttpRequest();
    request.open("POST", `${this.link.root}/models/import?${query}`);
    request.setRequestHeader("X-Studio-Session", this.link.token);
    request.responseType = "json";
    request.upload.addEventListener("progress", ({ loaded, total }) => row.progress(loaded / total));
    const reply = new Promise((resolve, reject) => {
      request.addEventListener("error", () => reject(new Error("The studio does not answer, or the files cannot be read. Try again.")));
      request.addEventListener("load", () => {
        const body = request.response || {};
        if (request.status === 200) resolve(body);
        else reject(Object.assign(new Error(typeof body.detail === "string" ? body.detail : `The studio answered ${request.status}.`), { status: request.status }));
      });
    });
    request.send(new Blob([card, weights]));
    return reply;
  }
}

/** One checkpoint on its way. */
class ImportRow {
  constructor(list, checkpoint) {
    this.checkpoint = checkpoint;
    this.done = false;
    this.words = make("span", { className: "import-words" }, "Waiting …");
    this.bar = make("progress", { max: 1, value: 0 });
    this.bar.setAttribute("aria-label", `Import of ${checkpoint.name || checkpoint.folder}`);
    this.element = make("li", {}, make("b", {}, checkpoint.name || checkpoint.folder || CARD_FILE), this.bar, this.words);
    list.append(this.element);
  }

  say(words) {
    this.element.classList.remove("refused");
    this.bar.hidden = false;
    this.words.textContent = words;
    if (this.form) this.form.remove();
  }

  progress(share) {
    this.bar.value = share;
    if (share < 1) return;
    this.bar.removeAttribute("value");
    this.say("Checking: hash, shapes, and one frame …");
  }

  finish(words) {
    this.done = true;
    this.say(words);
    this.bar.hidden = true;
  }

  refuse(words) {
    this.say(words);
    this.element.classList.add("refused");
    this.bar.hidden = true;
  }

  askName(taken, choose) {
    const field = make("input", { type: "text", value: `${taken}-2`, spellcheck: false, maxLength: 64 });
    this.form = make("form", {}, make("label", {}, "Import as ", field), make("button", { title: "Import it under this name" }, "Import"));
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      choose(field.value.trim());
    });
    this.element.append(this.form);
    field.focus();
    field.select();
  }
}
