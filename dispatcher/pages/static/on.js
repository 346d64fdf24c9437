// Switching warnings on: install the page where that is offered, then ask for notifications when a button is pressed.

import { el } from "./dom.js";
import { toSms } from "./home.js";
import { reasonOf } from "./reasons.js";

/** What is shown where there is nothing to switch on. */
const SHOWS = { on: isOn, looking: () => [], unable: barred, denied: barred };

export function on(app) {
  const { texts } = app;
  const reach = app.pushReach();
  const title = texts.say(reach === "on" ? "reach_on" : "on_title");
  return {
    title,
    body: [
      el("h1", { tabindex: "-1" }, title),
      ...(SHOWS[reach] ?? steps)(app, reach),
      !["on", "looking"].includes(reach) && toSms(app),
    ],
  };
}

function onFor({ texts, followed, about }) {
  return texts.say("on_for", { places: followed.map((place) => about.names[place] ?? place).join(", ") });
}

function isOn(app) {
  const { texts } = app;
  return [
    el("p", { class: "quiet", id: "is-on" }, onFor(app)),
    el("p", {}, texts.say("on_test")),
    el("p", {}, el("a", { class: "button", href: "#" }, texts.say("to_warnings"))),
  ];
}

function barred({ texts }, reach) {
  return [el("p", {}, texts.say(`reach_${reach}_text`)), el("p", {}, el("a", { href: "#" }, texts.say("back")))];
}

function steps(app) {
  const { texts } = app;
  const { installsFirst, isInstalled } = app.browser.capabilities();
  if (installsFirst) return [el("p", {}, texts.say("install_ios")), el("ol", {}, ["1", "2", "3"].map((at) => el("li", {}, texts.say(`install_ios_${at}`))))];
  if (app.installer && !isInstalled && !app.wish.hidden) return installing(app);
  return allowing(app);
}

/** Browsers take notifications away from pages that people seldom open, but not from those that are installed. */
function installing(app) {
  const { texts } = app;
  const install = el("button", { type: "button", id: "install" }, texts.say("install"));
  const without = el("button", { type: "button", class: "second", id: "without" }, texts.say("install_not"));
  install.addEventListener("click", async () => {
    const installer = app.installer;
    app.installer = null; // it can be used once
    await installer.prompt();
    await installer.userChoice;
    app.onChange();
  });
  without.addEventListener("click", () => {
    app.installer = null;
    app.onChange();
  });
  return [el("p", {}, texts.say("install_text")), el("p", { class: "buttons" }, install, without)];
}

function allowing(app) {
  const { texts } = app;
  const said = el("p", { role: "status", id: "progress" }, app.problem && texts.say(app.problem));
  const allow = el("button", { type: "button", id: "allow" }, texts.say("allow"));
  allow.addEventListener("click", async () => {
    if (app.busy) return; // a disabled button would lose the focus
    app.busy = true;
    said.textContent = texts.say("allowing");
    app.onWait = (until) => (said.textContent = texts.say("allowing_later", { time: texts.moment(until) }));
    try {
      const reach = await app.switchOn();
      app.problem = { on: "", denied: "reach_denied_text", off: "not_allowed" }[reach] ?? "not_proven";
    } catch (error) {
      app.problem = reasonOf(error);
    }
    app.busy = false;
    app.onSay(app.problem ? texts.say(app.problem) : onFor(app));
    app.onChange(!app.problem);
  });
  return [el("p", {}, texts.say("allow_text")), el("p", {}, allow), said];
}
