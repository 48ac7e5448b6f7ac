// What the tabs beside the Edit tab share: their parts, the studio, and a place for what went wrong.

import { showWords } from "./dom.js";

export class Tab {
  /**
   * @param root of the tab, the part named "root"
   * @param {string} attribute that names parts, such as "data-cmp"
   * @param studio of the Edit tab
   */
  constructor(root, attribute, studio) {
    this.root = root;
    /** @type {(name: string) => any} */
    this.part = (name) => root.querySelector(`[${attribute}=${name}]`);
    this.studio = studio;
    this.link = studio.link;
  }

  /** Say what went wrong, or nothing. */
  say(words) {
    showWords(this.part("problem"), words);
  }

  /** Do something that the person asked for, and say what went wrong. */
  async trying(work) {
    this.say("");
    try {
      await work();
    } catch (problem) {
      this.say(problem.message);
    }
  }
}
