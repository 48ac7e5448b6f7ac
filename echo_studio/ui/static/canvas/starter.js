// What a drawing starts from: a template, a file that is chosen or dropped.

class Starter {
  constructor(root, link, editor, settings) {
    Object.assign(this, { root, link, editor, settings });
    this.templates = root.querySelector("#template");
    this.file = root.querySelector("#file");
    this.templates.addEventListener("change", () => this.openTemplate(this.templates.value));
    root.querySelector("#open-file").addEventListener("click", () => this.ask());
  }

  offer({ templates }) {
    fillSelect(this.templates, [{ name: "", title: "Choose …" }, ...templates]);
  }

  ask() {
    this.file.click();
  }

  /** Put a template on the canvas; view and phase follow where its name tells them. */
  async openTemplate(name) {
    if (!name) return;
    this.templates.value = ""; // so that the same one can be chosen again
    try {
      const page = await this.link.template(name);
      const words = name.toUpperCase().split("-");
      const told = (choices) => choices.find((choice) => words.includes(choice));
      const view = told(["2CH", "4CH"]) || this.settings.values.view;
      const phase = told(["ED", "ES"]) || this.settings.values.phase;
      this.settings.set({ view, phase });
      this.editor.document.open(page, { tool: "open", what: "template", name });
    } catch (problem) {
      this.editor.say(problem.message);
    }
  }
}
