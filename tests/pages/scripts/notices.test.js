import assert from "node:assert/strict";
import { test } from "node:test";

import { FALLBACK_WORDS, decided, messageOf, screenOf } from "./notices.js";

const plain = (sequence, kind = "alert", more = {}) => ({
  ...{ chain: "C", alert: `A${sequence}`, sequence, kind, severity: "Severe", sent: "2026-11-28T03:00:00+01:00" },
  notification: { title: `Nummer ${sequence}`, body: "Was zu tun ist", lang: "de", tag: "C", silent: false },
  ...more,
});

test("both forms of a push are read, and what is none is unread", () => {
  const bare = plain(1);
  const declarative = { web_push: 8030, ...plain(1), notification: { ...bare.notification, navigate: "https://w.example/#A1" } };
  assert.deepEqual(messageOf(JSON.stringify(bare)), bare);
  assert.deepEqual(messageOf(JSON.stringify(declarative)), declarative);
  for (const text of [undefined, "", "{", "null", "[]", '"x"', '{"notification":{"title":5}}', '{"web_push":8030}'])
    assert.deepEqual(messageOf(text), { unread: true });
});

test("what the browser has read of a declarative message is shown where there is no text", () => {
  const proposed = { title: "Hochwasser", body: "b", lang: "de", dir: "auto", tag: "C", navigate: "https://w.example/#A1" };
  assert.equal(messageOf(undefined, proposed).notification.title, "Hochwasser");
});

test("a later sequence takes the place of an earlier one, whichever comes first", () => {
  const first = decided(plain(2), {}, 10);
  assert.deepEqual([first.isNew, first.shown.alert], [true, "A2"]);
  const overtaken = decided(plain(1), first.known, 20);
  assert.deepEqual([overtaken.isNew, overtaken.shown.alert, overtaken.known], [false, "A2", first.known]);
  assert.equal(decided(plain(3), first.known, 20).shown.alert, "A3");
});

test("of equal sequences an end takes the place of a warning, and not the other way round", () => {
  for (const end of ["cancel", "delisted", "no_longer_affected"]) {
    const warned = decided(plain(1), {}, 10).known;
    const ended = decided(plain(1, end), warned, 20);
    assert.deepEqual([ended.isNew, ended.known.C.end], [true, true]);
    assert.equal(decided(plain(1), ended.known, 30).isNew, false);
  }
});

test("the same message once more is put back and changes nothing", () => {
  const once = decided(plain(1), {}, 10);
  const twice = decided(plain(1), once.known, 20);
  assert.deepEqual([twice.isNew, twice.known], [false, once.known]);
});

test("chains that a message replaces are closed, and stay closed for what comes late", () => {
  const other = decided(plain(4, "alert", { chain: "D" }), {}, 10).known;
  const found = decided(plain(5, "update", { also_replaces: { D: 4, E: 2, C: 9 } }), other, 20);
  assert.deepEqual(found.closes, ["D", "E"]);
  assert.equal(decided(plain(2, "alert", { chain: "E" }), found.known, 30).isNew, false);
  assert.equal(decided(plain(3, "alert", { chain: "E" }), found.known, 30).isNew, true);
});

test("of a hundred chains the newest fifty are known", () => {
  let known = {};
  for (let number = 0; number < 100; number++) known = decided(plain(1, "alert", { chain: `K${number}` }), known, number).known;
  assert.deepEqual([Object.keys(known).length, "K99" in known, "K49" in known], [50, true, false]);
});

test("a message without chain or sequence is shown as it is", () => {
  for (const broken of [{ unread: true }, { notification: { title: "x" } }, plain("1"), plain(Number.NaN), plain(1, "alert", { chain: 7 })])
    assert.deepEqual([decided(broken, {}, 1).isNew, decided(broken, {}, 1).shown], [true, broken]);
});

test("a warning is loud, its end is not, and what is put back makes no sound", () => {
  const loud = screenOf(plain(1), {}, FALLBACK_WORDS).options;
  assert.deepEqual([loud.silent, loud.renotify, loud.tag], [false, true, "C"]);
  assert.deepEqual(loud.data, { alert: "A1", chain: "C", receipt: "" });
  const end = screenOf(plain(1, "cancel"), {}, FALLBACK_WORDS).options;
  assert.deepEqual([end.silent, end.renotify, end.requireInteraction], [false, undefined, false]);
  for (const quiet of [screenOf(plain(1), { silent: true }, FALLBACK_WORDS), screenOf(plain(1), {}, FALLBACK_WORDS, true)])
    assert.deepEqual([quiet.options.silent, quiet.options.vibrate], [true, undefined]);
  assert.equal(screenOf(plain(1, "alert", { severity: "Extreme" }), {}, FALLBACK_WORDS).options.requireInteraction, true);
});

test("a neutral screen has no word of the warning", () => {
  const { title, options } = screenOf(plain(1), { neutral: true }, FALLBACK_WORDS);
  assert.deepEqual([title, options.body, options.tag], ["Neue Nachricht", "Zum Lesen öffnen.", "C"]);
  assert.ok(!JSON.stringify({ title, body: options.body }).includes("Nummer"));
});

test("what could not be read has words, and a tag so that there is one of it", () => {
  const { title, options } = screenOf({ unread: true }, {}, FALLBACK_WORDS);
  assert.deepEqual([title, options.tag, options.silent], ["Neue Warnung", "unread", false]);
  assert.equal(screenOf(plain(1, "alert", { notification: { title: "x", tag: "" } }), {}, FALLBACK_WORDS).options.tag, "warning");
  assert.equal("timestamp" in screenOf(plain(1, "alert", { sent: "yesterday" }), {}, FALLBACK_WORDS).options, false);
});

test("a hostile text is text on the screen as well, in one direction and of bounded length", () => {
  const hostile = `<img src=x onerror="alert(1)">\u202Enrut\u2066\u200F\u0000 ${"x".repeat(10_240)}`;
  const pushed = plain(1, "alert", { notification: { title: hostile, body: `${hostile}\nnoch eine Zeile`, tag: "C" } });
  for (const message of [pushed, messageOf(JSON.stringify(pushed)), messageOf(undefined, pushed.notification)]) {
    const { title, options } = screenOf(message, {}, FALLBACK_WORDS);
    assert.ok(title.startsWith('<img src=x onerror="alert(1)"> nrut'), "a notification knows no markup");
    assert.ok(title.length <= 160 && options.body.length <= 600);
    assert.ok(!/[\u0000-\u0009\u200E\u200F\u202A-\u202E\u2066-\u2069]/.test(title + options.body));
  }
  for (const wrong of [5, {}, ["a"], null]) assert.equal(typeof screenOf(plain(1, "alert", { notification: { title: "x", body: wrong } }), {}, FALLBACK_WORDS).options.body, "string");
});
