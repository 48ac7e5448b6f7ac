// Puts the parts of the Edit tab together.

import { LABELS } from "../common/labels.js";
import { ServerLink } from "../common/link.js";
import { provideStudio } from "../common/open_studio.js";
import { ROUTES } from "../common/routes.js";
import { Slots } from "../common/slots.js";
import { LabelDocument } from "./document/document.js";
import { Beat } from "./panels/beat.js";
import { DefectPanel } from "./panels/defect_panel.js";
import { FirstSteps } from "./panels/first_steps.js";
import { Generation } from "./panels/generation.js";
import { Help } from "./panels/help.js";
import { HistoryPanel } from "./panels/history_panel.js";
import { Inspector, PANELS } from "./panels/inspector.js";
import { LiveDraft } from "./panels/live_draft.js";
import { MeasurePanel } from "./panels/measure_panel.js";
import { Monitor } from "./panels/monitor.js";
import { Project } from "./panels/project.js";
import { RealFrame, RealFramePanel } from "./panels/real_frame.js";
import { SeedSpread } from "./panels/seed_spread.js";
import { Settings } from "./panels/settings.js";
import { ShapePanel } from "./panels/shape_panel.js";
import { Starter } from "./panels/starter.js";
import { Tray } from "./panels/tray.js";
import { UnknownLabels } from "./panels/unknown_labels.js";
import { Display } from "./panes/display.js";
import { EditPane } from "./panes/edit_pane.js";
import { FrameNote } from "./panes/frame_note.js";
import { Result } from "./panes/result.js";
import { ResultPane } from "./panes/result_pane.js";
import { Viewport } from "./panes/viewport.js";
import { Views } from "./panes/views.js";
import { Clipboard } from "./tools/clipboard.js";
import { Controls } from "./tools/controls.js";
import { Editor } from "./tools/editor.js";
import { Keys } from "./tools/keys.js";
import { PointerInput } from "./tools/pointer.js";
import { StructureActions } from "./tools/structure_actions.js";

