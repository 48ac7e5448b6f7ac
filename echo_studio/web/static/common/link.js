// The way to the server. Every settled change is sent, in order and once, so that the server's copy has the same history.

import { JobEvents } from "./events.js";

const RETRY_MS = 3000;
const FOR_GOOD = [400, 404, 413, 415, 422]; // the same again would be refused again
const WITHOUT_WORDS = { tool: "open", what: "refused edit" }; // the map of an edit that the server could not read

/** The server understood and said no: its words, and the HTTP status. */
class Refusal extends Error {
  constructor(words, status) {
    super(words);
    this.status = status;
  }
}

export class ServerLink {
  constructor(labels, root) {
    this.document = labels;
    this.root = root;
    this.token = "";
    this.project = ""; // its id
    this.user = ""; // who is logged in, "" where there is no login
    this.outbox = []; // [path, options, plain] of the changes that the server has not confirmed
    this.aside = []; // those that it refused for good
    this.pumping = null;
    this.retry = 0; // the timer of the next try, one for the whole outbox
    this.onProblem = (_words) => {};
    this.onState = (_state) => {}; // "saved", "saving" or "unsaved"
    this.onOpenElsewhere = () => {};
    this.onLoggedOut = () => {};
    this.events = new JobEvents(this);
    labels.journals.add((op) => this.enqueue(op));
  }

  async request(path, options = {}) {
    const headers = { "X-Studio-Session": this.token, ...options.headers };
    let reply;
    try {
      reply = await fetch(`${this.root}${path}`, { ...options, headers, cache: "no-store" });
    } catch {
      throw new Error("The studio does not answer. Is it still running? Your drawing is safe in this page.");
    }
    if (reply.ok) return reply;
    const loggedOut = reply.headers.get("X-Studio-Login") === "needed";
    if (loggedOut) this.onLoggedOut();
    else if (reply.status === 401 && this.project && !options.again) {
      await this.reopen();
      return this.request(path, { ...options, again: true });
    }
    const body = await reply.json().catch(() => ({}));
    throw new Refusal(typeof body.detail === "string" ? body.detail : `The studio answered ${reply.status}.`, reply.status);
  }

  /** The server was started again under the page: go on with the same project. */
  async reopen() {
    if (!this.reopening) {
      const query = new URLSearchParams({ project: this.project, user: this.user });
      this.reopening = fetch(`${this.root}/sessions?${query}`, { method: "POST" })
        .then(async (reply) => {
          const { token, detail } = await reply.json();
          if (!reply.ok) throw new Error(detail);
          this.token = token;
        })
        .finally(() => {
          this.reopening = null;
        });
    }
    return this.reopening;
  }

  /**
   * The answer to a request whose body travels as JSON.
   * @param {string} path
   * @param {{method?: string, body?: any}} [request]
   */
  async json(path, { method = "GET", body } = {}) {
    const options = { method };
    if (body !== undefined) Object.assign(options, { body: JSON.stringify(body), headers: { "Content-Type": "application/json" } });
    return (await this.request(path, options)).json();
  }

  enqueue(op) {
    const { revision, position } = this.document;
    const query = new URLSearchParams({ ...this.layout(), revision, position });
    const plain = op && { method: "PUT", body: this.packed(WITHOUT_WORDS) };
    this.keep(`/label-map?${query}`, { method: "PUT", body: this.packed(op) }, plain);
  }

  /** Send a change after those before it, and again until the server has it; `plain` where it refuses the first for good. */
  keep(path, options, plain = null) {
    this.outbox.push([path, options, plain]);
    this.onState("saving");
    this.send().catch((problem) => this.onProblem(problem.message));
  }

  layout() {
    const { width, height, spacing } = this.document;
    return { width, height, spacing };
  }

  /** Label ids, the sector and what was done. */
  packed(op, ids = this.document.ids, sector = this.document.sector) {
    return new Blob([ids.slice(), sector.slice(), op ? JSON.stringify(op) : ""], { type: "application/octet-stream" });
  }

  send() {
    if (!this.pumping && this.outbox.length) {
      this.pumping = this.emptyOutbox();
    }
    return this.pumping || Promise.resolve();
  }

  async emptyOutbox() {
    while (this.outbox.length) {
      const [path, options, plain] = this.outbox[0];
      try {
        await this.request(path, options);
      } catch (problem) {
        // 409: the server has this change already, only its answer was lost.
        if (FOR_GOOD.includes(problem.status)) {
          this.onProblem(`The studio refused a change: ${problem.message} It is kept aside; what comes after it is saved.`);
          this.aside.push([path, options]);
          if (plain) {
            this.outbox[0] = [path, plain, null];
            continue;
          }
        } else if (problem.status !== 409) {
          this.pumping = null;
          this.refused(problem);
          throw problem;
        }
      }
      this.outbox.shift();
      if (!this.outbox.length) this.pumping = null; // a change that comes now starts anew
    }
    this.onState("saved");
  }

  /** 423: another tab writes to the project, and the person has to decide. Anything else may pass: try again. */
  refused(problem) {
    if (problem.status === 423) {
      this.onOpenElsewhere();
      return;
    }
    this.onState("unsaved");
    clearTimeout(this.retry);
    this.retry = setTimeout(() => this.send().catch(() => {}), RETRY_MS);
  }

  /** Wait until the server holds the canvas; its revision. */
  async flush() {
    await this.send();
    return this.document.revision;
  }

  async template(name) {
    return readMap(await this.request(`/templates/${name}`));
  }

  /** The canvas, or another map of its size, after an edit that the server computes: {ids, sector}. */
  async edit(op, ids = this.document.ids, sector = this.document.sector) {
    const options = { method: "POST", body: this.packed(op, ids, sector) };
    return readMap(await this.request(`/edit?${new URLSearchParams(this.layout())}`, options));
  }

  /** Handles that place themselves: [{key, structure, place}]. */
  async handles() {
    return this.posted("/handles", {});
  }

  /** {measurements, findings} of the canvas. */
  async inspect(view) {
    return this.posted("/inspect", { view });
  }

  async posted(path, query) {
    const body = this.document.ids.slice();
    return (await this.request(`${path}?${new URLSearchParams({ ...this.layout(), ...query })}`, { method: "POST", body })).json();
  }

  async jobMap(job) {
    return readMap(await this.request(`/jobs/${job}/label-map`));
  }

  async frame(job, final) {
    return bitmapOf(await this.request(`/jobs/${job}/frame?final=${final}`));
  }

  async cancel() {
    await this.request("/cancel", { method: "POST" });
  }

  async download(path) {
    const reply = await this.request(path);
    const url = URL.createObjectURL(await reply.blob());
    const anchor = document.createElement("a");
    anchor.href = url;
    anchor.download = /filename="([^"]+)"/.exec(reply.headers.get("Content-Disposition"))[1];
    anchor.click();
    setTimeout(() => URL.revokeObjectURL(url), 60000);
  }
}

export async function readMap(reply) {
  const [width, height] = ["X-Width", "X-Height"].map((name) => Number(reply.headers.get(name)));
  const bytes = new Uint8Array(await reply.arrayBuffer());
  const ids = bytes.slice(0, width * height);
  const sector = bytes.slice(width * height);
  return { width, height, ids, sector, spacing: reply.headers.get("X-Spacing") || "" };
}

export async function bitmapOf(reply) {
  return createImageBitmap(await reply.blob(), { colorSpaceConversion: "none" });
}
