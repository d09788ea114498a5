/**
 * The list by keyboard alone: / to search; j and k to go from run to run; x to tick, p to pin, e to rename,
 * t to tag, Delete to delete; c to compare what is ticked.
 * @module
 */

const STEPS = new Map([
  ["j", 1],
  ["ArrowDown", 1],
  ["k", -1],
  ["ArrowUp", -1],
]);

/**
 * @typedef {object} Deeds
 * @property {() => void} compare
 * @property {(row: HTMLTableRowElement, key: string) => boolean} onRun whether the key meant something
 */

/**
 * Listen to the keys of the page.
 * @param {HTMLElement} list
 * @param {HTMLInputElement} search
 * @param {Deeds} deeds
 */
export function followKeys(list, search, deeds) {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
    if (react(event.key, list, search, deeds)) event.preventDefault();
  });
  search.addEventListener("keydown", ({ key }) => {
    if (key === "Escape") search.blur();
  });
}

/**
 * @param {string} key
 * @param {HTMLElement} list
 * @param {HTMLInputElement} search
 * @param {Deeds} deeds
 */
function react(key, list, search, deeds) {
  if (key === "/") return (search.focus(), true);
  if (key === "c") return (deeds.compare(), true);
  const by = STEPS.get(key);
  if (by) return move(list, by);
  const row = document.activeElement?.closest("tr");
  return row instanceof HTMLTableRowElement && list.contains(row) && deeds.onRun(row, key);
}

/**
 * @param {HTMLElement} list
 * @param {number} by
 */
function move(list, by) {
  const links = /** @type {HTMLElement[]} */ ([...list.querySelectorAll("tbody .name a")]);
  const at = links.findIndex((link) => link.closest("tr")?.contains(document.activeElement));
  const next = links[at < 0 ? 0 : at + by];
  next?.focus();
  next?.scrollIntoView({ block: "nearest" });
  return next !== undefined;
}

/** @param {EventTarget | null} target where letters are letters */
function isTyping(target) {
  if (!(target instanceof Element)) return false;
  return target.matches("input:not([type=checkbox]), select, textarea") || target.closest("dialog, .menu[open]") !== null;
}
