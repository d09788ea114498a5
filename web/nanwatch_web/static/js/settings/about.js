/**
 * What this server is.
 * @module
 */

import { get } from "../api.js";
import { el } from "../dom.js";
import { bytes, duration, exact, integer } from "../format.js";
import { Section } from "./parts.js";
import { mayWords, millis } from "./words.js";

/** @type {Record<string, string>} */
const DATABASES = { sqlite: "SQLite", postgresql: "PostgreSQL" };

/** The section about the server. */
export class About {
  constructor() {
    this.section = new Section("about", "About");
  }

  load() {
    return this.section.attempt(async () => this.show(await get("/about")));
  }

  /** @param {import("./types").About} about */
  show({ version, python, database, started_at: started, auth, scope }) {
    const since = millis(started);
    /** @type {[string, string, string?][]} */
    const facts = [
      ["Version", `nanwatch ${version}`, `Python ${python}`],
      ["Database", DATABASES[database.kind] ?? database.kind, `${bytes(database.size_bytes)}, ${integer(database.runs)} runs`],
      ["Running for", since === null ? "–" : duration((Date.now() - since) / 1000), since === null ? "" : exact(since)],
      ["Login", auth ? "A token is asked for" : "Open to everybody who reaches it", ""],
      ["You may", mayWords(scope), ""],
    ];
    const told = facts.map(([name, value, more]) =>
      el("div", {}, el("dt", {}, name), el("dd", {}, value, more ? el("small", {}, ` ${more}`) : null)),
    );
    this.section.show(el("dl", { class: "about" }, ...told));
  }
}
