// Judges what is known of a place: "no warnings" is said only where it is known. Pure.

import { isEnd } from "./notices.js";

const OLD_MS = 3 * 60_000; // a document is made anew once a minute at least (ops/docs/reading.md)
const TOLD_HOLDS_MS = 7 * 86_400_000; // for so long it is taken for granted that the service still tells this browser

/** What is known: `NOW` of this moment; `OLD`, the last that was heard; `NOTHING`. */
export const Knowledge = Object.freeze({ NOW: "now", OLD: "old", NOTHING: "nothing" });

/** `list` is the service's answer for the place, fresh (`fetched`) or kept; `now` in milliseconds by the service's clock.
 * Returns what is known, as of when, the warnings that have not run out, and the gaps: who is silent or cannot be read
 * and since when, or that nobody would tell this service of a warning there. `isQuiet`: it is known that there is none. */
export function judged(list, fetched, now) {
  if (!list) return { knowledge: Knowledge.NOTHING, asOf: NaN, alerts: [], gaps: [], isQuiet: false };
  const asOf = Date.parse(list.as_of);
  const alerts = (list.alerts ?? []).filter(({ expires }) => !(Date.parse(expires) <= now));
  const gaps = [
    ...(list.covered ? [] : [{ kind: "uncovered" }]),
    ...(list.stale_feeds ?? []).map(({ name, since }) => ({ kind: "stale", name, since: Date.parse(since) })),
    ...(list.unread_feeds ?? []).map(({ name, since }) => ({ kind: "unread", name, since: Date.parse(since) })),
  ];
  const knowledge = isOld(list, fetched, now) ? Knowledge.OLD : Knowledge.NOW;
  return {
    knowledge,
    asOf,
    alerts,
    gaps,
    isQuiet: knowledge === Knowledge.NOW && alerts.length === 0 && gaps.length === 0 && Array.isArray(list.alerts),
  };
}

/** Whether an answer of the service is not of this moment: it is kept, the record was away, or a cache has shown it. */
export function isOld(answer, fetched, now) {
  return !fetched || answer.current === false || !(now - Date.parse(answer.as_of) <= OLD_MS);
}

/** Whether what is known of a warning says that it is over, and since when (milliseconds; NaN where nobody says).
 * `inForce` and `endedAt` are the service's; a message that ends a warning is over as such, since it was sent. */
export function ending({ kind, sent, expires, inForce, endedAt }, now) {
  if (isEnd({ kind })) return { isOver: true, since: Date.parse(sent) };
  if (inForce === false) return { isOver: true, since: Date.parse(endedAt ?? "") };
  const until = Date.parse(expires);
  return until <= now ? { isOver: true, since: until } : { isOver: false, since: NaN };
}

/** What of a warning's texts a person of this language reads: RFC 4647's lookup; `de-simple` is Leichte Sprache, and
 * whoever wants German gets that only where there is no other German. The first where none is in the language. */
export function spoken(notices, language) {
  const simple = ({ lang }) => lang.toLowerCase().split("-").includes("simple") || lang.toLowerCase() === "de-ls";
  for (let wanted = language.toLowerCase(); wanted; wanted = wanted.split("-").slice(0, -1).join("-")) {
    const found = notices.filter((one) => `${one.lang.toLowerCase()}-`.startsWith(`${wanted}-`));
    const best = found.find((one) => simple(one) === language.toLowerCase().includes("simple")) ?? found[0];
    if (best) return best;
  }
  return notices[0];
}

const RANK = ["Extreme", "Severe", "Moderate", "Minor"];

/** The gravest first; of equal ones what was sent last. Each warning once, though several places have it. */
export function ordered(alerts) {
  const rank = ({ severity }) => (RANK.indexOf(severity) + RANK.length + 1) % (RANK.length + 1);
  const each = new Map(alerts.map((one) => [one.alert, one]));
  return [...each.values()].sort((one, other) => rank(one) - rank(other) || Date.parse(other.sent) - Date.parse(one.sent));
}

/** Whether the service tells an endpoint of this channel of warnings, by what it last said of the subscription. */
export function isTold(state, channel) {
  const told = ({ channel: own, state: stands }) => own === channel && ["active", "replaced"].includes(stands);
  return Boolean(state?.active && state.endpoints?.some(told));
}

/** How warnings reach this browser by push, and if they do not, what stands in the way; `looking`: not known yet.
 * `browser` says what it can and was allowed; `subscriber` is what is kept of the subscription, `state` what the service last said of it, null where it
 * was not asked: it may have forgotten who was not here for long. */
export function pushReach(browser, subscriber, state, now) {
  if (!browser.canPush) return browser.installsFirst ? "install" : "unable";
  if (browser.permission === "denied") return "denied";
  if (!subscriber?.token || subscriber.push === false) return "off";
  if (browser.permission !== "granted") return "lost";
  if (browser.isSubscribed === undefined) return "looking";
  if (!browser.isSubscribed) return "lost";
  if (state && !isTold(state, "webpush")) return "waiting";
  return !state && now - subscriber.toldAt > TOLD_HOLDS_MS ? "looking" : "on";
}

/** How warnings reach the person: by push, else by SMS to a number of theirs. */
export function reach(browser, subscriber, state, now) {
  const found = pushReach(browser, subscriber, state, now);
  return !["on", "looking"].includes(found) && subscriber?.sms?.active ? "sms" : found;
}
