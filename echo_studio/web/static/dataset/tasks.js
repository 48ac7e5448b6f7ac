// What is done to the set just now: a bar for each task, with rate and time left; stop, and go on.

import { button, make } from "../common/dom.js";
import { taskRow, taskRows } from "./task_rows.js";
import { TASK_WORDS, taskWords } from "./words.js";

export class Tasks {
  constructor(place, acts) {
    this.place = place;
    this.acts = acts;
    this.rows = new Map();
  }

  get running() {
    return this.seen.length > 0;
  }

  /** [[number, stamp]] of the tasks that wait or run, as they are shown. */
  get seen() {
    return [...this.rows.values()].filter(({ alive }) => alive).map(({ task }) => [task.number, task.stamp]);
  }

  /** A task as the server reports it. */
  update(task) {
    this.row(task.kind).show(taskRow(task.kind, task));
  }

  show(status) {
    const rows = taskRows(status);
    for (const [kind, task] of rows) this.row(kind).show(task);
    for (const [kind, row] of this.rows) if (!rows.has(kind)) this.remove(kind, row);
  }

  row(kind) {
    if (!this.rows.has(kind)) {
      const row = new TaskRow(kind, this.acts);
      this.rows.set(kind, row);
      this.place.append(row.element);
    }
    return this.rows.get(kind);
  }

  remove(kind, row) {
    row.element.remove();
    this.rows.delete(kind);
  }

  clear() {
    for (const [kind, row] of this.rows) this.remove(kind, row);
  }
}

class TaskRow {
  constructor(kind, acts) {
    this.kind = kind;
    this.acts = acts;
    this.task = null;
    this.alive = false;
    this.words = make("p", { className: "ds-task-words" });
    this.words.setAttribute("role", "status");
    this.fill = make("i");
    this.bar = make("div", { className: "progress" }, this.fill);
    for (const [name, value] of [["role", "progressbar"], ["aria-label", TASK_WORDS[kind][0]], ["aria-valuemin", 0], ["aria-valuemax", 100]]) this.bar.setAttribute(name, value);
    this.stop = button("Stop", "End after what is under way; what is done stays", () => acts.stop(kind), { label: `Stop: ${TASK_WORDS[kind][0]}` });
    this.goOn = button("Continue", "Make what is missing", () => acts.goOn(), { hidden: true });
    this.element = make("div", { className: "ds-task" }, this.words, this.bar, make("div", { className: "ds-task-buttons" }, this.stop, this.goOn));
  }

  show(task) {
    this.task = task;
    this.alive = task.alive;
    const words = taskWords(this.kind, task);
    if (this.words.textContent !== words) this.words.textContent = words;
    this.fill.style.width = `${task.percent}%`;
    this.bar.setAttribute("aria-valuenow", task.percent);
    this.bar.dataset.state = task.state;
    this.element.classList.toggle("failed", task.state === "failed");
    this.stop.hidden = !this.alive;
    this.stop.disabled = Boolean(task.stopping);
    this.goOn.hidden = !task.canContinue;
  }
}
