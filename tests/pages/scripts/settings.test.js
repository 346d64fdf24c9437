// The settings: each answer stands beside what was pressed.

import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";

import { does, standing } from "./elements.js";
import { following, refused, reset, restore, serve } from "./served.js";
import { settings } from "./settings.js";

beforeEach(reset);
afterEach(restore);

/** The settings of a person who is subscribed. */
async function shown() {
  const app = await following();
  app.subscriber = { instance: "dueren", installation: "i", token: "wt_1", push: false, endpoints: [] };
  return { app, main: standing(settings(app)) };
}

test("that a setting is saved stands beside it, and nowhere else", async () => {
  const { app, main } = await shown();
  const box = main.querySelector("#drills");
  box.checked = true;
  await does(box, "change");
  assert.equal(app.wish.drills, true);
  const answers = main.all.filter((one) => one.getAttribute("class") === "answer" && one.textContent);
  assert.deepEqual(answers.map(({ id, textContent }) => [id, textContent]), [["drills-said", "saved"]]);
  assert.equal(answers[0].getAttribute("role"), "status");
});

for (const [how, answer, said] of [
  ["is on its way", {}, "test_sent"],
  ["was asked for a moment ago", refused(429, "rate-limited"), "test_soon"],
  ["has nowhere to go", refused(409, "conflict"), "test_nothing"],
  ["reaches nobody", () => Promise.reject(new TypeError("network")), "away"],
])
  test(`a test that ${how} is said beside its button, which keeps the focus`, async () => {
    const { main } = await shown();
    serve("/test", answer);
    const button = main.querySelector("#test");
    button.focus();
    await does(button, "click");
    assert.deepEqual([main.querySelector("#test-said").textContent, button.disabled ?? false], [said, false]);
  });

test("who has switched everything off finds the way back among the settings", async () => {
  const app = await following();
  app.pushReach = app.reach = () => "off";
  const main = standing(settings(app));
  const ways = main.all.map((one) => one.getAttribute("href")).filter(Boolean);
  assert.match(main.textContent, /reach_/);
  assert.ok(ways.includes("#/on"), ways.join());
});

test("who has left is told so, also without seeing the page", async () => {
  const { app, main } = await shown();
  const said = [];
  app.onSay = (text) => said.push(text);
  serve("/subscribers/i", {});
  await does(main.querySelector("#leave-now"), "click");
  assert.deepEqual([said, app.subscriber, main.querySelector("#leave-now-said").textContent], [["left"], null, ""]);
});
