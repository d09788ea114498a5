/**
 * What the run was configured with, and what the callback found out by itself.
 * @module
 */

import { el, refresh } from "../dom.js";
import { integer } from "../format.js";
import { flat } from "./facts.js";

/**
 * @param {HTMLElement} section
 * @param {import("../types").Run} run
 */
export function showConfig(section, run) {
  const config = flat(run.config ?? {});
  const facts = flat(run.facts ?? {});
  const total = config.length + facts.length;
  section.hidden = !total;
  const open = section.querySelector("details")?.open ?? false;
  const words = [
    el("h2", { id: "config-title" }, "Configuration"),
    el("span", { class: "sub" }, `${integer(total)} values`),
  ];
  const parts = [...part("Given by you", config), ...part("Found by the callback", facts)];
  refresh(section, [el("details", { open }, el("summary", {}, ...words), ...parts)]);
}

/**
 * @param {string} words
 * @param {[string, string][]} pairs
 */
function part(words, pairs) {
  if (!pairs.length) return [];
  return [
    el("h3", {}, words),
    el(
      "dl",
      { class: "pairs" },
      ...pairs.map(([name, value]) => el("div", {}, el("dt", {}, name), el("dd", {}, value))),
    ),
  ];
}
