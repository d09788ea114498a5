/**
 * The page of one cause: why it happens, what to do, code with the fault and mended.
 * @module
 */

import { get } from "../api.js";
import { byId, el, fill } from "../dom.js";
import { showBanner } from "../pills.js";
import { symptomBadge } from "../words.js";
import { asked, change, prose, section, showCrumbs, terms } from "./parts.js";

/** @typedef {import("../types").CausePage} CausePage */

async function show() {
  const { causes } = /** @type {{causes: CausePage[]}} */ (await get("/causes"));
  const cause = causes.find(({ label }) => label === asked());
  byId("name").textContent = cause?.title ?? "No such cause";
  if (cause) fill(byId("body"), ...sections(cause));
  else
    fill(byId("body"), el("p", { class: "card" }, "No cause has this label. ", el("a", { href: "/causes" }, "See all causes"), "."));
  showCrumbs(byId("crumbs"), "/causes", "Causes", cause?.label ?? asked());
  document.title = `${cause?.title ?? "No such cause"} · nanwatch`;
}

/** @param {CausePage} cause */
function sections(cause) {
  return [
    section("Why it happens", prose(cause.why)),
    section("What to do", prose(cause.remedy), change(cause)),
    section(
      "In short",
      terms([
        ["Label", el("code", {}, cause.label)],
        ["Shows itself as", cause.symptoms.map((symptom) => symptomBadge(symptom)).join(", ")],
        ["In the terminal", el("code", {}, `nanwatch explain ${cause.label}`)],
      ]),
    ),
  ];
}

show().catch((error) => showBanner(byId("banner"), `${error.message} Reload the page to try again.`));
