/**
 * Whether this browser is to tell of alerts, and which it has told of: kept in the browser, the same
 * for all its tabs.
 * @module
 */

const KEY = "nanwatch:notices";
const MOST_KEPT = 500;

/** @typedef {{since: string, told: string[]}} Wish */

/**
 * @returns {Wish | null} null when nobody wishes it
 */
export function wish() {
  try {
    const kept = JSON.parse(localStorage.getItem(KEY) ?? "null");
    return kept && typeof kept.since === "string" && Array.isArray(kept.told) ? kept : null;
  } catch {
    return null;
  }
}

/**
 * Tell from now on.
 * @param {string} since ISO 8601: the server's latest alert so far
 */
export function wishFor(since) {
  localStorage.setItem(KEY, JSON.stringify({ since, told: [] }));
}

/** Tell no more. */
export function forget() {
  localStorage.removeItem(KEY);
}

/**
 * Keep what was told.
 * @param {(string | number)[]} ids
 */
export function keepTold(ids) {
  const kept = wish();
  if (!kept) return;
  const told = [...kept.told, ...ids.map(String)].slice(-MOST_KEPT);
  localStorage.setItem(KEY, JSON.stringify({ ...kept, told }));
}

/** Whether a browser can tell at all: only on a page that came over HTTPS or from this machine. */
export function canTell() {
  return "Notification" in window && isSecureContext && "locks" in navigator;
}
