/**
 * A catalogue as a list that is searched while one types; the words stand in the page's address.
 * @module
 */

import { byId, el, fill } from "../dom.js";
import { matching } from "./find.js";

/** @typedef {import("./find.js").Entry} Entry */

/**
 * Show a catalogue and let it be searched.
 * @param {Entry[]} entries
 * @param {(entry: Entry) => Element | null} picture beside an entry's words
 * @param {(n: number) => string} words "20 losses"
 */
export function mountList(entries, picture, words) {
  const input = /** @type {HTMLInputElement} */ (byId("filter"));
  const cards = new Map(entries.map((entry) => [entry, card(entry, picture(entry))]));
  const show = () => {
    const groups = matching(entries, input.value);
    const found = [...groups.values()].flat().length;
    byId("count").textContent =
      found === entries.length ? words(found) : `${found} of ${words(entries.length)}`;
    fill(
      byId("list"),
      ...[...groups].map(([kind, group]) =>
        list(
          kind,
          group.map((each) => cards.get(each)),
        ),
      ),
    );
  };
  input.value = new URLSearchParams(location.search).get("q") ?? "";
  input.addEventListener("input", () => {
    const query = input.value.trim() ? `?${new URLSearchParams({ q: input.value.trim() })}` : "";
    history.replaceState(null, "", location.pathname + query);
    show();
  });
  focusOnSlash(input);
  show();
}

/** @param {HTMLInputElement} input */
function focusOnSlash(input) {
  document.addEventListener("keydown", (event) => {
    if (event.key !== "/" || event.ctrlKey || event.metaKey || document.activeElement === input) return;
    event.preventDefault();
    input.focus();
  });
}

/**
 * @param {string} kind
 * @param {(HTMLElement | undefined)[]} cards
 */
function list(kind, cards) {
  return el("section", {}, kind && el("h2", {}, kind), el("ul", { class: "entries" }, ...cards));
}

/**
 * @param {Entry} entry
 * @param {Element | null} picture
 */
function card({ href, name, more }, picture) {
  const words = el("span", { class: "words" }, el("a", { href }, name), el("span", {}, more));
  return el("li", { class: "card entry" }, words, picture);
}
