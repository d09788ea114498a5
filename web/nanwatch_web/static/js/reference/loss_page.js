/**
 * The page of one loss: what it wants, its curve, a playground, and where it breaks.
 * @module
 */

import { get } from "../api.js";
import { byId, el, fill } from "../dom.js";
import { FORMULAS } from "../losses/formulas.js";
import { Playground } from "../losses/playground.js";
import { showBanner } from "../pills.js";
import { lossNamed } from "./find.js";
import { about, hazards, sayings, signs } from "./loss_parts.js";
import { asked, showCrumbs } from "./parts.js";

/** @typedef {import("../types").Loss} Loss */

async function show() {
  const { losses } = /** @type {{losses: Loss[]}} */ (await get("/losses"));
  const loss = lossNamed(losses, asked());
  byId("name").textContent = loss?.name ?? "No such loss";
  byId("title").textContent = loss?.title ?? "";
  showCrumbs(byId("crumbs"), "/losses", "Losses", loss?.name ?? asked());
  document.title = `${loss?.name ?? "No such loss"} · nanwatch`;
  if (loss) showLoss(loss);
  else
    fill(byId("try"), el("p", { class: "card" }, "No loss has this name. ", el("a", { href: "/losses" }, "See all losses"), "."));
}

/** @param {Loss} loss */
function showLoss(loss) {
  const playground = loss.name in FORMULAS ? new Playground(loss) : null;
  fill(byId("about"), ...about(loss));
  fill(byId("try"), playground?.element, hazards(loss), signs(loss), sayings(loss));
  playground?.show();
}

show().catch((error) => showBanner(byId("banner"), `${error.message} Reload the page to try again.`));
