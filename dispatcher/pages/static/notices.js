// Decides what a push puts on the screen. Pure: the worker does it.

import { headline, plain, shortened } from "./plain.js";

const BODY_MAX = 600; // more than any screen shows of a notification
const ENDS = ["cancel", "delisted", "no_longer_affected"];
const CHAINS_MAX = 50;

/** The words for what has no text of its own, until the page has kept those of the person's language. */
export const FALLBACK_WORDS = {
  lang: "de",
  unread_title: "Neue Warnung",
  unread_body: "Bitte öffnen: Der Text konnte nicht gelesen werden.",
  neutral_title: "Neue Nachricht",
  neutral_body: "Zum Lesen öffnen.",
  renew_title: "Warnungen sind aus",
  renew_body: "Bitte öffnen: Dann werden sie wieder eingerichtet.",
};

/** Returns what came by a push: JSON of ours in either form, what a browser has read of a declarative message, or
 * nothing that could be read (`unread`). */
export function messageOf(text, proposed) {
  const said = parsed(text);
  if (typeof said?.notification?.title === "string") return said;
  if (typeof proposed?.title !== "string") return { unread: true };
  const { title, body, lang, dir, tag, navigate } = proposed;
  return { notification: { title, body, lang, dir, tag, navigate } };
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export const isEnd = ({ kind }) => ENDS.includes(kind);

/** Whether a message takes the place of what is known of its chain: two handlers of one worker run at the same time,
 * and what was sent first may come last. Of equal sequences an end is the newer one. */
export function isNewer(sequence, end, before) {
  if (!before) return true;
  return sequence > before.sequence || (sequence === before.sequence && end && !before.end);
}

/** Returns what is to be done about a message, given what is known of each chain (`{sequence, end, message}`):
 * `shown`, the message to show, which may be a newer one that is known already; `isNew`, whether it is this one;
 * `closes`, the chains that nothing is shown of any more; `known`, what is known from now on. */
export function decided(message, known, now) {
  const { chain, sequence } = message;
  if (message.unread || typeof chain !== "string" || !Number.isFinite(sequence))
    return { shown: message, isNew: true, closes: [], known };
  const after = { ...known };
  const before = known[chain];
  const isNew = isNewer(sequence, isEnd(message), before);
  if (isNew) after[chain] = { sequence, end: isEnd(message), at: now, message };
  const closes = [];
  for (const [other, last] of Object.entries(message.also_replaces ?? {})) {
    if (other === chain || !isNewer(last, true, known[other])) continue;
    after[other] = { sequence: last, end: true, at: now };
    closes.push(other);
  }
  return { shown: isNew ? message : (before.message ?? message), isNew, closes, known: newest(after) };
}

function newest(known) {
  const entries = Object.entries(known);
  if (entries.length <= CHAINS_MAX) return known;
  return Object.fromEntries(entries.sort(([, one], [, other]) => other.at - one.at).slice(0, CHAINS_MAX));
}

/** Returns title and options of the notification for a message. `wish` is what the person has chosen: `neutral`, no
 * word of it on a locked screen; `silent`, no sound. `again`: it was shown before, and is only put back. */
export function screenOf(message, wish, words, again = false) {
  const { title, body, lang, dir, tag } = wordsOf(message, wish.neutral, words);
  const silent = Boolean(wish.silent || again || message.notification?.silent);
  const loud = !silent && !isEnd(message) && !message.round_trip;
  return {
    title,
    options: {
      ...{ body, lang, dir, tag, silent },
      requireInteraction: message.severity === "Extreme" && !isEnd(message),
      ...(loud ? { renotify: true, vibrate: [400, 200, 400, 200, 400] } : {}),
      ...(Number.isNaN(Date.parse(message.sent)) ? {} : { timestamp: Date.parse(message.sent) }),
      data: { alert: message.alert ?? "", chain: message.chain ?? "", receipt: message.receipt ?? "" },
    },
  };
}

function wordsOf(message, neutral, words) {
  const { title, body = "", lang = words.lang, dir = "auto", tag } = message.notification ?? {};
  const own = typeof tag === "string" && tag ? tag : "warning"; // an empty tag cannot be shown anew
  if (neutral) return { title: words.neutral_title, body: words.neutral_body, lang: words.lang, dir: "auto", tag: own };
  if (message.unread)
    return { title: words.unread_title, body: words.unread_body, lang: words.lang, dir: "auto", tag: "unread" };
  return { title: headline(title), body: shortened(plain(body), BODY_MAX), lang, dir, tag: own };
}
