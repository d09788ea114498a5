/**
 * A small menu below a button.
 * @module
 */

import { el, fill } from "./dom.js";

/** @typedef {{words: string, act: () => unknown}} Choice */

/**
 * A menu that opens below its button and closes by a choice, by Escape or when it is left.
 * @param {import("./dom.js").Child[]} face what the button shows
 * @param {Record<string, unknown>} props of the menu
 * @param {() => Choice[]} choices asked for whenever it opens
 */
export function dropDown(face, props, choices) {
  const button = el("summary", {}, ...face);
  const list = el("ul", {});
  const menu = el("details", props, button, list);
  button.addEventListener("click", () => fill(list, ...choices().map((each) => item(each, menu))));
  menu.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !menu.open) return;
    event.stopPropagation();
    menu.open = false;
    button.focus();
  });
  menu.addEventListener("focusout", (event) => {
    if (event.relatedTarget && !menu.contains(/** @type {Node} */ (event.relatedTarget))) menu.open = false;
  });
  menu.addEventListener("toggle", () => menu.open && closeFromOutside(menu));
  return menu;
}

/**
 * Listen only while the menu is open: a page may have hundreds of them.
 * @param {HTMLDetailsElement} menu
 */
function closeFromOutside(menu) {
  const listening = new AbortController();
  const close = (/** @type {Event} */ event) => {
    if (!menu.contains(/** @type {Node} */ (event.target))) menu.open = false;
  };
  addEventListener("pointerdown", close, { signal: listening.signal });
  menu.addEventListener("toggle", () => menu.open || listening.abort(), { signal: listening.signal });
}

/**
 * @param {Choice} choice
 * @param {HTMLDetailsElement} menu
 */
function item({ words, act }, menu) {
  const choose = () => {
    menu.open = false;
    menu.querySelector("summary")?.focus();
    act();
  };
  return el("li", {}, el("button", { type: "button", onclick: choose }, words));
}
