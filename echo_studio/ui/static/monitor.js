// Progress, outcome and downloads of the session's job. The value is a small progress message of the server.

const part = (name) => element.querySelector(`[data-part="${name}"]`);
const STRUCTURE_NAMES = { lv_endo: "LV cavity", lv_epi: "Epicardium", la: "Left atrium" };
let latest = 0;
let finished = 0;

function sentence(progress) {
  const { state, nfe, total, ahead, stopping, seconds } = progress;
  if (stopping) return "Stopping after this NFE …";
  if (state === "waiting") return ahead > 0 ? `Waiting: ${ahead} ahead` : "Starting …";
  if (state === "running") return total && nfe >= total ? "Measuring adherence …" : `NFE ${nfe} / ${total}`;
  if (state === "done") return `Done in ${seconds.toFixed(1)} s`;
  if (state === "cancelled") return `Cancelled at NFE ${nfe} / ${total}`;
  return state === "failed" ? "No frame was made" : "Ready";
}

function show(progress) {
  // Jobs are numbered: a message of an older one comes too late to be shown. 0 is a refusal, which has no job.
  if (!progress || !progress.state || (progress.job && progress.job < latest)) return;
  latest = Math.max(latest, progress.job);
  const active = progress.state === "waiting" || progress.state === "running";
  const share = progress.total ? Math.round((100 * progress.nfe) / progress.total) : 0;
  const bar = element.querySelector(".progress");
  bar.setAttribute("aria-valuenow", share);
  bar.dataset.state = progress.state;
  bar.firstElementChild.style.width = `${share}%`;
  part("state").textContent = sentence(progress);
  part("cancel").disabled = !active || progress.stopping;
  part("error").hidden = !progress.message;
  part("error").textContent = progress.message || "";
  if (progress.state === "done") report(progress);
  part("report").classList.toggle("older", progress.state !== "done");
  if (progress.job && window.echoStudio) window.echoStudio.follow(progress);
}

function report(progress) {
  finished = progress.job;
  part("report").hidden = false;
  part("facts").textContent = `${progress.total} NFE · seed ${progress.seed} · ${progress.seconds.toFixed(1)} s`;
  part("adherence").replaceChildren(
    ...Object.entries(STRUCTURE_NAMES).map(([key, name]) => {
      const score = progress.adherence[key];
      const row = document.createElement("div");
      row.dataset.structure = key;
      const [term, value, bar] = ["dt", "dd", "i"].map((tag) => document.createElement(tag));
      term.textContent = name;
      value.textContent = typeof score === "number" ? score.toFixed(3) : "–";
      if (typeof score !== "number") row.title = `The label map has no ${name}`;
      bar.style.setProperty("--share", typeof score === "number" ? score : 0);
      row.append(term, bar, value);
      return row;
    }),
  );
}

part("cancel").addEventListener("click", () => {
  part("cancel").disabled = true;
  window.echoStudio.link.cancel().catch((problem) => {
    part("error").hidden = false;
    part("error").textContent = problem.message;
  });
});
for (const button of element.querySelectorAll("[data-file]")) {
  button.addEventListener("click", () => {
    window.echoStudio.link.download(finished, button.dataset.file).catch((problem) => {
      part("error").hidden = false;
      part("error").textContent = problem.message;
    });
  });
}
show(props.value);
watch("value", () => show(props.value));
