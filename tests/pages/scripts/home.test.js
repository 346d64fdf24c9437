// What is in force at the places that are followed, and whether warnings come.

import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";

import { Browser } from "./browser.js";
import { standing } from "./elements.js";
import { home } from "./home.js";
import { PLACE, following, list, reset, restore, serve } from "./served.js";

const warning = { alert: "A1", headline: "Hochwasser", severity: "Severe", sent: new Date().toISOString(), expires: new Date(Date.now() + 3_600_000).toISOString() };

beforeEach(reset);
afterEach(restore);

/** A browser that was allowed to notify, and is asked whether it is subscribed. */
function browser(subscription) {
  const registration = { pushManager: { getSubscription: async () => subscription } };
  return new Browser({ navigator: { serviceWorker: { ready: Promise.resolve(registration) } }, Notification: { permission: "granted" }, PushManager: {} });
}

for (const [subscription, said] of [[{}, "reach_on"], [null, "reach_lost"]])
  test(`of notifications nothing is said before it is known that it is ${said}`, async () => {
    const app = await following();
    Object.assign(app, { browser: browser(subscription), subscriber: { token: "wt_1" } });
    assert.doesNotMatch(standing(home(app)).textContent, /reach_/);
    await app.browser.look();
    assert.match(standing(home(app)).textContent, new RegExp(said));
  });

test("warnings stand before whether they come, and nothing stands before that where there are none", async () => {
  const app = await following();
  assert.match(standing(home(app)).textContent, /reach_.*Düren/);
  serve(`${PLACE}/alerts`, list({ alerts: [warning] }));
  await app.refresh();
  assert.match(standing(home(app)).textContent, /Hochwasser.*reach_/);
  assert.match(standing(home(app)).querySelector("h3").textContent, /^severity_Severe Hochwasser/);
});

test("what was known at a look is there for the news once it was looked", async () => {
  const app = await following();
  assert.deepEqual(app.heard(), { followed: [PLACE], warnings: [], isAway: false });
  serve(`${PLACE}/alerts`, () => Promise.reject(new TypeError("network")));
  await app.refresh();
  assert.equal(app.heard().isAway, true);
});
