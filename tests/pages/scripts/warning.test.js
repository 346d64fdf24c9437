// The page of one warning: what it says of how the warning stands, through the app that asks the service.

import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";

import { all, following, reset, restore, serve } from "./served.js";
import { standing } from "./elements.js";
import { warning } from "./warning.js";

const HOUR_MS = 3_600_000;
const at = (hours) => new Date(Date.now() + hours * HOUR_MS).toISOString();
const flood = { alert: "A1", headline: "Hochwasser", lang: "de", severity: "Severe", sent: at(-2), expires: at(5), kind: "alert" };
const detail = (more = {}, notice = {}) => ({
  ...{ as_of: at(0), current: true, in_force: true, ended_at: null, superseded_by: null, municipalities: [] },
  ...more,
  notices: [{ ...flood, ...notice }],
});
const allClear = {
  ...{ alert: "C1", kind: "cancel", chain: "C", headline: "Hochwasser", lang: "de", sent: at(-0.5), expires: at(5), receipt: "r" },
  notification: { title: "ENTWARNUNG: Hochwasser" },
};

beforeEach(reset);
afterEach(restore);

const page = async (app, alert = "A1") => standing(await warning(app, alert));
/** Opens the page of a warning that is in force. */
async function opened() {
  serve("public/alerts/A1", detail());
  const app = await following();
  app.shown = "A1";
  assert.match((await page(app)).textContent, /severity_Severe.*since_until/);
  return app;
}

test("a warning that was updated while its page is open says so at the next look, and leads to the new one", async () => {
  const app = await opened();
  serve("public/alerts/A1", detail({ in_force: false, ended_at: at(-0.1), superseded_by: "A2" }));
  serve("public/alerts/A2", detail({}, { alert: "A2", headline: "Hochwasser steigt" }));
  assert.match((await page(app)).textContent, /severity_Severe/, "nothing was asked since");
  await app.refresh();
  const main = await page(app);
  assert.match(main.textContent, /over_since.*updated_text.*newest Hochwasser steigt.*was_valid/);
  assert.doesNotMatch(main.textContent, /since_until|severity_Severe/);
  assert.ok(main.all.some((one) => one.getAttribute("href") === "#A2"));
});

test("of a warning that was updated several times while its page is open the newest is named", async () => {
  const app = await opened();
  const updates = ["A2", "A3", "A4"];
  serve("public/alerts/A1", detail({ in_force: false, ended_at: at(-0.3), superseded_by: "A2" }));
  updates.forEach((alert, number) => {
    const over = number < 2 ? { in_force: false, ended_at: at(-0.1), superseded_by: updates[number + 1] } : {};
    serve(`public/alerts/${alert}`, detail(over, { alert, headline: `Hochwasser ${number + 2}` }));
  });
  await app.refresh();
  const main = await page(app);
  assert.match(main.textContent, /updated_text.*newest Hochwasser 4/);
  assert.ok(main.all.some((one) => one.getAttribute("href") === "#A4"));

  serve("public/alerts/A4", detail({ in_force: false, ended_at: at(0), superseded_by: "C1" }, { alert: "A4", headline: "Hochwasser 4" }));
  await app.refresh();
  assert.match((await page(app)).textContent, /over_text.*newest Hochwasser 4/, "what ended it nobody tells here");
  await app.kept.write("chains", { C: { message: allClear } });
  await app.refresh();
  assert.match((await page(app)).textContent, /over_text.*newest ENTWARNUNG: Hochwasser/);
});

test("a circle of updates ends", async () => {
  const app = await opened();
  serve("public/alerts/A1", detail({ in_force: false, ended_at: at(-0.3), superseded_by: "A2" }));
  serve("public/alerts/A2", detail({ superseded_by: "A1" }, { alert: "A2" }));
  await app.refresh();
  assert.match((await page(app)).textContent, /newest/);
});

test("a warning that was ended says so at the next look, and leads to the all-clear that a push told of", async () => {
  const app = await opened();
  await app.kept.write("chains", { C: { message: allClear } });
  serve("public/alerts/A1", detail({ in_force: false, ended_at: at(-0.5), superseded_by: "C1" }));
  await app.refresh();
  assert.match((await page(app)).textContent, /over_since.*over_text.*newest ENTWARNUNG: Hochwasser/);
});

test("a warning that nobody knows any more is over, and nobody is said to be away", async () => {
  const app = await opened();
  serve("public/alerts/A1", null);
  await app.refresh();
  const { textContent } = await page(app);
  assert.match(textContent, /^backover.*over_text/);
  assert.doesNotMatch(textContent, /from_push|old|was_valid/);
});

test("of an address that leads to no warning nobody is said to be away where the service has answered", async () => {
  const app = await following();
  assert.match((await page(app, "B1")).textContent, /not_foundnot_known_text/);
  all(() => Promise.reject(new TypeError("network")));
  await app.refresh();
  assert.match((await page(app, "B1")).textContent, /not_foundnot_found_text/);
});

test("while the service is away the page shows the last that was heard, as old", async () => {
  const app = await opened();
  serve("public/alerts/A1", () => Promise.reject(new TypeError("network")));
  await app.refresh();
  assert.match((await page(app)).textContent, /severity_Severe.*old.*since_until/);
});

test("the page of an all-clear is one: since when, no validity, and nobody away, as the service has answered", async () => {
  const app = await following();
  await app.kept.write("chains", { C: { message: allClear } });
  const { textContent } = await page(app, "C1");
  assert.match(textContent, /over_since.*ENTWARNUNG: Hochwasser/);
  assert.doesNotMatch(textContent, /from_push|over_text|since_until|was_valid|when/);
  all(() => Promise.reject(new TypeError("network")));
  await app.refresh();
  assert.match((await page(app, "C1")).textContent, /over_since.*from_push/);
});
