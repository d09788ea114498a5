/**
 * The small menu of a chart: what it can be had as.
 * @module
 */

import { el, fill, icon } from "../dom.js";
import { toggleTable } from "./data_table.js";
import { download, formats } from "./downloads.js";

/** @typedef {import("./panel.js").Panel} Panel */

const ARROW = ["M8 2.500v7.500m-3-3l3 3 3-3", "M3 13.500h10"];

/**
 * A menu that opens below its button and closes by a choice, by Escape or when it is left.
 * @param {Panel} panel
 */
export function chartMenu(panel) {
  const button = el("summary", { title: "Download, or read as a table" }, icon("0 0 16 16", ...ARROW), words(panel));
  const list = el("ul", {});
  const menu = el("details", { class: "menu" }, button, list);
  button.addEventListener("click", () => fill(list, ...choices(panel, menu)));
  menu.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !menu.open) return;
    menu.open = false;
    button.focus();
  });
  menu.addEventListener("focusout", (event) => {
    if (event.relatedTarget && !menu.contains(/** @type {Node} */ (event.relatedTarget))) menu.open = false;
  });
  addEventListener("pointerdown", (event) => {
    if (!menu.contains(/** @type {Node} */ (event.target))) menu.open = false;
  });
  return menu;
}

/** @param {Panel} panel */
function words(panel) {
  return el("span", { class: "vh" }, `Download ${panel.spec.title}, or read it as a table`);
}

/**
 * @param {Panel} panel
 * @param {HTMLDetailsElement} menu
 */
function choices(panel, menu) {
  const item = (/** @type {string} */ said, /** @type {() => Promise<void>} */ act) => {
    const choose = () => {
      menu.open = false;
      menu.querySelector("summary")?.focus();
      void act().catch(panel.host.onError);
    };
    return el("li", {}, el("button", { type: "button", onclick: choose }, said));
  };
  const files = formats(panel).map(([format, said]) => item(said, () => download(panel, format)));
  const reading = panel.table.hidden ? "Show as table" : "Hide table";
  return [...files, item(reading, () => toggleTable(panel))];
}
