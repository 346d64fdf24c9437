import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";

import { clockError, now } from "./clock.js";
import { KEPT_HEADER } from "./client.js";
import { Kept } from "./kept.js";
import { ABOUT, PLACE, SCOPE, all, following, keeping, list, opened, reset, restore, serve, setTime, stored } from "./served.js";

const DAY_MS = 86_400_000;
const forbidden = { open: () => Promise.reject(new DOMException("no", "SecurityError")) };
const warning = { alert: "A1", headline: "Hochwasser", severity: "Severe", sent: new Date().toISOString(), expires: new Date(Date.now() + 7 * DAY_MS).toISOString() };
const away = () => Promise.reject(new TypeError("network"));

beforeEach(reset);
afterEach(restore);

test("what is in force is known, and that there is nothing only while the service says so", async () => {
  const app = await following();
  assert.equal(app.situation(PLACE).isQuiet, true);
  serve(`${PLACE}/alerts`, list({ alerts: [warning] }));
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
    serve(`${PLACE}/alerts`, list({ alerts: [warning] }));
    await following();
    all(does);
    const app = await opened();
    await app.refresh();
    const { knowledge, isQuiet, alerts } = app.situation(PLACE);
    assert.deepEqual([knowledge, isQuiet, alerts.map(({ alert }) => alert)], ["old", false, ["A1"]]);
  });

test("that there was no warning is not said of an answer that nobody confirms", async () => {
  await following();
  all(away);
  const app = await opened();
  assert.deepEqual([app.situation(PLACE).knowledge, app.situation(PLACE).isQuiet], ["old", false]);
  await app.refresh();
  assert.deepEqual([app.situation(PLACE).knowledge, app.situation(PLACE).isQuiet], ["old", false]);
});

test("where nothing was ever heard, nothing is made up", async () => {
  all(away);
  await assert.rejects(opened(), { message: "TypeError: network" });
  reset();
  serve(`${PLACE}/alerts`, away);
  const app = await following();
  assert.deepEqual([app.situation(PLACE).knowledge, app.situation(PLACE).isQuiet], ["nothing", false]);
});

test("a browser that keeps nothing shows what is in force all the same, and the person is told", async () => {
  serve(`${PLACE}/alerts`, list({ alerts: [warning] }));
  const app = await following(forbidden);
  assert.deepEqual([app.keeps, app.warnings().length, app.situation(PLACE).knowledge], [false, 1, "now"]);
});

test("what an earlier version has kept is read by this one", async () => {
  const before = new Kept(SCOPE, stored());
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
    restore();
    reset();
    setTime(Date.now() - off);
    serve(`${PLACE}/alerts`, list({ as_of: new Date(Date.now() - off).toISOString() }));
    const app = await following();
    assert.deepEqual([app.situation(PLACE).isQuiet, Math.round(clockError() / DAY_MS)], [true, off / DAY_MS]);
  }
});

test("a warning that nobody can ask for any more is told by the push that told of it", async () => {
  await new Kept(SCOPE, stored()).write("chains", { C: { message: { alert: "A9", headline: "Sturm", receipt: "r" } } });
  const app = await following();
  all(away);
  await app.refresh();
  const found = await app.warning("A9");
  assert.deepEqual([found.headline, found.isAway, app.canConfirm("A9"), await app.confirm("A9")], ["Sturm", true, true, false]);
  assert.equal(await app.warning("A8"), null);
});

test("an answer that the worker has kept does not say what time it is: what ran out meanwhile stays away, and is as old as it is", async () => {
  const heard = new Date(Date.now() - DAY_MS);
  const expires = new Date(Date.now() - DAY_MS / 2).toISOString();
  setTime(heard.getTime());
  serve(`${PLACE}/alerts`, list({ as_of: heard.toISOString(), alerts: [{ ...warning, expires }] }));
  assert.equal((await following()).warnings().length, 1);
  restore(); // the page was closed, and is opened a day later while the service is away
  all(away);
  globalThis.fetch = keeping({ "about.json": ABOUT, "texts.de.json": {} }, { Date: heard.toUTCString(), [KEPT_HEADER]: "1" });
  const app = await opened();
  await app.refresh();
  assert.deepEqual([app.warnings().length, app.situation(PLACE).knowledge, clockError()], [0, "old", -0]);
  assert.ok(now() - app.situation(PLACE).asOf >= DAY_MS - 1000);
  globalThis.fetch = keeping({ "about.json": ABOUT, "texts.de.json": {} }, { Date: heard.toUTCString() }); // unmarked, it would be
  assert.notEqual((await opened(), clockError()), -0);
});

test("it is never earlier than what is known", async () => {
  await following();
  const known = Date.parse((await new Kept(SCOPE, stored()).read("lists"))[PLACE].as_of);
  setTime(known - DAY_MS);
  await opened();
  assert.ok(now() >= known);
});

for (const [status, isKept] of [[503, true], [429, true], [400, false]])
  test(`a code that the service refuses with ${status} is ${isKept ? "kept for the next time" : "forgotten"}`, async () => {
    const app = await following();
    await app.kept.write("code", "q8Tz");
    await app.kept.write("subscriber", { instance: "dueren", installation: "i", token: "wt_1" });
    all(() => new Response('{"type":"urn:x:no"}', { status }));
    await app.bringBack();
    assert.equal(await app.kept.read("code"), isKept ? "q8Tz" : undefined);
  });
