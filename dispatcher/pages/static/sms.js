// Warnings by SMS: giving a number, typing the code that came to it, and ending them.

import { el } from "./dom.js";
import { forgetNumber, giveCode, giveNumber, inWords, isSent, numberOf, sendCode } from "./numbers.js";

const CODE = /^[0-9]{6}$/;
const LEAVE_NUMBER = "/v1/leave-number"; // also for a number that is not given here

export function sms(app) {
  const { texts } = app;
  const number = numberOf(app);
  return {
    title: texts.say("sms_title"),
    body: [
      el("h1", { tabindex: "-1" }, texts.say("sms_title")),
      number?.active ? proven(app, number) : asking(app, number),
      el("p", {}, el("a", { href: `${LEAVE_NUMBER}?language=${texts.tag}` }, texts.say("sms_elsewhere"))),
      el("p", {}, el("a", { href: "#" }, texts.say("back"))),
    ],
  };
}

function proven(app, { ending }) {
  const { texts } = app;
  return [
    el("p", { class: "quiet", id: "is-by-sms" }, texts.say("sms_on", { number: ending })),
    app.pushes && el("p", {}, texts.say("sms_besides_text")),
    acting(app, [
      ["sms_off", async () => {
        await forgetNumber(app);
        location.hash = "";
      }],
    ]),
  ];
}

function asking(app, number) {
  const { texts } = app;
  const input = el("input", { id: "number", type: "tel", autocomplete: "tel" });
  return [
    el("p", {}, texts.say("sms_text")),
    app.pushes && el("p", {}, texts.say("sms_besides_text")),
    number && el("p", { class: "unknown" }, texts.say("sms_waits", { number: number.ending }), " ", el("a", { href: "#/code" }, texts.say("code_title"))),
    form(app, { input, label: "sms_number", hint: "sms_number_text", submit: "sms_send" }, async () => {
      if (!input.value.trim()) return "sms_enter";
      await giveNumber(app, input.value.trim());
      if (!(await isSent(app))) return "sms_unsent";
      location.hash = "#/code";
      return "";
    }),
  ];
}

export function code(app) {
  const { texts } = app;
  const number = numberOf(app);
  if (!number || number.active) return sms(app);
  const input = el("input", { id: "code", type: "text", inputmode: "numeric", autocomplete: "one-time-code" });
  return {
    title: texts.say("code_title"),
    body: [
      el("h1", { tabindex: "-1" }, texts.say("code_title")),
      el("p", {}, texts.say("code_sent", { number: number.ending })),
      form(app, { input, label: "code_label", submit: "code_confirm" }, async () => {
        const digits = input.value.replace(/\s/g, "");
        if (!CODE.test(digits)) return "code_six";
        if (!(await giveCode(app, digits))) return "code_wrong";
        location.hash = "#/sms";
        return "";
      }),
      acting(app, [
        ["code_again", async () => {
          await sendCode(app);
          return (await isSent(app)) ? "code_renewed" : "sms_unsent";
        }],
        ["code_other", async () => {
          await forgetNumber(app);
          location.hash = "#/sms";
        }],
      ]),
    ],
  };
}

/** A form with one field. `does` returns the name of the words for what is wrong, or throws. */
function form(app, { input, label, hint, submit }, does) {
  const { texts } = app;
  const wrong = el("p", { class: "wrong", role: "alert", id: `${input.id}-wrong` });
  const about = hint && el("p", { class: "hint", id: `${input.id}-text` }, texts.say(hint));
  input.setAttribute("aria-describedby", [hint && `${input.id}-text`, wrong.id].filter(Boolean).join(" "));
  const send = once(app, wrong, async () => {
    wrong.textContent = "";
    const name = await does();
    input.removeAttribute("aria-invalid");
    if (!name) return "";
    input.setAttribute("aria-invalid", "true");
    input.focus();
    return name;
  });
  return el(
    "form",
    { novalidate: true, onsubmit: (event) => (event.preventDefault(), send()) },
    el("p", {}, el("label", { for: input.id }, texts.say(label)), input),
    about,
    el("p", {}, el("button", { type: "submit" }, texts.say(submit))),
    wrong,
  );
}

/** Buttons, by the names of their words, and a line that says what came of them. */
function acting(app, actions) {
  const said = el("p", { role: "status" });
  const buttons = actions.map(([name, does]) => el("button", { type: "button", class: "second", id: name, onclick: once(app, said, does) }, app.texts.say(name)));
  return [el("p", { class: "buttons" }, buttons), said];
}

/** Does it, one press at a time, and says what came of it. A disabled button would lose the focus. */
function once(app, said, does) {
  return async () => {
    if (app.busy) return;
    app.busy = true;
    try {
      const name = await does();
      said.textContent = name ? app.texts.say(name) : "";
    } catch (error) {
      said.textContent = inWords(app.texts, error);
    }
    app.busy = false;
    app.onChange();
  };
}
