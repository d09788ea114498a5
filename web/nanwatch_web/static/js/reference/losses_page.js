/**
 * The page of all losses.
 * @module
 */

import { get } from "../api.js";
import { byId } from "../dom.js";
import { showBanner } from "../pills.js";
import { lossEntry } from "./find.js";
import { mountList } from "./list.js";
import { sketch } from "./sketch.js";

/** @typedef {import("../types").Loss} Loss */

async function show() {
  const { losses } = /** @type {{losses: Loss[]}} */ (await get("/losses"));
  const byName = new Map(losses.map((loss) => [loss.name, loss]));
  const picture = (/** @type {{name: string}} */ { name }) => sketch(/** @type {Loss} */ (byName.get(name)));
  mountList(losses.map(lossEntry), picture, (n) => (n === 1 ? "1 loss" : `${n} losses`));
}

show().catch((error) => showBanner(byId("banner"), `${error.message} Reload the page to try again.`));
