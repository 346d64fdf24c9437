import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";

import { App } from "./app.js";
import { Browser } from "./browser.js";
import { clockError, noteServiceTime } from "./clock.js";
import { Kept } from "./kept.js";

const SCOPE = "https://warn.example/app/dueren/";
const PLACE = "05358008";
const DAY_MS = 86_400_000;
const ABOUT = { name: "Kreis Düren", names: { [PLACE]: "Düren" }, spoken: ["de"], texts: { de: "texts.de.json" }, time_zone: "Europe/Berlin" };
const WORDS = Object.fromEntries(["unread", "neutral", "renew"].flatMap((name) => [`${name}_title`, `${name}_body`].map((one) => [one, one])));
const storage = () => {
  const found = new Map();
  const cache = { match: async (url) => found.get(url)?.clone(), put: async (url, one) => void found.set(url, one), delete: async (url) => found.delete(url) };
  return { open: async () => cache };
};
const forbidden = { open: () => Promise.reject(new DOMException("no", "SecurityError")) };

const list = (more = {}) => ({
  ...{ as_of: new Date().toISOString(), current: true, covered: true, stale_feeds: [], unread_feeds: [], alerts: [] },
  ...more,
});
const warning = { alert: "A1", headline: "Hochwasser", severity: "Severe", sent: new Date().toISOString(), expires: new Date(Date.now() + 7 * DAY_MS).toISOString() };

/** What is answered, by the end of the address; a function answers by itself. */
let answers, kept;
const served = async (address) => {
  const [, found] = Object.entries(answers).find(([end]) => address.split("?")[0].endsWith(end)) ?? [];
  if (typeof found === "function") return found();
  return found ? new Response(JSON.stringify(found), { headers: { Date: new Date(answers.now ?? Date.now()).toUTCString() } }) : new Response("{}", { status: 404 });
};
const away = () => Promise.reject(new TypeError("network"));
const real = globalThis.fetch;
beforeEach(() => {
  answers = { "about.json": ABOUT, "texts.de.json": WORDS, [`${PLACE}/alerts`]: list() };
  kept = storage();
  globalThis.fetch = served;
});
afterEach(() => {
  globalThis.fetch = real;
  noteServiceTime(Date.now());
});

const opened = async (caches = kept) => {
  const app = new App({ instance: "dueren", scope: SCOPE, assets: "/", kept: new Kept(SCOPE, caches), browser: new Browser({ navigator: {} }) });
  await app.begin();
  return app;
};
const following = async (caches) => {
  const app = await opened(caches);
  await app.want({ places: [PLACE] });
  return app;
};

test("what is in force is known, and that there is nothing only while the service says so", async () => {
  const app = await following();
  assert.equal(app.situation(PLACE).isQuiet, true);
  answers[`${PLACE}/alerts`] = list({ alerts: [warning] });
  await app.refresh();
  assert.deepEqual(app.warnings().map(({ alert }) => alert), ["A1"]);
});

const troubles = {
  "nobody answers": away,
  "a proxy answers": () => new Response("<html>", { status: 200 }),
  "the gateway is bad": () => new Response("<html>", { status: 502 }),
  "the service sheds": () => new Response('{"type":"urn:x:overloaded"}', { status: 503 }),
};
for (const [how, does] of Object.entries(troubles))
  test(`where the service is away, what was heard last is told as old: ${how}`, async () => {
    answers[`${PLACE}/alerts`] = list({ alerts: [warning] });
    await following();
    answers = Object.fromEntries(Object.keys(answers).map((name) => [name, does]));
    answers["texts.de.json"] = WORDS; // the worker has them
    const app = await opened();
    await app.refresh();
    const { knowledge, isQuiet, alerts } = app.situation(PLACE);
    assert.deepEqual([knowledge, isQuiet, alerts.map(({ alert }) => alert)], ["old", false, ["A1"]]);
  });

test("that there was no warning is not said of an answer that nobody confirms", async () => {
  await following();
  globalThis.fetch = (address) => (address.endsWith("texts.de.json") ? served(address) : away());
  const app = await opened();
  assert.deepEqual([app.situation(PLACE).knowledge, app.situation(PLACE).isQuiet], ["old", false]);
  await app.refresh();
  assert.deepEqual([app.situation(PLACE).knowledge, app.situation(PLACE).isQuiet], ["old", false]);
});

test("where nothing was ever heard, nothing is made up", async () => {
  globalThis.fetch = away;
  await assert.rejects(opened(), { message: "TypeError: network" });
  globalThis.fetch = served;
  answers[`${PLACE}/alerts`] = away;
  const app = await following();
  assert.deepEqual([app.situation(PLACE).knowledge, app.situation(PLACE).isQuiet], ["nothing", false]);
});

test("a browser that keeps nothing shows what is in force all the same, and the person is told", async () => {
  answers[`${PLACE}/alerts`] = list({ alerts: [warning] });
  const app = await following(forbidden);
  assert.deepEqual([app.keeps, app.warnings().length, app.situation(PLACE).knowledge], [false, 1, "now"]);
});

test("what an earlier version has kept is read by this one", async () => {
  const before = new Kept(SCOPE, kept);
  await before.write("wish", { places: [PLACE], language: "de" });
  await before.write("subscriber", { installation: "i", instance: "dueren", token: "wt_1" });
  await before.write("about", { ...ABOUT, texts: { de: "texts.older.json" } });
  await before.write("lists", { [PLACE]: { alerts: [warning] } });
  await before.write("chains", { C: {}, D: { message: null } });
  const app = await opened();
  assert.deepEqual([app.followed, app.wish.areas, app.pushes, app.endpoints], [[PLACE], [], true, []]);
  assert.deepEqual([app.situation(PLACE).knowledge, app.situation(PLACE).isQuiet], ["old", false]);
  await app.refresh();
  assert.equal(app.situation(PLACE).isQuiet, true);
});

test("on a device whose clock is a day off, what the service says is of now", async () => {
  for (const off of [-DAY_MS, DAY_MS]) {
    answers.now = Date.now() - off;
    answers[`${PLACE}/alerts`] = list({ as_of: new Date(answers.now).toISOString() });
    const app = await following();
    assert.deepEqual([app.situation(PLACE).isQuiet, Math.round(clockError() / DAY_MS)], [true, off / DAY_MS]);
  }
});

test("a warning that nobody can ask for any more is told by the push that told of it", async () => {
  await new Kept(SCOPE, kept).write("chains", { C: { message: { alert: "A9", headline: "Sturm", receipt: "r" } } });
  const app = await following();
  globalThis.fetch = away;
  const found = await app.warning("A9");
  assert.deepEqual([found.headline, found.fromPush, app.canConfirm("A9"), await app.confirm("A9")], ["Sturm", true, true, false]);
  assert.equal(await app.warning("A8"), null);
});
