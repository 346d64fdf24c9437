// The service worker as a browser runs it: its events are dispatched, and what it uses of the browser may hang. The time
// is the test's own.

import assert from "node:assert/strict";
import { after, beforeEach, mock, test } from "node:test";

const SCOPE = "https://warn.example/app/dueren/";
const GUARD_MS = 4000; // iOS ends a worker that takes 10 s, and delays what comes next by minutes
const hangs = () => new Promise(() => {});
const fails = () => Promise.reject(new DOMException("no", "UnknownError"));

/** What is used of the browser, each part to be replaced by one that hangs or fails. */
const browser = {};
const listeners = {};
const shown = []; // what is on the screen, and when it came there
let stored, asked, began;

function reset() {
  stored = new Map();
  asked = [];
  shown.length = 0;
  began = Date.now();
  const cache = {
    match: async (url) => stored.get(String(url))?.clone(),
    put: async (url, response) => void stored.set(String(url), response),
    delete: async (url) => stored.delete(String(url)),
    add: async (url) => void stored.set(String(url), new Response("file")),
    keys: async () => [],
  };
  Object.assign(browser, {
    open: async () => cache,
    fetch: async (url, options) => (asked.push([String(url), options?.body]), new Response("{}", { status: 200 })),
    showNotification: async (title, options) => void shown.push({ title, at: Date.now() - began, ...options }),
    getNotifications: async () => [],
    matchAll: async () => [],
    subscribe: async () => ({ options: { applicationServerKey: new Uint8Array(3) }, toJSON: () => ({ endpoint: "https://push.example/2", keys: {} }) }),
  });
}

globalThis.BUILD = { assets: "/assets/1/", files: ["/assets/1/page.js"], own: ["about.json"] };
globalThis.caches = { open: (name) => browser.open(name) };
globalThis.fetch = (...of) => browser.fetch(...of);
globalThis.self = {
  registration: {
    scope: SCOPE,
    showNotification: (...of) => browser.showNotification(...of),
    getNotifications: (...of) => browser.getNotifications(...of),
    pushManager: { getSubscription: async () => null, subscribe: (...of) => browser.subscribe(...of) },
  },
  clients: { matchAll: (...of) => browser.matchAll(...of), claim: async () => {}, openWindow: async () => {} },
  addEventListener: (name, listener) => (listeners[name] = listener),
  skipWaiting: async () => {},
};
mock.timers.enable({ apis: ["setTimeout", "Date"], now: Date.parse("2026-11-28T02:00:00Z") });
after(() => mock.timers.reset());
AbortSignal.timeout = (ms) => {
  const controller = new AbortController();
  setTimeout(() => controller.abort(new DOMException("late", "TimeoutError")), ms);
  return controller.signal;
};
let versions = 0;

/** A worker that was just started: it knows nothing but what is stored. */
async function started() {
  await import(`./worker.js?${++versions}`);
}

/** Dispatches an event, and lets so much time pass. Whether the worker was done by then. */
async function dispatched(name, event, patience = GUARD_MS) {
  let done = false;
  listeners[name]({ ...event, waitUntil: (work) => work.then(() => (done = true)) });
  for (let passed = 0; passed <= patience && !done; passed += 100) {
    for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
    if (!done) mock.timers.tick(100);
  }
  return done;
}

const pushed = (sequence, more = {}) => {
  const message = { chain: "C", sequence, alert: `A${sequence}`, kind: "alert", severity: "Severe", receipt: `r${sequence}`, ...more };
  const text = JSON.stringify({ notification: { title: `Nummer ${sequence}`, body: "b", lang: "de", tag: "C" }, ...message });
  return { data: { text: () => text } };
};

beforeEach(async () => {
  reset();
  await started();
});

