// Progress, outcome and downloads of the session's job.

const STRUCTURE_NAMES = { lv_endo: "LV cavity", lv_epi: "Epicardium", la: "Left atrium" };

export class Monitor {
  constructor(root, generation, link) {
    this.root = root;
    this.link = link;
    this.finished = 0;
    generation.listeners.add((progress) => this.show(progress));
    const cancel = root.querySelector("#cancel");
    cancel.addEventListener("click", () => {
      cancel.disabled = true;
      generation.cancel().catch((problem) => this.complain(problem.message));
    });
    for (const button of root.querySelectorAll("[data-file]")) {
      button.addEventListener("click", () => {
        link.download(`/jobs/${this.finished}/download/${button.dataset.file}`).catch((problem) => this.complain(problem.message));
      });
    }
  }

  part(name) {
    return this.root.querySelector(`[data-part="${name}"]`);
  }

  complain(message) {
    this.part("error").hidden = !message;
    this.part("error").textContent = message;
  }

  show(progress) {
    const active = progress.state === "waiting" || progress.state === "running";
    const share = progress.total ? Math.round((100 * progress.nfe) / progress.total) : 0;
    const bar = this.root.querySelector(".progress");
    bar.setAttribute("aria-valuenow", share);
    bar.dataset.state = progress.state;
    bar.firstElementChild.style.width = `${share}%`;
    this.part("state").textContent = sentence(progress);
    this.root.querySelector("#cancel").disabled = !active || progress.stopping;
    this.complain(progress.message || "");
    if (progress.state === "done") this.report(progress);
    this.part("report").classList.toggle("older", progress.state !== "done");
  }

  report(progress) {
    this.finished = progress.job;
    this.part("report").hidden = false;
    this.part("facts").textContent = `${progress.total} NFE · seed ${progress.seed} · ${progress.seconds.toFixed(1)} s`;
    this.part("adherence").replaceChildren(...Object.entries(STRUCTURE_NAMES).map(([key, name]) => adherenceRow(key, name, progress.adherence[key])));
    this.part("grain").textContent = grainWords(progress);
  }
}

function sentence({ state, nfe, total, ahead, stopping, seconds, draft, edited }) {
  if (stopping) return "Stopping after this NFE …";
  if (state === "waiting") return ahead > 0 ? `Waiting: ${ahead} ahead` : "Starting …";
  if (state === "running" && total && nfe >= total) return "Measuring adherence …";
  if (state === "running" && !total) return edited ? "Reading the look of the real frame …" : "Drafting …";
  if (state === "running") return `${draft ? "Refining: " : ""}NFE ${nfe} / ${total}`;
  if (state === "done") return `Done in ${seconds.toFixed(1)} s`;
  if (state === "cancelled") return total ? `Cancelled at NFE ${nfe} / ${total}` : "Cancelled";
  return state === "failed" ? "No frame was made" : "Ready";
}

/** How strong the finest grain is, beside what real frames have; frames that were kept before it was measured say nothing. */
export function grainWords({ grain, grain_real: real }) {
  return typeof grain === "number" ? `Grain ${grain.toFixed(1)} · real frames ${real[0].toFixed(1)} to ${real[1].toFixed(1)}` : "";
}

function adherenceRow(key, name, score) {
  const known = typeof score === "number";
  const row = document.createElement("div");
  row.dataset.structure = key;
  const [term, value, bar] = ["dt", "dd", "dd"].map((tag) => document.createElement(tag));
  term.textContent = name;
  value.textContent = known ? score.toFixed(3) : "–";
  if (!known) row.title = `The label map has no ${name}`;
  bar.className = "share";
  bar.ariaHidden = "true";
  bar.style.setProperty("--share", String(known ? score : 0));
  row.append(term, bar, value);
  return row;
}
