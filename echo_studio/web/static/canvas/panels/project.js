// The project of this page: restored when the page opens, saved with every change; it says when another tab has it.

import { readMap } from "../../common/link.js";
import { unpackHistory } from "../document/history_pack.js";

const SIGN_OF_LIFE_MS = 5000;
const SETTINGS_PAUSE_MS = 300;

export class Project {
  constructor(root, link, labels, settings, slots) {
    this.root = root;
    this.link = link;
    this.document = labels;
    this.settings = settings;
    this.slots = slots;
    this.id = "";
    this.mine = true;
    this.asked = false; // the person was asked to log in again
    this.say = (_words) => {};
    this.bar = root.querySelector("[data-part=project]");
    this.title = root.querySelector("#project-title");
    this.state = root.querySelector("[data-part=save-state]");
    this.dialog = root.querySelector("#project-dialog");
    this.account = root.querySelector("[data-part=account]");
    this.account.addEventListener("formdata", ({ formData }) => formData.set("session", link.token));
    link.onLoggedOut = () => this.loggedOut();
    link.onState = (state) => this.showState(state);
    link.onOpenElsewhere = () => this.lost();
    this.title.addEventListener("change", () => this.rename());
    root.querySelector("#projects").addEventListener("click", () => this.openList());
    // A click beside the dialog closes it, unless it says that nothing is saved: that is decided by a button.
    this.dialog.addEventListener("click", (event) => event.target === this.dialog && this.mine && this.dialog.close());
    settings.listeners.add(() => this.saveSettingsSoon());
    // Another tab may open the project as soon as this one is gone.
    window.addEventListener("pagehide", () => navigator.sendBeacon(`${link.root}/leave`, link.token));
  }

  /** Put everything back as it was left. */
  async restore() {
    const project = await this.link.json("/project");
    this.id = project.id;
    this.link.project = project.id;
    this.mine = project.mine;
    this.showUser(project.user);
    this.title.value = project.title;
    // The address names the project, so that a reload and a bookmark come back to it.
    const address = new URL(location.href);
    address.searchParams.set("project", project.id);
    history.replaceState(null, "", address);
    this.settings.set(project.settings);
    const { page, ...past } = unpackHistory(await (await this.link.request("/project/history")).arrayBuffer());
    this.document.begin(page, past);
    await this.restoreSlots(project.slots);
    this.showState("saved");
    if (project.notice) this.say(project.notice);
    if (!project.mine) this.lost();
    setInterval(() => this.signOfLife(), SIGN_OF_LIFE_MS);
    return project;
  }

  /** Who is logged in; nothing where the studio asks for no login. */
  showUser(user) {
    this.link.user = user;
    this.account.hidden = !user;
    const button = this.account.querySelector("button");
    button.textContent = `Log out ${user}`;
    button.title = `You are logged in as ${user}`;
  }

  /** The login has ended: what is drawn waits in this page until the person is logged in again. */
  loggedOut() {
    if (this.asked) return;
    this.asked = true; // once: the person may want to go on drawing
    this.showState("unsaved");
    this.show("Log in again", "Your login has ended. What is drawn here is safe in this page and is saved once you are logged in again.", [
      ["Log in in a new tab", () => window.open(new URL("login", document.baseURI), "_blank", "noopener")],
      ["Close", () => this.dialog.close()],
    ]);
  }

  loggedIn() {
    this.asked = false;
    if (this.mine) this.dialog.close();
    if (this.mine && !this.link.outbox.length) this.showState("saved");
  }

  async restoreSlots(names) {
    const pages = names.map(async (name) => ({ name, ...(await readMap(await this.link.request(`/slots/${name}`))), sector: null }));
    this.slots.import(await Promise.all(pages));
    this.slots.listeners.add((name) => this.saveSlot(name));
  }

  saveSlot(name) {
    const page = this.slots.get(name);
    if (!page) {
      this.link.keep(`/slots/${name}`, { method: "DELETE" });
      return;
    }
    const { width, height, spacing, ids } = page;
    const query = new URLSearchParams({ width, height, spacing });
    this.link.keep(`/slots/${name}?${query}`, { method: "PUT", body: ids });
  }

