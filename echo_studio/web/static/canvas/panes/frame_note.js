// Says what the picture in the right pane is: synthetic or an edited real frame; a draft, a preview, or a frame of an older
// map or of older settings.

export class FrameNote {
  constructor(root, editor, generation) {
    this.editor = editor;
    this.generation = generation;
    this.surface = root.querySelector("[data-surface=result]").parentElement;
    this.empty = root.querySelector("[data-part=empty]");
    this.note = root.querySelector("[data-part=stale]");
    this.title = root.querySelector("[data-part=frame-title]");
    this.marks = root.querySelectorAll(".mark");
    editor.document.listeners.add(() => this.refresh());
    editor.result.listeners.add(() => this.refresh());
    generation.listeners.add(() => this.refresh());
    generation.onPending = () => this.refresh();
    this.refresh();
  }

  /** A newer live picture is being made, or will be when the stroke ends. */
  get updating() {
    const { generation, editor } = this;
    const { result } = editor;
    if (result.page?.following) return false;
    if (generation.pending) return result.stale || !result.facts || result.facts.job !== generation.job;
    return generation.settings.values.live && Boolean(editor.document.stroke) && result.stale;
  }

  get words() {
    const { result } = this.editor;
    if (this.updating) return "Updating …";
    if (result.stale) return "The map has changed since this frame.";
    return { preview: "Preview", draft: "Draft", final: "" }[result.kind];
  }

  refresh() {
    const shown = Boolean(this.editor.frame);
    const words = shown ? this.words : "";
    this.empty.hidden = shown;
    const name = this.editor.result.edited ? "Edited real frame" : "Synthetic frame";
    if (this.title.textContent !== name) {
      this.title.textContent = name;
      for (const mark of this.marks) mark.textContent = this.editor.result.edited ? "EDITED REAL FRAME" : "SYNTHETIC";
      // The one line above all tabs is Gradio's page's, not the tab's own.
      const notice = document.querySelector("#notice");
      if (notice) notice.textContent = `${this.editor.result.edited ? "Edited real frame, personal data" : "Synthetic"} — not for diagnosis`;
    }
    this.note.hidden = !words;
    if (this.note.textContent !== words) this.note.textContent = words;
    this.surface.classList.toggle("older", shown && (this.updating || this.editor.result.stale));
  }
}
