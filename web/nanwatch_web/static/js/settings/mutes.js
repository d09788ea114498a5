/**
 * Mutes: what is not told for a while.
 * @module
 */

import { get, send } from "../api.js";
import { el } from "../dom.js";
import { exact } from "../format.js";
import { row, Section, sureButton, table } from "./parts.js";
import { millis, quietWords } from "./words.js";

/** @typedef {import("./types").Mute} Mute */

/** The section about mutes. */
export class Mutes {
  constructor() {
    const inbox = el("a", { href: "/alerts" }, "alerts");
    const words = "What is not told for a while, though it is recorded. Mutes are made among the ";
    this.section = new Section("mutes", "Mutes", words, inbox, ".");
  }

  load() {
    return this.section.attempt(() => this.refresh());
  }

  async refresh() {
    const { mutes } = await get("/mutes");
    const rows = mutes.map((/** @type {Mute} */ mute) => this.row(mute));
    const none = el("p", { class: "sub" }, "Nothing is muted as a whole.");
    this.section.show(rows.length ? table("Mutes, latest first", ["Quiet", "Until", "Reason", ""], rows) : none);
  }

  /** @param {Mute} mute */
  row(mute) {
    const words = quietWords(mute);
    const until = exact(millis(mute.until) ?? 0);
    return row(el("b", {}, words), until, mute.reason, sureButton("End", words, () => this.end(mute)));
  }

  /** @param {Mute} mute */
  end({ id }) {
    return this.section.attempt(async () => {
      await send("DELETE", `/mutes/${encodeURIComponent(id)}`);
      await this.refresh();
    });
  }
}
