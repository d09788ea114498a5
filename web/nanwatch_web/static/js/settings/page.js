/**
 * The settings: the only place where their sections meet.
 * @module
 */

import { byId, el, fill } from "../dom.js";
import { About } from "./about.js";
import { Audit } from "./audit.js";
import { Browser } from "./browser.js";
import { Channels } from "./channels.js";
import { Mutes } from "./mutes.js";
import { Retention } from "./retention.js";
import { Tokens } from "./tokens.js";

const PARTS = [Channels, Browser, Mutes, Tokens, Retention, Audit, About];
const parts = PARTS.map((Part) => new Part());
const sections = parts.map(({ section }) => section);

fill(byId("contents"), ...sections.map(({ id, title }) => el("a", { href: `#${id}` }, title)));
fill(byId("sections"), ...sections.map(({ element }) => element));
await Promise.all(parts.map((part) => part.load()));
if (location.hash) document.getElementById(location.hash.slice(1))?.scrollIntoView();
