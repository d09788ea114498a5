/**
 * The inbox of alerts: fetch, filter, act, follow. The only place where its parts meet.
 * @module
 */

import { get, troubleWords, wordsOf } from "../api.js";
import { byId, el, fill, refresh } from "../dom.js";
import { noticeSwitch } from "../notices/switch.js";
import { showBanner, showFavicon, showLive } from "../pills.js";
import { LiveStream } from "../stream.js";
import { symptomBadge } from "../words.js";
import { act, muteAlike, undoing } from "./actions.js";
import { noAlerts, trouble } from "./empty.js";
import { Filters } from "./filters.js";
import { countWords, faultOf, grouped } from "./groups.js";
import { focusNear, followKeys, placeOfFocus } from "./keys.js";
import { AlertList } from "./list.js";
import { addressOf, fits, queryOf, questionOf } from "./question.js";

/** @typedef {import("../types").Alert} Alert */
/** @typedef {import("./actions.js").Action} Action */

const PAGE = 500;
const DRAWN = 100;
const DRAW_MS = 120;
const AT_ONCE = 8;
const REFRESH_AGES_MS = 20_000;

const question = questionOf(location.search);
const state = {
  /** @type {Map<Alert["id"], Alert>} */
  alerts: new Map(),
  /** @type {Map<string, string>} */
  titles: new Map(),
  /** @type {string | null} */
  next: null,
  loaded: false,
  drawn: DRAWN,
  timer: 0,
  busy: false,
};
const list = new AlertList({ choose, chooseAll, muteAll, titleOf: (label) => state.titles.get(label) ?? null });
const filters = new Filters(byId("filters"), question, ask);

/** Another question: the address keeps it, and the list begins anew. */
function ask() {
  history.replaceState(null, "", location.pathname + addressOf(question));
  Object.assign(state, { alerts: new Map(), loaded: false, drawn: DRAWN });
  byId("list").setAttribute("aria-busy", "true");
  void stream.fetch();
}

/** Fetch the newest page again. What was loaded further down stays. */
async function refetch() {
  const asked = addressOf(question);
  try {
    const { alerts, next } = await get("/alerts", { ...queryOf(question), limit: PAGE });
    if (asked !== addressOf(question)) return;
    if (!state.loaded || !next) Object.assign(state, { alerts: new Map(), next });
    state.loaded = true;
    alerts.forEach(keep);
    showBanner(byId("banner"), null);
    show();
  } catch (error) {
    showBanner(byId("banner"), troubleWords(error));
    if (!state.loaded) fill(byId("list"), trouble(wordsOf(error), () => void stream.fetch()));
  }
  byId("list").removeAttribute("aria-busy");
}

/** @param {Alert} alert */
function hear(alert) {
  keep(alert);
  showSoon();
}

/** @param {Alert} alert */
function keep(alert) {
  if (fits(alert, question)) state.alerts.set(alert.id, alert);
  else state.alerts.delete(alert.id);
}

/** Many events come at once when many runs fail, or when many alerts are acted on: draw now and then. */
function showSoon() {
  if (!state.timer) state.timer = window.setTimeout(() => ((state.timer = 0), state.busy || show()), DRAW_MS);
}

function show() {
  if (!state.loaded) return;
  const alerts = [...state.alerts.values()];
  const groups = grouped(alerts);
  const place = placeOfFocus(list.element);
  filters.know(alerts.map(({ project }) => project));
  list.show(groups.slice(0, state.drawn), Date.now());
  byId("count").textContent = alerts.length ? countWords(alerts.length, state.next !== null) : "";
  byId("more").hidden = groups.length <= state.drawn && state.next === null;
  byId("keys").hidden = !groups.length;
  showFavicon(alerts.some((each) => each.state === "open" && each.severity === "critical") ? "critical" : "ok");
  refresh(byId("list"), [groups.length ? list.element : noAlerts(question, showAll)]);
  if (place >= 0 && placeOfFocus(list.element) < 0) focusNear(list.element, place);
}

function showAll() {
  filters.choose({ state: "all", severity: "", project: "", run: "" });
}

async function showMore() {
  state.drawn += DRAWN;
  if (grouped([...state.alerts.values()]).length < state.drawn && state.next !== null) {
    const { alerts, next } = await get("/alerts", { ...queryOf(question), limit: PAGE, cursor: state.next });
    state.next = next;
    alerts.forEach(keep);
  }
  show();
}

/**
 * @param {Alert} alert
 * @param {Action} action
 */
function choose(alert, action) {
  return chooseAll([alert], action);
}

/**
 * Do something with alerts, a few at once, and say how it can be taken back.
 * @param {Alert[]} alerts
 * @param {Action} action
 */
async function chooseAll(alerts, action) {
  state.busy = true;
  try {
    for (let i = 0; i < alerts.length; i += AT_ONCE) {
      if (i) say(`${action.words}: ${i} of ${alerts.length}`, [], null);
      (await Promise.all(alerts.slice(i, i + AT_ONCE).map(({ id }) => act(id, action)))).forEach(keep);
    }
    say(`${action.said}: ${whose(alerts)}.`, alerts, undoing(action));
  } catch (error) {
    say(wordsOf(error), [], null);
  }
  state.busy = false;
  show();
}

/**
 * @param {Alert[]} alerts
 * @param {Action} mute
 */
async function muteAll(alerts, mute) {
  const [{ project, symptom }] = alerts;
  try {
    await muteAlike(alerts[0], mute);
    say(`${mute.said}: ${symptomBadge(symptom)} in ${project}. The settings list what is muted.`, [], null);
    await stream.fetch();
  } catch (error) {
    say(wordsOf(error), [], null);
  }
}

/** @param {Alert[]} alerts */
function whose(alerts) {
  const [first] = alerts;
  const runs = alerts.length === 1 ? first.run_name : `${alerts.length} runs`;
  return `${symptomBadge(first.symptom, faultOf(alerts))} of ${runs}`;
}

/**
 * @param {string} words
 * @param {Alert[]} alerts
 * @param {Action | null} undo
 */
function say(words, alerts, undo) {
  const back = () => void chooseAll(alerts, /** @type {Action} */ (undo));
  fill(byId("said"), words, undo && el("button", { type: "button", onclick: back }, "Undo"));
}

async function fetchTitles() {
  const { causes } = await get("/causes");
  for (const { label, title } of causes) state.titles.set(label, title);
  show();
}

/** @param {import("../stream.js").StreamState} streamState */
function onState(streamState) {
  showLive(byId("live"), streamState);
  if (streamState === "lost") void refetch();
}

byId("notices").append(noticeSwitch());
followKeys(list.element);
byId("more").addEventListener("click", () => void showMore());
setInterval(show, REFRESH_AGES_MS);
void fetchTitles().catch(() => {});
const stream = new LiveStream(null, {
  onOpen: refetch,
  onState,
  on: {
    alert: hear,
    deleted: ({ id }) => {
      for (const alert of state.alerts.values()) if (alert.run_id === id) state.alerts.delete(alert.id);
      showSoon();
    },
  },
});
stream.start();
