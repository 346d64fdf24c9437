// What is in force at the places that the person follows, and whether warnings reach this browser.

import { now } from "./clock.js";
import { el, quoted } from "./dom.js";
import { foreign } from "./foreign.js";
import { headline, inLines } from "./plain.js";
import { Knowledge } from "./situation.js";

const DO_MAX = 300;
const REACH = { on: "good", sms: "good", waiting: "open" };

export function home(app) {
  const { texts } = app;
  const places = app.followed.map((place) => placeSection(app, place));
  return {
    title: texts.say("home_title"),
    body: [
      el("h1", { tabindex: "-1" }, texts.say("home_title")),
      ...(app.warnings().length ? [places, reachOf(app)] : [reachOf(app), places]), // what is in force comes first
      el("p", {}, el("a", { href: "#/places" }, texts.say("change_places"))),
    ],
  };
}

/** Whether warnings come, in one sentence, and what to do where they do not. */
export function reachOf(app) {
  const { texts } = app;
  const reach = app.reach();
  if (reach === "looking") return null; // nothing is said of it before it is known
  const button = ["off", "lost", "waiting", "install"].includes(reach);
  return el(
    "section",
    { class: `reach ${REACH[reach] ?? "bad"}`, "aria-labelledby": "reach" },
    el("h2", { id: "reach" }, texts.say(`reach_${reach}`)),
    el("p", {}, texts.say(`reach_${reach}_text`)),
    button && el("p", {}, el("a", { class: "button", href: "#/on" }, texts.say("switch_on"))),
    ["denied", "unable"].includes(reach) && toSms(app),
    app.keeps ? null : el("p", {}, texts.say("keeps_nothing")),
  );
}

/** The way to warnings by SMS, where this app offers them. */
export const toSms = ({ about, texts }) => about.sms && el("p", {}, el("a", { href: "#/sms" }, texts.say("sms_choose")));

function placeSection(app, place) {
  const { texts } = app;
  const found = app.situation(place);
  const name = app.about.names[place] ?? place;
  const id = `place-${place}`;
  return el(
    "section",
    { class: "place", "aria-labelledby": id },
    el("h2", { id }, name),
    found.alerts.length
      ? el("ul", { class: "warnings" }, found.alerts.map((alert) => el("li", {}, card(texts, alert))))
      : el("p", { class: found.isQuiet ? "quiet" : "unknown" }, nothingListed(texts, found)),
    found.knowledge === Knowledge.OLD && el("p", { class: "unknown" }, old(texts, found)),
    found.gaps.map((gap) => el("p", { class: "unknown" }, gapOf(texts, gap))),
    found.knowledge === Knowledge.NOW && el("p", { class: "as-of" }, texts.say("as_of", { time: texts.moment(found.asOf) })),
  );
}

/** What to say where there is nothing to list: it is known that there is none, or it is not known. */
function nothingListed(texts, { isQuiet, knowledge }) {
  if (isQuiet) return texts.say("no_warnings");
  return texts.say(knowledge === Knowledge.NOW ? "none_known" : "unknown");
}

export function old(texts, { asOf }) {
  return texts.say("old", { time: texts.moment(asOf), age: texts.age(now() - asOf) });
}

function gapOf(texts, { kind, name, since }) {
  return texts.parts(`gap_${kind}`, { name: name && quoted("bdi", name, ""), time: texts.moment(since) }).filter(Boolean);
}

function card(texts, alert) {
  const severity = texts.words[`severity_${alert.severity}`] ? alert.severity : "Unknown";
  return el(
    "article",
    { class: `warning ${severity.toLowerCase()}` },
    el("h3", {}, el("span", { class: "severity" }, texts.say(`severity_${severity}`)), " ", el("a", { href: `#${alert.alert}` }, quoted("bdi", headline(alert.headline), alert.lang))),
    foreign(texts, alert, false).map((sentence) => el("p", { class: "do" }, sentence)),
    alert.instruction ? quoted("p", inLines(alert.instruction, DO_MAX), alert.lang, { class: "do" }) : null,
    el("p", { class: "times" }, times(texts, alert)),
  );
}

/** Since when, and until when. */
export function times(texts, found) {
  const name = begun(found) > now() ? "from_until" : "since_until";
  return texts.say(name, { from: texts.moment(begun(found)), until: texts.moment(Date.parse(found.expires)) });
}

/** When it begins (milliseconds): when it was sent, where nothing else is said. */
export function begun({ onset, sent }) {
  const begins = Date.parse(onset ?? "");
  return Number.isFinite(begins) ? begins : Date.parse(sent);
}
