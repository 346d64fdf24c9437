// The page: shows the view that its address names, and keeps it up to date.

import { App } from "./app.js";
import { area } from "./area.js";
import { Browser } from "./browser.js";
import { clockError } from "./clock.js";
import { cover } from "./cover.js";
import { el } from "./dom.js";
import { home } from "./home.js";
import { Kept } from "./kept.js";
import { forgetUnproven } from "./numbers.js";
import { news } from "./news.js";
import { on } from "./on.js";
import { places } from "./places.js";
import { headline } from "./plain.js";
import { languages, settings } from "./settings.js";
import { code, sms } from "./sms.js";
import { languageOf } from "./texts.js";
import { warning } from "./warning.js";

const POLL_MS = 30_000;
const PUBLISHED_WITHIN_MS = 1500; // a push may be faster than what is in force is published: that takes up to a second
const CLOCK_OFF_MS = 10 * 60_000;
const ALERT = /^#[0-9A-HJKMNP-TV-Z]{26}$/;
const VIEWS = { "#/area": area, "#/code": code, "#/on": on, "#/places": places, "#/settings": settings, "#/sms": sms };

const root = document.documentElement;
const main = document.getElementById("main");
const live = document.getElementById("live");
const { instance, assets } = root.dataset;
const scope = new URL(`/app/${instance}/`, location).href;
const app = new App({ instance, scope, assets, kept: new Kept(scope), browser: new Browser() });
let standing = ""; // what stands there, so that nothing is drawn twice: it would take away the focus
let turns = 0; // how often it was begun to draw
let hasMoved = false; // whether the person has gone to what is drawn next
let isOpen = false; // whether a hidden page was opened
let heard = null; // what was known when something was last said to a screen reader

/** The warning that an address names, if it does. */
const shownAt = (hash) => (ALERT.test(hash) ? hash.slice(1) : "");

/** Draws the view that the address names; `moved`: the person has gone to it. Of several at once the last is drawn. */
async function draw(moved = false) {
  if (app.busy && !moved) return; // what is going on says so by itself
  hasMoved ||= moved;
  const turn = ++turns;
  const { hash } = location;
  app.shown = shownAt(hash);
  const view = await viewOf(hash);
  if (turn !== turns || hash !== location.hash) return;
  replaceView(view, hasMoved);
  hasMoved = false;
}

function replaceView(view, moved) {
  const body = el("div", {}, clockOff(), view.body);
  if (!moved && body.outerHTML === standing) return;
  if (!moved && main.contains(document.activeElement) && document.activeElement.matches("input, select, button, summary")) {
    if (location.hash !== "#/on") return; // nobody's typing is taken away; it is drawn when it is left
  }
  standing = body.outerHTML;
  const focused = main.contains(document.activeElement) ? document.activeElement : null;
  document.title = app.wish.hidden ? app.texts.say("hidden_title") : `${view.title} – ${app.about.name}`;
  main.replaceChildren(...body.childNodes);
  const same = focused && sameAs(focused);
  if (moved || focused) (same && !moved ? same : main.querySelector("h1"))?.focus();
}

/** What stands now for what had the focus before: what has its name, or leads where it led. */
function sameAs({ id, attributes: { href } }) {
  if (id) return document.getElementById(id);
  return href && main.querySelector(`a[href="${CSS.escape(href.value)}"]`);
}

async function viewOf(hash) {
  if (app.followed.length && !["#/places", "#/area"].includes(hash)) app.choosing = null;
  if (app.wish.hidden && !isOpen) return cover(app, open);
  if (app.shown) return warning(app, app.shown);
  if (VIEWS[hash]) return VIEWS[hash](app);
  return app.followed.length ? home(app) : places(app);
}

function open() {
  isOpen = true;
  draw(true);
}

function clockOff() {
  const { texts } = app;
  return Math.abs(clockError()) > CLOCK_OFF_MS && el("p", { class: "unknown" }, texts.say("clock_off"));
}

/** The parts around the view: they are of the page's language, too. */
function frame() {
  const { texts, about } = app;
  root.lang = texts.tag;
  root.dir = texts.direction;
  for (const element of document.querySelectorAll("[data-text]")) element.textContent = texts.say(element.dataset.text);
  const tools = document.getElementById("tools");
  const isChoosing = tools.contains(document.activeElement);
  tools.replaceChildren(languages(app));
  if (isChoosing) tools.querySelector("select").focus();
  document.getElementById("name").textContent = app.wish.hidden ? "" : about.name;
}

/** Says what has changed to who cannot see it; of a hidden page nothing. */
function announce() {
  const before = heard;
  heard = app.heard();
  if (!before || !heard) return;
  const sentences = news(before, heard).map(({ name, headline: text }) => app.texts.say(name, { headline: headline(text) }));
  if (sentences.length) say(sentences.join(" "));
}

function say(text) {
  if (app.wish.hidden && !isOpen) return;
  live.textContent = text;
}

async function begin() {
  app.browser.register(`${scope}worker.js`, scope).catch(() => {}); // without it the page shows what is in force
  const wish = await app.kept.read("wish");
  if (!wish?.language) await app.kept.write("wish", { ...wish, language: languageOf(navigator.languages) });
  const looking = app.browser.look(); // beside all else: until it is known nothing is said of notifications
  await app.begin();
  let speaks = null;
  app.onSay = say;
  app.onChange = (moved = false) => {
    if (speaks !== app.texts) frame();
    speaks = app.texts;
    announce();
    draw(moved);
  };
  frame();
  speaks = app.texts;
  looking.then(() => app.heard() && app.onChange());
  app.shown = shownAt(location.hash); // it is asked for beside the lists
  await app.refresh();
  await draw(true);
  await app.bringBack();
  await app.renew();
  await forgetUnproven(app);
}

document.querySelector(".skip").addEventListener("click", (event) => {
  event.preventDefault(); // its address would name another view
  main.querySelector("h1")?.focus();
});
window.addEventListener("hashchange", () => app.texts && draw(true));
window.addEventListener("beforeinstallprompt", (event) => {
  event.preventDefault(); // it is offered where it says what for
  app.installer = event;
  app.onChange();
});
window.addEventListener("appinstalled", () => {
  app.installer = null;
  app.onChange();
});
navigator.serviceWorker?.addEventListener("message", ({ data }) => {
  if (data.open !== undefined) location.hash = data.open;
  if (!app.texts) return;
  app.refresh();
  if (app.pushReach() === "waiting") app.bringBack().then(() => app.readState()); // it may be the message that was waited for
  setTimeout(() => app.refresh(), PUBLISHED_WITHIN_MS);
});
document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && app.texts && app.refresh());
setInterval(() => document.visibilityState === "visible" && app.texts && app.refresh(), POLL_MS);

begin().catch(() => {
  main.querySelector("#loading")?.setAttribute("hidden", "");
  main.querySelector("#unknown")?.removeAttribute("hidden");
});
