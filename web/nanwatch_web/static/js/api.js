/**
 * The HTTP routes. Errors are problem+json and become `ApiError` with words for people.
 * @module
 */

const BASE = "/api/v1";

/** What the server refused, or that it could not be reached (status 0). */
export class ApiError extends Error {
  /**
   * @param {number} status
   * @param {string} message
   */
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

/**
 * GET a JSON document. A missing login sends the browser to the login page.
 * @param {string} path below /api/v1
 * @param {Record<string, string | number | null | undefined>} [query]
 * @returns {Promise<any>}
 */
export async function get(path, query = {}) {
  const response = await reach(address(path, query), { headers: { Accept: "application/json" } });
  if (response.status === 401) goToLogin();
  return parse(response);
}

/**
 * Change something: POST, PUT, PATCH or DELETE. A missing login sends the browser to the login page.
 * @param {"POST" | "PUT" | "PATCH" | "DELETE"} method
 * @param {string} path below /api/v1
 * @param {unknown} [body] sent as JSON
 * @returns {Promise<any>} what the server answers; null when that is nothing
 */
export async function send(method, path, body) {
  const headers = { Accept: "application/json", "Content-Type": "application/json" };
  const response = await reach(BASE + path, { method, headers, body: JSON.stringify(body ?? {}) });
  if (response.status === 401) goToLogin();
  return response.status === 204 ? null : parse(response);
}

/**
 * Words for people from whatever was thrown.
 * @param {unknown} error
 */
export function wordsOf(error) {
  return error instanceof Error ? error.message : String(error);
}

/**
 * Trade a pasted token for a session cookie.
 * @param {string} token
 */
export async function login(token) {
  const body = JSON.stringify({ token });
  const headers = { "Content-Type": "application/json", Accept: "application/json" };
  const response = await reach("/login", { method: "POST", headers, body });
  if (!response.ok) await parse(response);
}

/**
 * What the page says when something could not be fetched.
 * @param {unknown} error
 */
export function troubleWords(error) {
  return `${wordsOf(error)} Reconnecting by itself; what is shown may be old.`;
}

/**
 * @param {string} path
 * @param {Record<string, string | number | null | undefined>} query
 */
function address(path, query) {
  const given = Object.entries(query).filter(([, value]) => value !== null && value !== undefined);
  const text = new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString();
  return `${BASE}${path}${text ? `?${text}` : ""}`;
}

/**
 * @param {string} url
 * @param {RequestInit} options
 */
async function reach(url, options) {
  try {
    return await fetch(url, { credentials: "same-origin", ...options });
  } catch {
    throw new ApiError(0, "The server cannot be reached.");
  }
}

/** @param {Response} response */
async function parse(response) {
  if (response.ok) return response.json();
  const problem = await response.json().catch(() => ({}));
  const words = sentences(problem.detail ?? problem.title ?? "");
  throw new ApiError(response.status, words || `The server answered ${response.status}.`);
}

/**
 * What is wrong, why, and how to mend it, each with a capital.
 * @param {string} detail
 */
function sentences(detail) {
  return detail.replace(/(^|\. )([a-z])/g, (_, before, letter) => before + letter.toUpperCase());
}

function goToLogin() {
  location.assign(`/login?next=${encodeURIComponent(location.pathname + location.search)}`);
}
