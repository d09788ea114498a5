/**
 * The head of the run page: name, pills, facts, the tab's title and icon.
 * @module
 */

import { byId, el, fill, refresh } from "../dom.js";
import { clockPill, healthPill, showFavicon, statePill } from "../pills.js";
import { healthWord, symptomBadge, whyWords } from "../words.js";
import { headFacts } from "./facts.js";

/** @typedef {import("../types").Run} Run */
/** @typedef {import("../types").Diagnosis} Diagnosis */

/**
 * Show who the run is and how it does.
 * @param {Run} run
 * @param {Diagnosis[]} diagnoses the gravest first
 */
export function showHead(run, diagnoses) {
  const worst = diagnoses[0] ?? null;
  const health = worst?.severity ?? run.health;
  const tags = run.tags.map((tag) => el("span", { class: "tag", title: tag }, tag));
  byId("name").textContent = run.name;
  const standing = [statePill(run.state, whyWords(run)), clockPill(run.facts)];
  fill(byId("pills"), healthPill(health, worst?.symptom ?? null, worst?.fault), ...standing, ...tags);
  refresh(byId("crumbs"), [
    el("a", { href: "/" }, "Runs"),
    el("span", { "aria-hidden": "true" }, "/"),
    el("span", {}, run.project),
    el("span", { "aria-hidden": "true" }, "/"),
    el("span", { "aria-current": "page" }, run.name),
  ]);
  showWhy(run);
  showReport(run.id);
  showFavicon(health);
  const told = worst && health !== "info" ? symptomBadge(worst.symptom, worst.fault) : healthWord(health);
  document.title = `${told} · ${run.name} · nanwatch`;
}

/**
 * Why a run went silent, hangs or has failed, in the open.
 * @param {Run} run
 */
function showWhy(run) {
  const words = run.state === "finished" ? "" : whyWords(run);
  const node = byId("why");
  node.hidden = words === "";
  if (node.textContent !== words) node.textContent = words;
}

/** @param {string} id */
function showReport(id) {
  const link = byId("report");
  link.setAttribute("href", `/api/v1/runs/${encodeURIComponent(id)}/report`);
  link.hidden = byId("print").hidden = false;
}

/**
 * @param {Run} run
 * @param {import("./facts.js").Known} known
 */
export function showFacts(run, known) {
  const facts = headFacts(run, known, Date.now());
  const told = facts.map(({ name, value, more, href, minor }) => {
    const words = href ? el("a", { href }, value) : value;
    return el("div", { class: minor && "minor" }, el("dt", {}, name), el("dd", {}, words, more && el("small", {}, ` ${more}`)));
  });
  refresh(byId("facts"), told);
}
