// One warning: what to do first, then what, where, since when and until when, and who says so.

import { now } from "./clock.js";
import { callable } from "./contact.js";
import { el, oneAtATime, paragraphs, quoted } from "./dom.js";
import { foreign } from "./foreign.js";
import { begun, old, times } from "./home.js";
import { drawn } from "./map.js";
import { isEnd } from "./notices.js";
import { HEADLINE_MAX, headline, plain } from "./plain.js";
import { ending } from "./situation.js";

const PLACES_MAX = 60;
const CONTACT_MAX = 300;

export async function warning(app, alert) {
  const { texts } = app;
  const found = await app.warning(alert);
  if (!found || found.isUnknown) return unknown(texts, found ? "not_known_text" : "not_found_text");
  const { lang } = found;
  const severity = texts.words[`severity_${found.severity}`] ? found.severity : "Unknown";
  const { isOver, since } = ending(found, now());
  const title = headline(isEnd(found) ? (found.notification?.title ?? found.headline) : found.headline); // it says what ended it
  return {
    title,
    body: [
      el("p", { class: "back" }, el("a", { href: "#" }, texts.say("back"))),
      el(
        "article",
        { class: `warning whole ${isOver ? "over" : severity.toLowerCase()}` },
        el(
          "h1",
          { tabindex: "-1" },
          el("span", { class: "severity" }, isOver ? overIn(texts, since) : texts.say(`severity_${severity}`)),
          " ",
          quoted("bdi", title, lang),
        ),
        found.knownAt && el("p", { class: "unknown" }, old(texts, { asOf: found.knownAt })),
        found.isAway && el("p", { class: "unknown" }, texts.say("from_push")),
        ...successorOf(texts, found),
        isOver && !isEnd(found) && !found.successor && el("p", {}, texts.say("over_text")),
        foreign(texts, found, isOver).map((sentence) => el("p", { class: "do" }, sentence)),
        ...said(texts, "what_to_do", found.instruction, lang),
        ...said(texts, "what_happens", found.description, lang),
        Array.from(plain(found.headline)).length > HEADLINE_MAX && said(texts, "whole_headline", found.headline, lang),
        ...when(texts, found, isOver, since),
        ...where(texts, found),
        await mapOf(app, found),
        ...who(texts, found),
        await confirmation(app, found),
      ),
    ],
  };
}

const overIn = (texts, since) => (Number.isFinite(since) ? texts.say("over_since", { time: texts.moment(since) }) : texts.say("over"));

/** The way to what has taken its place, or ended it. */
function successorOf(texts, { successor }) {
  if (!successor) return [];
  const link = el("a", { href: `#${successor.alert}` }, quoted("bdi", headline(successor.headline), successor.lang));
  return [
    el("p", { class: "unknown", id: "successor" }, texts.say(successor.isUpdate ? "updated_text" : "over_text")),
    el("p", {}, texts.parts("newest", { headline: link }).filter(Boolean)),
  ];
}

/** Since when and until when; of what is over, no word that it is valid. The message that ended it holds for no time. */
function when(texts, found, isOver, since) {
  if (isOver && (isEnd(found) || !(begun(found) < since))) return [];
  return [
    el("h2", {}, texts.say("when")),
    el("p", {}, isOver ? texts.say("was_valid", { from: texts.moment(begun(found)), until: texts.moment(since) }) : times(texts, found)),
    found.ends && !isOver && el("p", {}, texts.say("ends", { time: texts.moment(Date.parse(found.ends)) })),
  ];
}

function unknown(texts, why) {
  return {
    title: texts.say("not_found"),
    body: [
      el("h1", { tabindex: "-1" }, texts.say("not_found")),
      el("p", {}, texts.say(why)),
      el("p", {}, el("a", { href: "#" }, texts.say("back"))),
    ],
  };
}

function said(texts, name, text, lang) {
  return plain(text) ? [el("h2", {}, texts.say(name)), ...paragraphs(text, lang)] : [];
}

function where(texts, { areas, municipalities = [], lang }) {
  const names = (municipalities ?? []).map(({ name }) => name);
  if (!names.length && !plain(areas)) return [];
  const more = names.length - PLACES_MAX;
  return [
    el("h2", {}, texts.say("where")),
    plain(areas) && plain(areas) !== names.join(", ") ? quoted("p", areas, lang) : null,
    names.length ? el("p", {}, el("bdi", {}, names.slice(0, PLACES_MAX).join(", "))) : null,
    more > 0 ? el("p", {}, texts.say("more_places", { number: more })) : null,
  ];
}

/** Where it is, on a map of this app's municipalities; the names stand above it. */
async function mapOf(app, { municipalities, area_shape: shape }) {
  const { texts, about } = app;
  const found = await app.outlines();
  const warned = (municipalities ?? []).map(({ ags }) => ags).filter((ags) => found?.places[ags]);
  if (!found || !warned.length) return null;
  const names = warned.map((ags) => about.names[ags] ?? ags).join(", ");
  return drawn(found, { warned, shape, names: about.names, label: texts.say("map", { places: names }) }).map;
}

/** Whom to ask; what is a telephone number can be called. */
function contactOf(texts, { contact, lang }) {
  const parts = callable(headline(contact, CONTACT_MAX)).map(({ text, number }) =>
    number ? el("a", { href: `tel:${number}` }, text) : text,
  );
  return parts.length ? el("p", {}, texts.parts("contact", { contact: el("bdi", { lang, dir: "auto" }, parts) })) : null;
}

function who(texts, { sender, web, attribution, sent, lang, contact }) {
  const link = /^https?:\/\//i.test(web ?? "") ? plain(web) : "";
  return [
    el("h2", {}, texts.say("who")),
    el("p", {}, quoted("bdi", headline(sender), lang), " · ", texts.say("sent", { time: texts.moment(Date.parse(sent)) })),
    contactOf(texts, { contact, lang }),
    link && el("p", {}, el("a", { href: link, rel: "noreferrer noopener" }, texts.say("more_at", { address: headline(link) }))),
    plain(attribution) ? quoted("p", attribution, lang, { class: "attribution" }) : null,
  ];
}

/** The person says that it was read; so others who look after them need not be told. */
async function confirmation(app, { alert }) {
  const { texts } = app;
  const at = await app.confirmedAt(alert);
  const words = at ? texts.say("confirmed", { time: texts.moment(at) }) : "";
  const answer = el("p", { id: "confirmed", role: "status", tabindex: "-1" }, words);
  if (at || !app.canConfirm(alert)) return answer;
  const button = el("button", { type: "button", id: "confirm" }, texts.say("confirm"));
  const press = async () => {
    const sent = await app.confirm(alert);
    answer.textContent = sent ? texts.say("confirmed", { time: texts.moment(now()) }) : texts.say("not_confirmed");
    if (!sent) return;
    answer.focus();
    button.remove();
    app.onChange(); // it may have been drawn anew meanwhile
  };
  button.addEventListener("click", oneAtATime(press));
  return el("div", { class: "confirm" }, button, answer);
}
