// What is done to a set just now, without the page.

/** The tasks by their kind, see `taskRow`. */
export function taskRows({ tasks, samples, planned }) {
  const shown = { ...tasks };
  // A set whose run ended with the server has no task any more, and still lacks samples.
  if (!tasks.make && samples < planned) shown.make = { state: "cancelled", done: samples, of: planned };
  return new Map(Object.entries(shown).map(([kind, task]) => [kind, taskRow(kind, task)]));
}

/** A task with whether it is `alive`, its `percent`, and whether it can be continued. */
export function taskRow(kind, task) {
  const alive = ["waiting", "running"].includes(task.state);
  const percent = task.state === "done" ? 100 : task.of ? Math.round((100 * task.done) / task.of) : 0;
  return { ...task, alive, percent, canContinue: kind === "make" && !alive && task.state !== "done" };
}
