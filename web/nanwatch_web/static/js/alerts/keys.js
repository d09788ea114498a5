/**
 * The inbox by keyboard alone. Letters count only while a line of the list has the focus.
 * @module
 */

const STEPS = new Map([
  ["j", 1],
  ["ArrowDown", 1],
  ["k", -1],
  ["ArrowUp", -1],
]);
/** @type {Record<string, string>} */
const VERBS = { a: "acknowledge", r: "resolve", o: "reopen" };
const STOPS = ".alert, .fold > details > summary";

/**
 * Listen to the keys in a list.
 * @param {HTMLElement} list
 */
export function followKeys(list) {
  list.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const done = move(list, STEPS.get(event.key) ?? 0) || press(event.key);
    if (done) event.preventDefault();
  });
}

/**
 * Where the focus goes when its line has left the list.
 * @param {HTMLElement} list
 * @param {number} place of the line that had it
 */
export function focusNear(list, place) {
  const stops = stopsOf(list);
  stops[Math.min(place, stops.length - 1)]?.focus();
}

/**
 * The place of the line that has the focus, or -1.
 * @param {HTMLElement} list
 */
export function placeOfFocus(list) {
  return stopsOf(list).findIndex((each) => each.contains(document.activeElement));
}

/**
 * @param {HTMLElement} list
 * @param {number} by
 */
function move(list, by) {
  const inMenu = document.activeElement?.closest(".menu[open]");
  if (!by || inMenu) return false;
  const stops = stopsOf(list);
  const next = stops[placeOfFocus(list) + by];
  next?.focus();
  next?.scrollIntoView({ block: "nearest" });
  return true;
}

/** @param {string} key */
function press(key) {
  const focused = document.activeElement;
  const line = focused?.closest(".alert");
  if (!line || (key === "Enter" && focused !== line)) return false;
  const asked = VERBS[key] ? `[data-verb="${VERBS[key]}"]` : { m: ".mute summary", Enter: "a.where" }[key];
  const target = asked && line.querySelector(asked);
  if (!(target instanceof HTMLElement)) return false;
  if (key === "m") target.focus();
  target.click();
  return true;
}

/**
 * @param {HTMLElement} list
 * @returns {HTMLElement[]} what j and k go to, without what is folded away
 */
function stopsOf(list) {
  const all = /** @type {HTMLElement[]} */ ([...list.querySelectorAll(STOPS)]);
  return all.filter((each) => !each.closest("details:not([open])") || each.matches("summary"));
}