const hanging = {
  nothing: [],
  "the storage": ["open"],
  "the service": ["fetch"],
  "what is on the screen": ["getNotifications"],
  "the pages that are open": ["matchAll"],
  "all but the screen": ["open", "fetch", "getNotifications", "matchAll"],
};
for (const [what, parts] of Object.entries(hanging))
  for (const [how, does] of Object.entries({ hangs, fails }))
    test(`a push is on the screen and handled within 4 s where ${what} ${how}`, async () => {
      for (const part of parts) browser[part] = does;
      assert.equal(await dispatched("push", pushed(1, { also_replaces: { D: 4 } })), true);
      assert.deepEqual(shown.map(({ title, tag }) => [title, tag]), [["Nummer 1", "C"]]);
      assert.ok(shown[0].at < GUARD_MS, `${shown[0].at} ms`);
    });

test("a screen that hangs for ever holds the worker no longer than the guard; a handler without one is noticed here", async () => {
  browser.showNotification = hangs;
  assert.equal(await dispatched("push", pushed(1)), true);
  listeners.unguarded = (event) => event.waitUntil(hangs());
  assert.equal(await dispatched("unguarded", {}), false);
});

test("a screen that hangs once shows it at the second attempt", async () => {
  let tries = 0;
  const { showNotification } = browser;
  browser.showNotification = (...of) => (++tries === 1 ? hangs() : showNotification(...of));
  assert.equal(await dispatched("push", pushed(1)), true);
  assert.deepEqual(shown.map(({ title }) => title), ["Nummer 1"]);
});

test("a browser that refuses an option shows the words", async () => {
  const { showNotification } = browser;
  browser.showNotification = (title, options) => (options.vibrate ? fails() : showNotification(title, options));
  await dispatched("push", pushed(1));
  assert.deepEqual(shown.map(({ title, body }) => [title, body]), [["Nummer 1", "b"]]);
});

test("where notifications were taken away nothing is said to be on the screen", async () => {
  browser.showNotification = () => Promise.reject(new TypeError("No notification permission has been granted for this origin."));
  assert.equal(await dispatched("push", pushed(1)), true);
  assert.deepEqual(asked, []);
});

test("every push leaves something on the screen: an end, what was overtaken, and what cannot be read", async () => {
  await dispatched("push", pushed(2));
  await dispatched("push", pushed(1));
  await dispatched("push", pushed(3, { kind: "cancel" }));
  await dispatched("push", { data: { text: () => "\u0000not ours" } });
  await dispatched("push", { data: null });
  assert.deepEqual(shown.map(({ title }) => title), ["Nummer 2", "Nummer 2", "Nummer 3", "Neue Warnung", "Neue Warnung"]);
  assert.deepEqual(shown.map(({ silent }) => silent), [false, true, false, false, false]);
});

test("of two pushes at once the newer one stays, whichever came first", async () => {
  for (const order of [[1, 2], [2, 1]]) {
    reset();
    await started();
    await Promise.all(order.map((sequence) => dispatched("push", pushed(sequence))));
    assert.equal(shown.at(-1).title, "Nummer 2", order.join());
  }
});

test("a worker that was started anew knows what was shown before", async () => {
  await dispatched("push", pushed(2));
  await started();
  await dispatched("push", pushed(1));
  assert.deepEqual(shown.map(({ title }) => title), ["Nummer 2", "Nummer 2"]);
});

test("that it was displayed is said, and that it only arrived where something newer stands", async () => {
  await dispatched("push", pushed(2));
  await dispatched("push", pushed(1));
  const said = asked.filter(([url]) => url === "/v1/receipts").map(([, body]) => JSON.parse(body));
  assert.deepEqual(said, [{ receipt: "r2", state: "displayed" }, { receipt: "r1", state: "delivered" }]);
});

test("a code that cannot be brought back now is kept for the page", async () => {
  browser.fetch = fails;
  stored.set(`${SCOPE}kept/subscriber`, new Response('{"instance":"dueren","installation":"i","token":"wt_1"}'));
  await dispatched("push", pushed(1, { round_trip: "proof", code: "q8Tz", chain: undefined }));
  assert.equal(await stored.get(`${SCOPE}kept/code`).clone().json(), "q8Tz");
  assert.equal(shown.length, 1);
});

