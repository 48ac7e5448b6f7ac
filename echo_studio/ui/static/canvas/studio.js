// Puts the parts together inside the gr.HTML component: `element`, `props` and `watch` are Gradio's.

const root = element.querySelector(".studio");
const labels = new LabelDocument();
const link = new ServerLink(labels, STUDIO_ROUTES);
const result = new Result(link);
const editor = new Editor(labels, result);
const viewport = new Viewport();
const panes = {
  edit: new EditPane(root.querySelector("[data-surface=edit]"), viewport, editor, LABELS),
  result: new ResultPane(root.querySelector("[data-surface=result]"), viewport, editor, LABELS),
};
const controls = new Controls(root, editor, panes, viewport, LABELS);
link.onProblem = (message) => controls.say(message);

const press = (id) => {
  const button = document.getElementById(id);
  if (button && !button.disabled) button.click();
};
// Gradio's own components take no tooltip.
const TOOLTIPS = {
  generate: "Generate a frame from the label map; replaces a job under way (G)",
  "new-seed": "Draw another seed: another heart of the same anatomy (R)",
  upload: "Open a label map file: PNG or NIfTI with ids 0 to 4",
  template: "Start from a blank sector or a bundled label map; can be undone",
  nfe: "Number of function evaluations: calls of the network. More takes longer",
  seed: "The same seed, label map and settings give the same frame",
};
function addTooltips() {
  for (const [id, text] of Object.entries(TOOLTIPS)) {
    const control = document.getElementById(id);
    if (control) control.title = text;
  }
}
new Keys(root, editor, controls, {
  generate: () => press("generate"),
  newSeed: () => press("new-seed"),
  cancel: () => press("cancel"),
});
new PointerInput(panes.edit, editor, { paints: true });
new PointerInput(panes.result, editor, { paints: false });

editor.listeners.add(() => {
  panes.edit.redraw();
  root.dataset.tool = editor.toolName;
});
result.listeners.add(() => panes.edit.redraw());
// The status line tells the last problem until something succeeds.
labels.listeners.add((box, settled) => settled && controls.say(""));
let opened = -1;
labels.listeners.add(() => {
  // Another document, or another page of the history: show all of it.
  const page = `${labels.number} ${labels.width} ${labels.height}`;
  if (page !== opened) controls.fit();
  opened = page;
});
new ResizeObserver(() => {
  if (viewport.fitted) controls.fit();
  panes.edit.redraw();
  panes.result.redraw();
}).observe(panes.edit.surface);

// The monitor and Gradio's buttons reach the editor through this one name.
window.echoStudio = {
  document: labels,
  viewport,
  editor,
  result,
  link,
  follow: (progress) => result.follow(progress).catch((problem) => controls.say(problem.message)),
  /** For the Generate button: which map the server holds. */
  flush: () => {
    if (editor.tool.points && editor.tool.points.length) editor.tool.finish();
    return link.flush().catch((problem) => {
      controls.say(problem.message);
      return { doc: 0, revision: -1 };
    });
  },
};

link.follow(props.value || {});
watch("value", () => {
  link.follow(props.value || {});
  addTooltips(); // Gradio may mount its components after this script ran
});
controls.refresh();
