/**
 * What the sections of the settings are made of.
 * @module
 */

import { wordsOf } from "../api.js";
import { el, fill } from "../dom.js";
import { ago, exact } from "../format.js";
import { millis } from "./words.js";

/** @typedef {import("../dom.js").Child} Child */

const PATIENCE_MS = 4000;

/** A card with a title, and a line for what went wrong in it. */
export class Section {
  /**
   * @param {string} id
   * @param {string} title
   * @param {...Child} intro
   */
  constructor(id, title, ...intro) {
    this.id = id;
    this.title = title;
    this.body = el("div", { class: "body", "aria-busy": "true" });
    this.said = el("p", { class: "said", role: "status" });
    const heading = el("h2", { id: `${id}-title` }, title);
    const words = intro.length ? el("p", { class: "sub" }, ...intro) : null;
    const props = { class: "card", id, "aria-labelledby": `${id}-title`, tabindex: -1 };
    this.element = el("section", props, heading, words, this.body, this.said);
  }

  /** @param {...Child} children */
  show(...children) {
    this.body.removeAttribute("aria-busy");
    fill(this.body, ...children);
  }

  /**
   * Do something that may fail, and say so here.
   * @param {() => Promise<unknown>} work
   */
  async attempt(work) {
    this.say("", false);
    try {
      await work();
    } catch (error) {
      this.body.removeAttribute("aria-busy");
      this.say(wordsOf(error), true);
    }
  }

  /**
   * @param {string} words
   * @param {boolean} bad
   */
  say(words, bad) {
    this.said.textContent = words;
    this.said.classList.toggle("problem", bad);
  }
}

/**
 * A table that scrolls by itself on a narrow screen.
 * @param {string} caption
 * @param {string[]} heads
 * @param {HTMLTableRowElement[]} rows
 */
export function table(caption, heads, rows) {
  const head = el("tr", {}, ...heads.map((words) => el("th", { scope: "col" }, words)));
  const inner = el(
    "table",
    {},
    el("caption", { class: "vh" }, caption),
    el("thead", {}, head),
    el("tbody", {}, ...rows),
  );
  return el("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": caption }, inner);
}

/**
 * @param {...(Child | Child[])} cells
 * @returns {HTMLTableRowElement}
 */
export function row(...cells) {
  return el("tr", {}, ...cells.map((cell) => el("td", {}, ...[cell].flat())));
}

/**
 * A control below its words.
 * @param {string} words
 * @param {HTMLElement} control
 */
export function field(words, control) {
  return el("label", { class: "field" }, el("span", {}, words), control);
}

/**
 * @param {string} name
 * @param {[string, string][]} choices value and words
 */
export function select(name, choices) {
  return el("select", { name }, ...choices.map(([value, words]) => el("option", { value }, words)));
}

/**
 * How long ago, with the exact moment on hover; a dash for never.
 * @param {import("./types").Moment} moment
 * @param {string} [never]
 */
export function since(moment, never = "–") {
  const at = millis(moment);
  if (at === null) return never;
  return el("time", { datetime: new Date(at).toISOString(), title: exact(at) }, ago(at, Date.now()));
}

/**
 * A button that asks once more before it does what cannot be undone.
 * @param {string} words
 * @param {string} whose for screen readers
 * @param {() => unknown} act
 */
export function sureButton(words, whose, act) {
  const button = el("button", { type: "button", "aria-label": `${words} ${whose}` }, words);
  let timer = 0;
  const reset = () => {
    timer = 0;
    button.textContent = words;
    button.classList.remove("danger");
    button.setAttribute("aria-label", `${words} ${whose}`);
  };
  button.addEventListener("click", () => {
    if (timer) {
      clearTimeout(timer);
      reset();
      act();
      return;
    }
    button.textContent = "Sure?";
    button.classList.add("danger");
    button.setAttribute("aria-label", `Sure? ${words} ${whose}`);
    timer = window.setTimeout(reset, PATIENCE_MS);
  });
  return button;
}

/**
 * What a form holds, by the names of its controls; what was left empty is null.
 * @param {HTMLFormElement} form
 * @returns {Record<string, string | null>}
 */
export function valuesOf(form) {
  const pairs = [...new FormData(form)].map(([name, value]) => [name, String(value).trim() || null]);
  return Object.fromEntries(pairs);
}
