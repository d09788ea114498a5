/**
 * The page of all causes.
 * @module
 */

import { get } from "../api.js";
import { byId } from "../dom.js";
import { showBanner } from "../pills.js";
import { causeEntry } from "./find.js";
import { mountList } from "./list.js";

async function show() {
  const { causes } = await get("/causes");
  mountList(
    causes.map(causeEntry),
    () => null,
    (n) => (n === 1 ? "1 cause" : `${n} causes`),
  );
}

show().catch((error) => showBanner(byId("banner"), `${error.message} Reload the page to try again.`));
