/**
 * The page of a run that is not there: what may have happened, and where to go.
 * @module
 */

import { byId, el } from "../dom.js";

/** Say so in place of everything else. */
export function showGone() {
  byId("name").textContent = "No such run";
  byId("live").hidden = true;
  const words = "It may have been deleted, or the link was cut off on its way.";
  const card = el("section", { class: "card" }, el("p", {}, words, " ", el("a", { href: "/" }, "See all runs"), "."));
  document.querySelector(".cols")?.replaceWith(card);
}
