// What a drawing starts from: a template, a label map file, or a real frame that the segmenter labels first.

import { fillSelect } from "../../common/dom.js";
import { acceptFiles } from "../../common/drop_zone.js";
import { bitmapOf, readMap } from "../../common/link.js";

const WORKING_SIDES = [64, 128, 256, 512, 1024];

export class Starter {
  constructor(root, link, editor, settings, panes, realFrame) {
    this.root = root;
    this.link = link;
    this.editor = editor;
    this.settings = settings;
    this.panes = panes;
    this.realFrame = realFrame;
    this.templates = root.querySelector("#template");
    this.file = root.querySelector("#file");
    this.size = root.querySelector("#size");
    this.size.addEventListener("change", () => this.resize(Number(this.size.value)));
    editor.document.listeners.add((box) => box || this.showSize());
    this.templates.addEventListener("change", () => this.openTemplate(this.templates.value));
    root.querySelector("#open-file").addEventListener("click", () => this.chooseFile());
    this.file.addEventListener("change", () => {
      const [file] = this.file.files;
      this.file.value = ""; // so that the same file can be chosen again
      if (file) this.openFile(file);
    });
    acceptFiles(root, ({ files: [file] }) => file && this.openFile(file));
    this.picker = new FramePicker(root.querySelector("#frame-dialog"), link, (number) => this.label(number));
    // A real frame belongs to the map that was made from it: another document takes it away.
    editor.document.listeners.add((box, settled) => settled && this.checkBackdrop());
  }

  offer({ templates }) {
    fillSelect(this.templates, [{ name: "", title: "Choose …" }, ...templates]);
  }

  /** The sizes to choose from, with the map's own where it is another one. */
  showSize() {
    const { width, height } = this.editor.document;
    const own = { name: Math.max(width, height), title: width === height ? String(width) : `${width} × ${height}` };
    const others = WORKING_SIDES.filter((side) => side !== own.name).map((side) => ({ name: side, title: String(side) }));
    fillSelect(this.size, [own, ...others].sort((a, b) => a.name - b.name));
    this.size.value = own.name;
  }

  async resize(side) {
    const op = { tool: "resize", side };
    const { revision } = this.editor.document;
    try {
      const page = await this.link.edit(op);
      if (this.editor.document.revision === revision) this.editor.document.open(page, op); // else it is of an older map
    } catch (problem) {
      this.editor.say(problem.message);
    }
    this.showSize();
  }

  chooseFile() {
    this.file.click();
  }

  /** Put a template on the canvas; view and phase follow where its name has them. */
  async openTemplate(name) {
    if (!name) return;
    this.templates.value = ""; // so that the same one can be chosen again
    await this.trying(async () => {
      const page = await this.link.template(name);
      const words = name.toUpperCase().split("-");
      const named = (choices) => choices.find((choice) => words.includes(choice));
      const view = named(["2CH", "4CH"]) || this.settings.values.view;
      const phase = named(["ED", "ES"]) || this.settings.values.phase;
      this.settings.set({ view, phase });
      this.editor.document.open(page, { tool: "open", what: "template", name });
    });
  }

  async trying(work) {
    this.root.classList.add("busy");
    try {
      await work();
    } catch (problem) {
      this.editor.complain("The file was not opened", problem.message);
    } finally {
      this.root.classList.remove("busy");
    }
  }

