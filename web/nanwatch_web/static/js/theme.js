/**
 * Light, dark or as the system says; the wish is kept in the browser.
 * @module
 */

import { el, icon } from "./dom.js";

/** Fired on `document` after the colours changed. */
export const THEME_CHANGED = "nanwatch:theme";

const KEY = "nanwatch:theme";
/** @type {Record<string, {next: string, word: string, path: string}>} */
const WISHES = {
  system: { next: "light", word: "as the system", path: "M3 4h14v9H3zM7 17h6M10 13v4" },
  light: {
    next: "dark",
    word: "light",
    path: "M10 6.500a3.500 3.500 0 1 0 0 7 3.500 3.500 0 0 0 0-7zM10 1.500v2M10 16.500v2M1.500 10h2M16.500 10h2M4 4l1.400 1.400M14.600 14.600L16 16M4 16l1.400-1.400M14.600 5.400L16 4",
  },
  dark: { next: "system", word: "dark", path: "M10 3a7 7 0 1 0 7 7 5.500 5.500 0 0 1-7-7z" },
};
const system = matchMedia("(prefers-color-scheme: dark)");

/**
 * Put the theme button into the page's top bar.
 * @param {HTMLElement} slot
 */
export function mountThemeButton(slot) {
  const button = el("button", { class: "icon", type: "button", onclick: () => choose(WISHES[wish()].next) });
  const choose = (/** @type {string} */ next) => {
    localStorage.setItem(KEY, next);
    apply();
    label(button);
  };
  system.addEventListener("change", apply);
  label(button);
  slot.append(button);
}

/** @param {HTMLElement} button */
function label(button) {
  const { word, next, path } = WISHES[wish()];
  const words = `Colours: ${word}. Switch to ${WISHES[next].word}`;
  button.setAttribute("aria-label", words);
  button.title = words;
  button.replaceChildren(icon("0 0 20 20", path));
}

/** @returns {string} */
function wish() {
  const kept = localStorage.getItem(KEY) ?? "system";
  return kept in WISHES ? kept : "system";
}

function apply() {
  const dark = wish() === "dark" || (wish() === "system" && system.matches);
  document.documentElement.dataset.theme = dark ? "dark" : "light";
  document.dispatchEvent(new Event(THEME_CHANGED));
}