/** Mount the tab inside its gr.HTML component: `element`, `props` and `watch` are Gradio's. */
export function mount({ element, props, watch }) {
  const root = element.querySelector(".studio");
  const labels = new LabelDocument();
  const link = new ServerLink(labels, ROUTES);
  const result = new Result(link, labels);
  const editor = new Editor(labels, result);
  editor.link = link;
  const viewport = new Viewport();
  const panes = {
    edit: new EditPane(root.querySelector("[data-surface=edit]"), viewport, editor, LABELS),
    result: new ResultPane(root.querySelector("[data-surface=result]"), viewport, editor, LABELS),
  };
  const settings = new Settings(root);
  const generation = new Generation(link, labels, settings);
  new LiveDraft(link, editor, settings, generation);
  generation.isDrafted = () => result.kind === "draft" && !result.stale;
  const controls = new Controls(root, editor, panes, viewport, LABELS);
  const views = new Views(root, panes, result);
  new FrameNote(root, editor, generation);
  new UnknownLabels(root, labels, settings);
  const inspector = new Inspector(root);
  const structureActions = new StructureActions(root, editor, panes.edit, link);
  const historyPanel = new HistoryPanel(inspector, editor);
  const shapePanel = new ShapePanel(inspector, editor, link);
  const defectPanel = new DefectPanel(inspector, editor, link, settings);
  const slots = new Slots();
  const measurePanel = new MeasurePanel(inspector, editor, link, settings, slots);
  new Monitor(root, generation, link);
  const realFrame = new RealFrame(link, result);
  new RealFramePanel(root, realFrame, editor, () => starter.picker.again());
  generation.source = () => realFrame.source;
  realFrame.listeners.add((changed) => changed && generation.soon());
  const spread = new SeedSpread(link, editor, settings, generation);
  views.onSpread = (page) => spread.want(page);
  const starter = new Starter(root, link, editor, settings, panes, realFrame);
  const project = new Project(root, link, labels, settings, slots);
  const tray = new Tray(root, link, editor, settings, generation);
  const beat = new Beat(root, link, editor, settings, panes.result);
  beat.source = () => (settings.values.phase === "ED" ? realFrame.source : null);
  const display = new Display(root, panes, LABELS);
  const help = new Help(root, new FirstSteps(root, labels));

  editor.say = (message) => controls.say(message);
  editor.complain = (title, words) => {
    const dialog = root.querySelector("#problem-dialog");
    dialog.querySelector("h2").textContent = title;
    dialog.querySelector("p").textContent = words;
    if (!dialog.open) dialog.showModal();
  };
  link.onProblem = editor.say;
  project.say = editor.say;
  generation.onLive = () => result.overtake();
  generation.listeners.add((progress) => progress.job && result.follow(progress).catch((problem) => editor.say(problem.message)));

  const generate = () => {
    if (editor.tool.busy && editor.tool.finish) editor.tool.finish(); // an open outline belongs to the map
    generation.start();
  };
  root.querySelector("#generate").addEventListener("click", generate);

  const commands = {
    g: generate,
    r: () => settings.newSeed(),
    k: () => tray.pin(),
    v: () => settings.set({ live: !settings.values.live }),
    ";": () => beat.set(!beat.on),
    w: () => views.widen(views.pointed),
    5: () => views.choose("side"),
    6: () => views.choose("split"),
    7: () => views.choose("overlay"),
    8: () => views.choose("flicker"),
    9: () => views.nextComparison(),
    ...structureActions.commands,
    a: () => root.querySelector("[data-switch=theme]").click(),
    z: () => display.set({ outlines: !display.values.outlines }),
    "?": () => help.open(),
    "/": () => shapePanel.vary(),
    enter: () => defectPanel.enter(),
    escape: () => generation.cancel(),
  };
  for (const { name, key } of PANELS) commands[key] = () => inspector.choose(name);
  const chords = { o: () => starter.chooseFile() };
  new Clipboard(root, editor, structureActions);
  new Keys(root, editor, controls, { commands, chords, holds: { Backquote: (on) => views.hold(on) } });
  new PointerInput(panes.edit, editor, { paints: true });
  new PointerInput(panes.result, editor, { paints: false });

  editor.listeners.add(() => {
    panes.edit.redraw();
    root.dataset.tool = editor.toolName;
  });
  result.listeners.add(() => panes.edit.redraw());
  // The status line shows the last problem until something succeeds.
  labels.listeners.add((box, settled) => settled && controls.say(""));
  let opened = "";
  labels.listeners.add(() => {
    // A map of another size: show all of it.
    const size = `${labels.width} ${labels.height}`;
    if (size !== opened) controls.fit();
    opened = size;
  });
  const sizes = new ResizeObserver(() => {
    if (viewport.fitted) controls.fit();
    panes.edit.redraw();
    panes.result.redraw();
  });
  for (const pane of Object.values(panes)) sizes.observe(pane.surface);

  const studio = { document: labels, viewport, display, editor, result, link, settings, generation, inspector, project, views, beat, slots, measurePanel, realFrame, tabs: {} };
  /** @type {any} */ (window).echoStudio = studio; // the one handle for tests and for people who look inside; no module reads it

  /** Once Gradio has opened the session: fetch what can be chosen and what is on the canvas. */
  async function enter(token) {
    link.token = token;
    const catalog = await link.json("/catalog");
    settings.offer(catalog);
    starter.offer(catalog);
    historyPanel.offer(catalog);
    shapePanel.offer(catalog);
    defectPanel.offer(catalog);
    await project.restore();
    provideStudio(studio);
    await tray.restore();
  }

  // Another tab of the page has imported or removed a generator.
  const renewGenerators = async () => settings.renew((await link.json("/catalog")).generators);
  settings.renewals.addEventListener("renew", () => renewGenerators().catch((problem) => editor.say(problem.message)));

  let entered = false;
  function follow() {
    const { token } = props.value || {};
    if (!token || entered) return;
    entered = true;
    enter(token).catch((problem) => editor.say(problem.message));
  }
  follow();
  watch("value", follow);
  controls.refresh();
}