  async openFile(file) {
    await this.trying(async () => {
      // Only messages use the name: it never reaches the project.
      const headers = { "X-File-Name": encodeURIComponent(file.name) };
      if (/\.echo$/i.test(file.name)) {
        const reply = await this.link.request("/projects/import", { method: "POST", body: file, headers });
        location.search = String(new URLSearchParams({ project: (await reply.json()).id }));
        return;
      }
      const reply = await this.link.request("/open", { method: "POST", body: file, headers });
      const number = (name) => Number(reply.headers.get(name));
      if (reply.headers.get("X-Kind") === "recording") this.realFrame.opened(number("X-Frames"));
      if (reply.headers.get("X-Kind") === "label-map") {
        this.editor.document.open(await readMap(reply), { tool: "open", what: "label map" });
        if (this.realFrame.open) await this.realFrame.adopt(); // an expert's labels of the frame, and no edit
      } else if (number("X-Frames") === 1) {
        await this.label(0);
      } else {
        await this.picker.show({ frames: number("X-Frames"), total: number("X-Total"), seconds: number("X-Seconds") });
      }
    });
  }

  /** A frame of the recording becomes a label map, with the frame beneath it to correct it by. */
  async label(number) {
    await this.trying(async () => {
      const reply = await this.link.request(`/recording/${number}/label-map`);
      const warnings = JSON.parse(reply.headers.get("X-Warnings") ?? "[]");
      const page = await readMap(reply);
      this.realFrame.begin();
      this.editor.document.open(page, { tool: "open", what: "frame" });
      await this.link.flush();
      this.backed = page;
      this.panes.edit.backdrop = await this.realFrame.show(number, page);
      setSlider(this.root.querySelector("[data-part=opacity]"), 45);
      this.panes.edit.redraw();
      // A warning, not a refusal: the labels are there to be corrected.
      if (warnings.length) this.editor.say(warnings.join(" "));
    });
  }

  checkBackdrop() {
    const { width, height } = this.editor.document;
    const last = this.editor.document.undoStack.findLast(({ op }) => op && op.tool === "open");
    if (!this.panes.edit.backdrop) return;
    // A label map of the frame's size that is opened on it is that frame's, such as an expert's.
    const ofFrame = last && ["frame", "label map"].includes(last.op.what);
    if (ofFrame && width === this.backed.width && height === this.backed.height) return;
    this.panes.edit.backdrop = null;
    this.realFrame.end().catch((problem) => this.editor.say(problem.message));
    setSlider(this.root.querySelector("[data-part=opacity]"), 100);
  }
}

function setSlider(input, value) {
  input.value = value;
  input.dispatchEvent(new Event("input", { bubbles: true }));
}

/** Which frame of a recording: a picture, a slider, arrows. */
class FramePicker {
  constructor(dialog, link, choose) {
    this.dialog = dialog;
    this.link = link;
    this.frames = 0;
    this.total = 0; // in the file, which may hold more
    this.seconds = 0; // from one frame to the next, 0 where it is not known
    this.picture = dialog.querySelector("canvas");
    this.slider = dialog.querySelector("input");
    this.words = dialog.querySelector("p");
    this.slider.addEventListener("input", () => this.draw());
    dialog.querySelector("[data-act=label]").addEventListener("click", () => {
      dialog.close();
      choose(Number(this.slider.value));
    });
    dialog.querySelector("[data-act=close]").addEventListener("click", () => dialog.close());
  }

  async show({ frames, total, seconds }) {
    Object.assign(this, { frames, total, seconds });
    Object.assign(this.slider, { max: frames - 1, value: 0 });
    await this.again();
  }

  /** The same recording, at the frame that was chosen last. */
  async again() {
    this.dialog.showModal();
    this.slider.focus();
    await this.draw();
  }

  async draw() {
    const number = Number(this.slider.value);
    const time = this.seconds ? ` · ${(number * this.seconds).toFixed(2)} s` : "";
    const rest = this.total > this.frames ? ` (the file has ${this.total}; the first ones are here)` : "";
    this.words.textContent = `Frame ${number + 1} of ${this.frames}${time}${rest}`;
    const bitmap = await bitmapOf(await this.link.request(`/recording/${number}`));
    if (number !== Number(this.slider.value)) return; // the slider has moved on
    Object.assign(this.picture, { width: bitmap.width, height: bitmap.height });
    this.picture.getContext("2d").drawImage(bitmap, 0, 0);
  }
}
