// Switching warnings on: what came of it is said, and the person is led on.

import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";

import { Browser } from "./browser.js";
import { does, standing } from "./elements.js";
import { on } from "./on.js";
import { following, reset, restore } from "./served.js";

beforeEach(reset);
afterEach(restore);

/** The view of a person whose browser asks them, and what the app then says and does. */
async function shown(permission, switchOn) {
  const app = await following();
  const Notification = { permission: "default" };
  app.browser = new Browser({ navigator: { serviceWorker: {} }, Notification, PushManager: {} });
  app.switchOn = async () => {
    Notification.permission = permission;
    return switchOn(app);
  };
  const done = [];
  app.onSay = (text) => done.push(text);
  app.onChange = (moved) => done.push(moved);
  return { app, main: standing(on(app)), done };
}

test("who has permitted notifications hears that warnings are on, and is led to what stands there now", async () => {
  const { app, main, done } = await shown("granted", (one) => {
    one.subscriber = { token: "wt_1" };
    one.browser.noteSubscribed(true);
    return "on";
  });
  assert.match(main.textContent, /^on_title/);
  const allow = main.querySelector("#allow");
  await does(allow, "click");
  assert.deepEqual([done, allow.disabled ?? false], [["on_for", true], false]);
  assert.match(standing(on(app)).textContent, /^reach_onon_for/);
});

test("where very many subscribe, the person reads when it is their turn", async () => {
  const { app, main } = await shown("granted", (one) => {
    one.onWait(Date.UTC(2026, 6, 14, 18, 5));
    waiting = main.querySelector("#progress").textContent;
    return "on";
  });
  let waiting;
  await does(main.querySelector("#allow"), "click");
  assert.match(waiting, /^allowing_later/);
  assert.equal(app.problem, "");
});

test("who has not hears why, and stays where they are", async () => {
  const { main, done } = await shown("default", () => "off");
  await does(main.querySelector("#allow"), "click");
  assert.deepEqual(done, ["not_allowed", false]);
});
