/**
 * Retention: how long runs are kept.
 * @module
 */

import { get, send } from "../api.js";
import { el } from "../dom.js";
import { field, Section, valuesOf } from "./parts.js";
import { days } from "./words.js";

/** The section about how long runs are kept. */
export class Retention {
  constructor() {
    this.section = new Section(
      "retention",
      "Retention",
      "Once an hour, for runs that are over and not pinned. A thinned run keeps its curves, alerts and values ",
      "that are not finite; its single points go. An empty field means: never.",
    );
  }

  load() {
    return this.section.attempt(async () => this.show(await get("/retention")));
  }

  /** @param {import("./types").Retention} kept */
  show(kept) {
    const number = (/** @type {string} */ name, /** @type {number | null} */ value) =>
      el("input", { type: "number", name, min: 1, max: 36_500, step: 1, value, placeholder: "never" });
    const form = el(
      "form",
      { class: "add" },
      field("Thin points after (days)", number("thin_after_days", kept.thin_after_days)),
      field("Delete runs after (days)", number("delete_after_days", kept.delete_after_days)),
      el("button", { type: "submit", class: "primary" }, "Save"),
    );
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.section.attempt(() => this.save(form));
    });
    this.section.show(form);
  }

  /** @param {HTMLFormElement} form */
  async save(form) {
    const typed = Object.entries(valuesOf(form)).map(([name, value]) => [name, days(value ?? "")]);
    this.show(await send("PUT", "/retention", Object.fromEntries(typed)));
    this.section.say("Saved.", false);
  }
}
