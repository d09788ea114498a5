/**
 * The audit: who did what.
 * @module
 */

import { get } from "../api.js";
import { el } from "../dom.js";
import { row, Section, since, table } from "./parts.js";
import { actionWords } from "./words.js";

/** @typedef {import("./types").Entry} Entry */

const ENTRIES = 20;
const HEADS = ["When", "Who", "What", "Subject", "Detail"];

/** The section about who did what. */
export class Audit {
  constructor() {
    this.section = new Section("audit", "Audit", "Logins, and whatever was changed, latest first.");
    /** @type {Entry[]} */
    this.entries = [];
    this.more = el("button", { type: "button", onclick: () => void this.load() }, "Show older");
    /** @type {string | null} */
    this.next = null;
  }

  load() {
    return this.section.attempt(async () => {
      const { entries, next } = await get("/audit", { limit: ENTRIES, cursor: this.next });
      this.entries.push(...entries);
      this.next = next;
      this.more.hidden = next === null;
      const none = el("p", { class: "sub" }, "Nothing was done yet.");
      const rows = this.entries.map(entryRow);
      const all = table("Audit, latest first", HEADS, rows);
      this.section.show(rows.length ? all : none, this.more);
    });
  }
}

/** @param {Entry} entry */
function entryRow({ at, actor, action, subject, detail }) {
  return row(since(at), actor, actionWords(action), subject, detail);
}
