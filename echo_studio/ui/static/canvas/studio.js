// Puts the parts together inside the gr.HTML component: `element`, `props` and `watch` are Gradio's.

const root = element.querySelector(".studio");
const labels = new LabelDocument();
const link = new ServerLink(labels, STUDIO_ROUTES);
const result = new Result(link);
const editor = new Editor(labels, result);
const viewport = new Viewport();
const panes = {
  edit: new EditPane(root.querySelector("[data-surface=edit]"), viewport, editor, LABELS),
  result: new ResultPane(root.querySelector("[data-surface=result]"), viewport, result, LABELS),
};
const controls = new Controls(root, editor, panes, viewport, LABELS);
link.onProblem = (message) => controls.say(message);

const press = (id) => {
  const host = document.getElementById(id);
  const button = host && (host.matches("button") ? host : host.querySelector("button"));
  if (button && !button.disabled) button.click();
};
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
watch("value", () => link.follow(props.value || {}));
controls.refresh();
