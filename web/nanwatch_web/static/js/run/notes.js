/**
 * What people write down of a run.
 * @module
 */

import { send, wordsOf } from "../api.js";
import { el, fill } from "../dom.js";

const MOST_LETTERS = 10_000;

/** The section of notes: read, or being written. */
export class Notes {
  /**
   * @param {HTMLElement} section
   * @param {string} path of the run
   */
  constructor(section, path) {
    this.section = section;
    this.path = path;
    this.writing = false;
    /** @type {string | null} what is shown */
    this.shown = null;
  }

  /**
   * Show a note; not while somebody writes.
   * @param {string} note
   */
  show(note) {
    if (this.writing || this.shown === note) return;
    this.shown = note;
    const words = note ? "Edit" : "Write a note";
    const edit = el("button", { type: "button", class: "small", onclick: () => this.write(note) }, words);
    const head = el("div", { class: "cardhead" }, el("h2", { id: "notes-title" }, "Notes"), edit);
    fill(this.section, head, note && el("p", { class: "notetext" }, note));
    this.section.hidden = false;
  }

  /** @param {string} note */
  write(note) {
    this.writing = true;
    const field = el("textarea", { rows: 4, maxlength: MOST_LETTERS, "aria-labelledby": "notes-title" });
    field.value = note;
    const problem = el("p", { class: "problem", role: "alert" });
    const save = el("button", { type: "submit", class: "primary" }, "Save");
    const cancel = el("button", { type: "button", onclick: () => this.rest(note) }, "Cancel");
    const form = el("form", { class: "notes" }, field, problem, el("div", { class: "row" }, save, cancel));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.save(field.value.trim(), problem);
    });
    form.addEventListener("keydown", ({ key }) => key === "Escape" && this.rest(note));
    fill(this.section, el("div", { class: "cardhead" }, el("h2", { id: "notes-title" }, "Notes")), form);
    field.focus();
  }

  /**
   * @param {string} note
   * @param {HTMLElement} problem
   */
  async save(note, problem) {
    try {
      await send("PATCH", this.path, { note });
      this.rest(note);
    } catch (error) {
      problem.textContent = `Not saved. ${wordsOf(error)}`;
    }
  }

  /** @param {string} note */
  rest(note) {
    this.writing = false;
    this.shown = null;
    this.show(note);
    this.section.querySelector("button")?.focus();
  }
}