test("the pages hear of the first message once its code was brought back: they then ask how the subscription stands", async () => {
  const order = [];
  browser.fetch = async (url) => (order.push(String(url)), new Response("{}"));
  browser.matchAll = async () => [{ postMessage: () => order.push("told") }];
  stored.set(`${SCOPE}kept/subscriber`, new Response('{"instance":"dueren","installation":"i","token":"wt_1"}'));
  await dispatched("push", pushed(1, { round_trip: "proof", code: "q8Tz", chain: undefined }));
  assert.deepEqual(order, ["/v1/instances/dueren/subscribers/i/proof", "told"]);
});

test("an endpoint that changed is told to the service, and where that fails the person", async () => {
  const subscriber = { instance: "dueren", installation: "i", token: "wt_1", wish: { places: ["05358008"] }, endpoints: [], key: "AAAA" };
  stored.set(`${SCOPE}kept/subscriber`, new Response(JSON.stringify(subscriber)));
  await dispatched("pushsubscriptionchange", {});
  assert.equal(JSON.parse(asked[0][1]).endpoints[0].address, "https://push.example/2");
  assert.equal(shown.length, 0);
  browser.subscribe = fails;
  await dispatched("pushsubscriptionchange", {}, 30_000);
  assert.deepEqual(shown.map(({ title, tag }) => [title, tag]), [["Warnungen sind aus", "renew"]]);
});

/** What the worker answers to a request of the page; null where it leaves it to the browser. */
async function answered(url, mode = "navigate", method = "GET") {
  let answer = null;
  const waits = [];
  listeners.fetch({ request: { url, mode, method }, respondWith: (found) => (answer = found), waitUntil: (work) => waits.push(work) });
  if (!answer) return null;
  let found;
  Promise.resolve(answer).then((one) => (found = one), (error) => (found = error));
  for (let passed = 0; passed <= GUARD_MS && !found; passed += 100) {
    for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
    if (!found) mock.timers.tick(100);
  }
  await Promise.allSettled(waits);
  return found;
}

test("without the network, or where nobody answers in time, the page is the one that was kept", async () => {
  browser.fetch = async () => new Response("{}", { headers: { "Content-Type": "text/html" } });
  assert.equal((await answered(SCOPE)).headers.has("Warn-Kept"), false);
  for (const does of [fails, hangs, async () => new Response("gateway", { status: 502 })]) {
    browser.fetch = does;
    const answer = await answered(SCOPE);
    assert.deepEqual([await answer.text(), answer.headers.get("Warn-Kept"), answer.headers.get("Content-Type")], ["{}", "1", "text/html"]);
  }
});

test("what is another's, or is changed, is left to the browser", async () => {
  for (const [url, mode, method] of [["https://other.example/", "navigate"], [SCOPE, "navigate", "POST"], ["https://warn.example/v1/feeds", "cors"]])
    assert.equal(await answered(url, mode, method), null);
});

test("a page of an earlier version gets its files from the service, and those of that version are dropped", async () => {
  assert.equal((await answered("https://warn.example/assets/0/page.js", "cors")).status, 200);
  const kept = ["https://warn.example/assets/0/page.js", "https://warn.example/assets/1/page.js", SCOPE];
  const dropped = [];
  browser.open = async () => ({ keys: async () => kept.map((url) => ({ url })), delete: async (url) => dropped.push(url) });
  await dispatched("activate", {});
  assert.deepEqual(dropped, kept.slice(0, 1));
});

test("storage that is full or forbidden keeps no worker from being installed", async () => {
  for (const does of [fails, async () => ({ add: fails })]) {
    browser.open = does;
    assert.equal(await dispatched("install", {}), true);
  }
});
