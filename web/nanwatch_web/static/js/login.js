/**
 * The login page: paste a token, get a cookie.
 * @module
 */

import { login } from "./api.js";
import { copyButton } from "./copy.js";
import { byId } from "./dom.js";

/** Where to go afterwards: only to a page of this server. */
function next() {
  const wanted = new URL(new URLSearchParams(location.search).get("next") ?? "/", location.origin);
  return wanted.origin === location.origin ? wanted.pathname + wanted.search : "/";
}

/** @param {SubmitEvent} event */
async function submit(event) {
  event.preventDefault();
  const problem = byId("problem");
  problem.textContent = "";
  try {
    await login(/** @type {HTMLInputElement} */ (byId("token")).value.trim());
    location.assign(next());
  } catch (error) {
    problem.textContent = error instanceof Error ? error.message : String(error);
  }
}

copyButton(byId("copy"), () => "nanwatch token --login");
byId("form").addEventListener("submit", (event) => void submit(event));
// Before, the browser itself would have sent the token, in an address.
/** @type {HTMLButtonElement} */ (byId("enter")).disabled = false;
