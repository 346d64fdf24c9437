// A page that says nothing of itself until it is opened, for people whose phone others look at.

import { el } from "./dom.js";

export function cover(app, open) {
  const { texts } = app;
  const button = el("button", { type: "button", id: "open" }, texts.say("hidden_open"));
  button.addEventListener("click", open);
  return { title: texts.say("hidden_title"), body: [el("h1", { tabindex: "-1" }, texts.say("hidden_title")), el("p", {}, button)] };
}
