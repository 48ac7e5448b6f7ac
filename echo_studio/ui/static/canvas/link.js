// The way to the server. Label maps travel as raw bytes with a document number and a revision; stale replies are dropped.

class ServerLink {
  constructor(labels, root) {
    this.document = labels;
    this.root = root;
    this.token = "";
    this.sent = ""; // "document/revision" that the server holds
    this.sending = null;
    this.wanted = 0;
    this.loading = Promise.resolve();
    this.onProblem = () => {};
    labels.listeners.add((box, settled) => {
      if (settled && this.token) this.send().catch((problem) => this.onProblem(problem.message));
    });
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
    const body = await reply.json().catch(() => ({}));
    const problem = new Error(typeof body.detail === "string" ? body.detail : `The studio answered ${reply.status}.`);
    problem.status = reply.status;
    throw problem;
  }

  /** Called when the server names the session and the document that it wants on the canvas. */
  follow({ token, doc }) {
    if (!token) return;
    this.token = token;
    if (doc <= this.wanted) return;
    this.wanted = doc;
    this.loading = this.load(doc).catch((problem) => this.onProblem(problem.message));
  }

  async load(doc) {
    const { ids, width, height, spacing, number } = await readMap(await this.request("/label-map"));
    if (doc !== this.wanted) return;
    this.sent = `${number}/0`;
    this.document.open({ ids, width, height, spacing, number });
  }

  get current() {
    return `${this.document.number}/${this.document.revision}`;
  }

  send() {
    if (!this.sending) {
      this.sending = this.sendUntilCurrent().finally(() => {
        this.sending = null;
      });
    }
    return this.sending;
  }

  async sendUntilCurrent() {
    while (this.sent !== this.current) {
      const sent = this.current;
      const { number, revision, width, height, spacing, ids } = this.document;
      const query = new URLSearchParams({ doc: number, revision, width, height, spacing });
      try {
        await this.request(`/label-map?${query}`, {
          method: "PUT",
          headers: { "Content-Type": "application/octet-stream" },
          body: ids.slice(),
        });
      } catch (problem) {
        // 409: another document was opened meanwhile; it is already on its way to the canvas.
        if (problem.status !== 409) throw problem;
      }
      this.sent = sent;
    }
  }

  /** Wait until the server holds the canvas; tells which revision that is. */
  async flush() {
    await this.loading;
    await this.send();
    return { doc: this.document.number, revision: this.document.revision };
  }

  async jobMap(job) {
    return readMap(await this.request(`/jobs/${job}/label-map`));
  }

  async frame(job, final) {
    const reply = await this.request(`/jobs/${job}/frame?final=${final}`);
    return createImageBitmap(await reply.blob(), { colorSpaceConversion: "none" });
  }

  async cancel() {
    await this.request("/cancel", { method: "POST" });
  }

  async download(job, name) {
    const reply = await this.request(`/jobs/${job}/download/${name}`);
    const url = URL.createObjectURL(await reply.blob());
    const anchor = document.createElement("a");
    anchor.href = url;
    anchor.download = /filename="([^"]+)"/.exec(reply.headers.get("Content-Disposition"))[1];
    anchor.click();
    setTimeout(() => URL.revokeObjectURL(url), 60000);
  }
}

async function readMap(reply) {
  const number = (name) => Number(reply.headers.get(name));
  return {
    width: number("X-Width"),
    height: number("X-Height"),
    number: number("X-Document"),
    spacing: reply.headers.get("X-Spacing") || "",
    ids: new Uint8Array(await reply.arrayBuffer()),
  };
}
