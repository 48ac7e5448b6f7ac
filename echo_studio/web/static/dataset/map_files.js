// Label maps that a person sends: the server keeps them for this page alone.

import { diskWords, many } from "./words.js";

const LARGEST_MAP = 64 * 2 ** 20; // bytes

export class MapFiles {
  constructor(part, link, changed) {
    this.part = part;
    this.link = link;
    this.changed = changed;
    this.names = [];
    part("choose").addEventListener("click", () => part("picker").click());
    part("picker").addEventListener("change", () => {
      const files = [...part("picker").files];
      part("picker").value = ""; // so that the same files can be chosen again
      this.send(files);
    });
    part("drop").addEventListener("click", async () => {
      await link.json("/dataset/maps", { method: "DELETE" });
      this.show([]);
    });
  }

  async restore() {
    this.show(await this.link.json("/dataset/maps"));
  }

  async send(files) {
    const problems = [];
    for (const [number, file] of files.entries()) {
      this.part("sent").textContent = `Sending ${number + 1} of ${files.length} …`;
      try {
        if (file.size > LARGEST_MAP) throw new Error(`Expected at most 64 MiB in a file, got ${diskWords(file.size)}.`);
        const headers = { "X-File-Name": encodeURIComponent(file.name) };
        const reply = await this.link.request("/dataset/maps", { method: "POST", body: file, headers });
        this.names = (await reply.json()).names;
      } catch (problem) {
        problems.push(`${file.name}: ${problem.message}`);
      }
    }
    this.show(this.names, problems[0] || "");
  }

  show(names, problem = "") {
    this.names = names;
    this.part("sent").textContent = names.length ? many(names.length, "file") : "None yet";
    this.part("drop").hidden = !names.length;
    this.changed(problem);
  }
}
