// What the person wants of the page and of warnings; and leaving.

import { el, oneAtATime } from "./dom.js";
import { reachOf, toSms } from "./home.js";
import { reasonOf, testReasonOf } from "./reasons.js";
import { LANGUAGES } from "./texts.js";

const SEVERITIES = ["", "Moderate", "Severe"];
const BARRED = ["denied", "unable"]; // the way to SMS stands there
const OFF = ["off", "lost", "waiting", "install", ...BARRED]; // who looks for the way back looks here, too

export function settings(app) {
  const { texts, wish } = app;

  async function save(change, said) {
    try {
      await app.want(change);
      said.textContent = texts.say("saved");
    } catch (error) {
      said.textContent = texts.say(reasonOf(error));
    }
  }

  const check = (name, checked, change) => {
    const box = el("input", { type: "checkbox", id: name, checked, "aria-describedby": `${name}-text` });
    const said = answerOf(name);
    box.addEventListener("change", () => save(change(box.checked), said));
    return el(
      "div",
      { class: "setting" },
      el("p", { class: "choice" }, box, el("label", { for: name }, texts.say(name))),
      el("p", { class: "hint", id: `${name}-text` }, texts.say(`${name}_text`)),
      said,
    );
  };

  return {
    title: texts.say("settings"),
    body: [
      el("h1", { tabindex: "-1" }, texts.say("settings")),
      el("h2", {}, texts.say("settings_page")),
      check("neutral", wish.neutral, (neutral) => ({ neutral })),
      check("silent", wish.silent, (silent) => ({ silent })),
      check("hidden", wish.hidden, (hidden) => ({ hidden })),
      el("h2", {}, texts.say("settings_warnings")),
      el("p", {}, el("a", { href: "#/places" }, texts.say("change_places"))),
      severities(app, save),
      quietHours(app, save),
      check("drills", wish.drills, (drills) => ({ drills })),
      OFF.includes(app.pushReach()) && reachOf(app),
      BARRED.includes(app.reach()) || toSms(app),
      ...(app.subscriber ? subscribed(app) : []),
    ],
  };
}

/** A line beside what was pressed, which says what came of it, also to who does not see it. */
const answerOf = (name) => el("p", { role: "status", class: "answer", id: `${name}-said` });

export function languages(app) {
  const { texts } = app;
  const select = el(
    "select",
    { id: "language" },
    app.about.spoken.map((tag) => el("option", { value: tag, lang: tag, selected: tag === texts.language }, LANGUAGES[tag])),
  );
  select.addEventListener("change", async () => {
    await app.speak(select.value).catch(() => {});
    await app.want({ language: app.texts.language }).catch(() => app.onChange());
  });
  return el("p", {}, el("label", { for: "language" }, texts.say("language")), select);
}

function severities({ texts, wish }, save) {
  const select = el(
    "select",
    { id: "severity", "aria-describedby": "severity-text" },
    SEVERITIES.map((one) => el("option", { value: one, selected: (wish.min_severity ?? "") === one }, texts.say(`from_${one || "all"}`))),
  );
  const said = answerOf("severity");
  select.addEventListener("change", () => save({ min_severity: select.value || null }, said));
  return el(
    "div",
    { class: "setting" },
    el("p", {}, el("label", { for: "severity" }, texts.say("min_severity")), select),
    el("p", { class: "hint", id: "severity-text" }, texts.say("always_extreme")),
    said,
  );
}

function quietHours({ texts, wish }, save) {
  const time = (id, value) => el("input", { id, type: "time", value });
  const begins = time("quiet-begins", wish.quiet_hours?.begins);
  const ends = time("quiet-ends", wish.quiet_hours?.ends);
  const said = answerOf("quiet");
  const change = () => {
    if (!begins.value !== !ends.value) return; // half of it is typed
    save({ quiet_hours: begins.value ? { begins: begins.value, ends: ends.value } : null }, said);
  };
  for (const input of [begins, ends]) input.addEventListener("change", change);
  return el(
    "fieldset",
    { "aria-describedby": "quiet-text" },
    el("legend", {}, texts.say("quiet_hours")),
    el("p", {}, el("label", { for: "quiet-begins" }, texts.say("quiet_from")), begins),
    el("p", {}, el("label", { for: "quiet-ends" }, texts.say("quiet_to")), ends),
    el("p", { class: "hint", id: "quiet-text" }, texts.say("quiet_hours_text")),
    said,
  );
}

function subscribed(app) {
  const { texts } = app;
  const confirmed = app.state?.endpoints.map(({ last_confirmed: at }) => Date.parse(at ?? "")).filter(Number.isFinite) ?? [];
  const act = (id, does) => {
    const button = el("button", { type: "button", class: "second", id }, texts.say(id));
    const said = answerOf(id);
    const press = async () => {
      said.textContent = "";
      const name = await does();
      said.textContent = name && texts.say(name);
    };
    button.addEventListener("click", oneAtATime(press));
    return el("div", {}, el("p", {}, button), said);
  };
  return [
    el("h2", {}, texts.say("settings_subscription")),
    el("p", {}, texts.say("last_confirmed", { time: texts.moment(Math.max(...confirmed)) })),
    act("test", () => app.test().then(() => "test_sent", testReasonOf)),
    act("export", () => app.exported().then((all) => download(`${app.instance}.json`, all), reasonOf)),
    leaving(app),
  ];
}

/** It is asked before it is done: there is no way back but to begin anew. */
function leaving(app) {
  const { texts } = app;
  const yes = el("button", { type: "button", id: "leave-now" }, texts.say("leave_now"));
  const said = answerOf("leave-now");
  const leave = async () => {
    try {
      await app.switchOff();
      app.onSay(texts.say("left"));
      location.hash = "";
    } catch (error) {
      said.textContent = texts.say(reasonOf(error));
    }
  };
  yes.addEventListener("click", oneAtATime(leave));
  return el("details", { id: "leave" }, el("summary", {}, texts.say("leave")), el("p", {}, texts.say("leave_text")), el("p", {}, yes), said);
}

/** Nothing needs to be said of it: the browser shows it. */
function download(name, value) {
  const url = URL.createObjectURL(new Blob([JSON.stringify(value, null, 1)], { type: "application/json" }));
  el("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
  return "";
}
