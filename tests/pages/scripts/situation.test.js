import assert from "node:assert/strict";
import { test } from "node:test";

import { Knowledge, isTold, judged, ordered, pushReach, reach, spoken } from "./situation.js";

const NOW = Date.parse("2026-11-28T12:00:00Z");
const list = (more = {}) => ({
  ...{ as_of: "2026-11-28T11:59:30Z", current: true, covered: true, stale_feeds: [], unread_feeds: [], alerts: [] },
  ...more,
});
const feed = { name: "dwd", since: "2026-11-28T03:00:00Z" };

test("that there is no warning is said where it is known, and nowhere else", () => {
  assert.equal(judged(list(), true, NOW).isQuiet, true);
  const unsure = {
    "nobody answered": [undefined, true],
    "it is what was kept": [list(), false],
    "the record is away": [list({ current: false }), true],
    "a source is silent": [list({ stale_feeds: [feed] }), true],
    "a source cannot be read": [list({ unread_feeds: [feed] }), true],
    "nobody would tell": [list({ covered: false, alerts: null }), true],
    "a cache shows what is old": [list({ as_of: "2026-11-28T11:50:00Z" }), true],
    "as of when is not known": [list({ as_of: "?" }), true],
  };
  for (const [why, [found, fetched]] of Object.entries(unsure)) assert.equal(judged(found, fetched, NOW).isQuiet, false, why);
  assert.equal(judged(list({ alerts: null }), true, NOW).isQuiet, false);
});

test("what is known is of now, old or nothing", () => {
  assert.equal(judged(undefined, true, NOW).knowledge, Knowledge.NOTHING);
  assert.equal(judged(list(), true, NOW).knowledge, Knowledge.NOW);
  assert.equal(judged(list(), false, NOW).knowledge, Knowledge.OLD);
  assert.equal(judged(list(), true, NOW + 3 * 60_000).knowledge, Knowledge.OLD);
});

test("gaps are named with since when, beside the warnings that are known", () => {
  const alerts = [{ alert: "A", expires: "2026-11-28T13:00:00Z" }];
  const found = judged(list({ covered: false, stale_feeds: [feed], unread_feeds: [feed], alerts }), true, NOW);
  assert.deepEqual(found.gaps.map(({ kind }) => kind), ["uncovered", "stale", "unread"]);
  assert.equal(found.gaps[1].since, Date.parse(feed.since));
  assert.equal(found.alerts.length, 1);
});

test("what has run out by the service's clock is not shown", () => {
  const alerts = ["2026-11-28T12:00:00Z", "2026-11-28T12:00:01Z"].map((expires, at) => ({ alert: `A${at}`, expires }));
  assert.deepEqual(judged(list({ alerts }), true, NOW).alerts.map(({ alert }) => alert), ["A1"]);
});

test("the gravest comes first, of equal ones the newest, each once", () => {
  const one = (alert, severity, sent) => ({ alert, severity, sent: `2026-11-28T${sent}:00:00Z` });
  const alerts = [one("u", "Unknown", "09"), one("m", "Minor", "09"), one("x", "Extreme", "01"), one("s", "Severe", "02"), one("t", "Severe", "03"), one("x", "Extreme", "01")];
  assert.deepEqual(ordered(alerts).map(({ alert }) => alert), ["x", "t", "s", "m", "u"]);
});

test("a person reads the text of their own language, Leichte Sprache where they want it", () => {
  const notices = ["de-DE", "de-simple", "en-GB", "ar"].map((lang) => ({ lang }));
  const lang = (language, found = notices) => spoken(found, language).lang;
  assert.deepEqual(["de", "de-simple", "en", "ar", "tr"].map((one) => lang(one)), ["de-DE", "de-simple", "en-GB", "ar", "de-DE"]);
  assert.equal(lang("de-simple", [{ lang: "de" }, { lang: "DE-LS" }]), "DE-LS");
  assert.equal(lang("de-simple", [{ lang: "de" }]), "de");
  assert.equal(lang("de", [{ lang: "de-simple" }, { lang: "en" }]), "de-simple");
  assert.equal(spoken([], "de"), undefined);
});

const endpoint = (channel, state) => ({ channel, state });

test("what stands in the way of warnings is one thing", () => {
  const browser = { canPush: true, installsFirst: false, permission: "granted", isSubscribed: true };
  const subscriber = { token: "wt_" };
  const active = { active: true, endpoints: [endpoint("webpush", "active")] };
  assert.equal(reach(browser, subscriber, active), "on");
  assert.equal(reach(browser, subscriber, null), "on");
  assert.equal(reach(browser, subscriber, { active: false, endpoints: [endpoint("webpush", "waiting")] }), "waiting");
  const [told, day] = [Date.now(), 86_400_000];
  const after = (days, state) => reach(browser, { ...subscriber, toldAt: told }, state, told + days * day);
  assert.deepEqual([after(6, null), after(30, null), after(30, active)], ["on", "looking", "on"], "who was away for long may be forgotten");
  assert.equal(reach(browser, null, null), "off");
  assert.equal(reach({ ...browser, permission: "denied" }, subscriber, active), "denied");
  assert.equal(reach({ ...browser, permission: "default" }, subscriber, active), "lost");
  assert.equal(reach({ ...browser, isSubscribed: false }, subscriber, active), "lost");
  assert.equal(reach({ ...browser, isSubscribed: undefined }, { ...subscriber, sms: { active: true } }, active), "looking");
  assert.equal(reach({ ...browser, isSubscribed: undefined }, null, null), "off");
  assert.equal(reach({ ...browser, canPush: false }, null, null), "unable");
  assert.equal(reach({ ...browser, canPush: false, installsFirst: true }, null, null), "install");
});

test("who is told by SMS is told, and notifications are another matter", () => {
  const browser = { canPush: true, installsFirst: false, permission: "granted", isSubscribed: true };
  const both = { active: true, endpoints: [endpoint("webpush", "waiting"), endpoint("sms", "active")] };
  const subscriber = { token: "wt_", sms: { active: true } };
  assert.deepEqual([reach(browser, subscriber, both), pushReach(browser, subscriber, both)], ["sms", "waiting"]);
  assert.equal(pushReach(browser, { ...subscriber, push: false }, both), "off");
  assert.equal(reach({ ...browser, canPush: false }, { ...subscriber, sms: { active: false } }, both), "unable");
  assert.deepEqual(["webpush", "sms"].map((channel) => isTold(both, channel)), [false, true]);
  assert.equal(isTold({ ...both, active: false }, "sms"), false);
  assert.equal(isTold({ active: true, endpoints: [endpoint("webpush", "replaced")] }, "webpush"), true);
  assert.equal(isTold(null, "sms"), false);
});