  async signOfLife() {
    let alive = true;
    const { mine } = await this.link.json("/project").catch(() => {
      alive = false;
      return { mine: this.mine };
    });
    if (this.mine && !mine) this.lost();
    this.mine = mine;
    if (this.asked && alive) this.loggedIn();
  }

  showState(state) {
    const words = { saved: "Saved", saving: "Saving …", unsaved: "Not saved", taken: "Open elsewhere" };
    this.state.textContent = words[state];
    this.state.dataset.state = state;
  }

  saveSettingsSoon() {
    clearTimeout(this.timer);
    if (!this.id || !this.mine) return;
    this.timer = setTimeout(() => {
      this.link.json("/project/settings", { method: "PUT", body: this.settings.values }).catch((problem) => this.say(problem.message));
    }, SETTINGS_PAUSE_MS);
  }

  async rename() {
    try {
      this.title.value = (await this.link.json("/project/rename", { method: "POST", body: { title: this.title.value } })).title;
    } catch (problem) {
      this.say(problem.message);
    }
  }

  /** Another tab writes to this project: nothing that is done here is saved until the person decides. */
  lost() {
    this.mine = false;
    this.showState("taken");
    this.show("This project is open in another tab", "It is saved from there. What is drawn here is not.", [
      ["Work here instead", () => this.link.json("/project/take", { method: "POST" }).then(() => location.reload())],
      ["Keep this drawing as a new project", async () => {
        const query = new URLSearchParams(this.link.layout());
        const body = this.document.ids.slice();
        const reply = await this.link.request(`/projects/from-canvas?${query}`, { method: "POST", body });
        this.visit((await reply.json()).id);
      }],
      ["Only look", () => this.dialog.close()],
    ]);
  }

  visit(id) {
    location.search = String(new URLSearchParams({ project: id }));
  }

  show(title, words, choices, extra = []) {
    const heading = Object.assign(document.createElement("h2"), { textContent: title });
    const text = Object.assign(document.createElement("p"), { textContent: words });
    const row = Object.assign(document.createElement("div"), { className: "choices" });
    for (const [label, act] of choices) {
      const button = Object.assign(document.createElement("button"), { type: "button", textContent: label, title: label });
      button.addEventListener("click", () => Promise.resolve(act()).catch((problem) => (text.textContent = problem.message)));
      row.append(button);
    }
    this.dialog.setAttribute("aria-label", title);
    this.dialog.replaceChildren(heading, text, ...extra, row);
    if (!this.dialog.open) this.dialog.showModal();
  }

  /** The other projects, and what can be done with this one. */
  async openList() {
    const list = Object.assign(document.createElement("ul"), { className: "project-list" });
    try {
      for (const project of await this.link.json("/projects")) list.append(this.row(project));
    } catch (problem) {
      this.say(problem.message);
      return;
    }
    this.show("Projects", `Every change is saved at once, on ${this.link.user ? "the studio's" : "this"} computer.`, [
      ["New project", async () => this.visit((await this.link.json("/projects", { method: "POST" })).id)],
      ["Save a copy …", () => this.link.download("/project/copy")],
      ["Open a copy …", () => this.root.querySelector("#file").click()],
      ["Close", () => this.dialog.close()],
    ], [list]);
  }

  row({ id, title, changed_at: changed, fault }) {
    const item = document.createElement("li");
    const open = Object.assign(document.createElement("button"), { type: "button", className: "project-name" });
    open.textContent = fault ? `Cannot be opened: ${fault}` : title;
    open.disabled = id === this.id || Boolean(fault);
    open.title = id === this.id ? "This project is on the canvas" : `Open ${title}`;
    open.addEventListener("click", () => this.visit(id));
    const when = Object.assign(document.createElement("time"), { textContent: changed ? new Date(changed).toLocaleString() : "" });
    const remove = Object.assign(document.createElement("button"), { type: "button", textContent: "Delete", title: `Delete ${title} for good` });
    remove.disabled = id === this.id;
    remove.addEventListener("click", async () => {
      if (remove.dataset.sure) {
        await this.link.json(`/projects/${id}`, { method: "DELETE" }).then(() => item.remove(), (problem) => (open.textContent = problem.message));
      } else {
        remove.dataset.sure = "yes";
        remove.textContent = "Really?";
      }
    });
    item.append(open, when, remove);
    return item;
  }
}
