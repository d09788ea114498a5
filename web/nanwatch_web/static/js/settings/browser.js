/**
 * What is kept in this browser alone.
 * @module
 */

import { noticeSwitch } from "../notices/switch.js";
import { Section } from "./parts.js";

/** The section about this browser. */
export class Browser {
  constructor() {
    this.section = new Section(
      "browser",
      "This browser",
      "Tells of critical alerts while a page of this server is open, even in a tab that is not looked at.",
    );
  }

  async load() {
    this.section.show(noticeSwitch());
  }
}
