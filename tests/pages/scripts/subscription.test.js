import assert from "node:assert/strict";
import { afterEach, mock, test } from "node:test";

import { Away, Refusal, ask } from "./client.js";
import { Kept } from "./kept.js";
import { enrol, leave, prove, pushSubscription, subscriberOf } from "./subscription.js";

const KEY = "BNcRdreALRFXTkOOUHK1EtK2wtaz5Ry4YfYCA_0QTpQtUbVlUls0VJXg7A8u-Ts1XbjhazAkj7I99e8QcYP7DkM";
const subscribed = (key = KEY) => ({
  options: { applicationServerKey: Buffer.from(key, "base64url") },
  toJSON: () => ({ endpoint: "https://push.example/1", keys: { p256dh: "B", auth: "a" } }),
  unsubscribe: mock.fn(async () => true),
});
const answers = (...found) => {
  const asked = [];
  globalThis.fetch = async (address, options) => {
    const { status = 200, body = {}, headers = {} } = found.shift();
    asked.push([options.method, address, options.headers.Authorization, options.body && JSON.parse(options.body)]);
    return new Response(status === 204 ? null : JSON.stringify(body), { status, headers });
  };
  return asked;
};
const problem = (status, type) => ({ status, body: { type: `urn:cap-dispatcher:problem:${type}`, title: "no" } });
const real = globalThis.fetch;
afterEach(() => {
  globalThis.fetch = real;
  mock.timers.reset();
});

test("the subscription that there is stays, one by another key is made anew", async () => {
  const there = subscribed();
  const manager = { getSubscription: async () => there, subscribe: mock.fn(async () => subscribed()) };
  assert.equal(await pushSubscription(manager, KEY), there);
  assert.equal(manager.subscribe.mock.callCount(), 0);
  const other = subscribed("BAAA");
  manager.getSubscription = async () => other;
  await pushSubscription(manager, KEY);
  assert.equal(other.unsubscribe.mock.callCount(), 1);
  assert.deepEqual(manager.subscribe.mock.calls[0].arguments, [{ userVisibleOnly: true, applicationServerKey: KEY }]);
});

test("an attempt that hangs is made again, one that is refused is not", async () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  let tries = 0;
  const manager = {
    getSubscription: async () => null,
    subscribe: () => {
      if (++tries === 2) return Promise.resolve("subscription");
      setImmediate(() => mock.timers.tick(8000));
      return new Promise(() => {});
    },
  };
  assert.equal(await pushSubscription(manager, KEY), "subscription");
  assert.equal(tries, 2);
  const refused = { getSubscription: async () => null, subscribe: mock.fn(() => Promise.reject(new DOMException("no", "NotAllowedError"))) };
  await assert.rejects(pushSubscription(refused, KEY), { name: "NotAllowedError" });
  assert.equal(refused.subscribe.mock.callCount(), 1);
});

test("the same installation asks again, with the token that it was shown once", async () => {
  const kept = new Kept("https://warn.example/app/dueren/", undefined);
  const asked = answers({ body: { active: false, token: "wt_1" } }, { body: { active: true, token: null } });
  const first = await enrol(kept, "dueren", { places: ["05358008"] }, subscribed());
  assert.deepEqual([first.active, first.isKept], [false, false]);
  await enrol(kept, "dueren", { places: ["05358008"] }, subscribed(), [{ channel: "sms", address: "+49" }]);
  assert.equal(asked[0][1], asked[1][1]);
  assert.deepEqual([asked[0][2], asked[1][2]], [undefined, "Bearer wt_1"]);
  assert.deepEqual(asked[1][3].endpoints.map(({ channel }) => channel), ["webpush", "sms"]);
  assert.equal((await subscriberOf(kept)).token, "wt_1");
});

test("a token that is good no more begins a new installation, any other refusal does not", async () => {
  const kept = new Kept("https://warn.example/app/dueren/", undefined);
  await kept.write("subscriber", { installation: "old", instance: "dueren", token: "wt_old" });
  const asked = answers(problem(401, "unauthenticated"), { body: { active: false, token: "wt_new" } });
  await enrol(kept, "dueren", {}, subscribed());
  assert.notEqual(asked[1][1], asked[0][1]);
  assert.equal(asked[1][2], undefined);
  answers(problem(429, "rate-limited"));
  await assert.rejects(enrol(kept, "dueren", {}, subscribed()), (error) => error instanceof Refusal && error.type === "rate-limited");
});

const busy = { ...problem(503, "overloaded"), headers: { "Retry-After": "7" } };

test("where very many subscribe, it is asked again when the service says", async () => {
  mock.timers.enable({ apis: ["setTimeout", "Date"] });
  const waited = [];
  const kept = new Kept("https://warn.example/app/dueren/", undefined);
  const asked = answers(busy, { body: { active: false, token: "wt_1" } }, busy, { status: 204 });
  const tick = () => (mock.timers.tick(6999), waited.push(asked.length), mock.timers.tick(1));
  const ticking = setInterval(tick, 5);
  const told = [];
  await enrol(kept, "dueren", {}, subscribed(), [], (until) => told.push(until - Date.now()));
  await prove(kept, "q8Tz");
  clearInterval(ticking);
  assert.deepEqual(told, [7000]);
  assert.deepEqual(asked.map(([method]) => method), ["PUT", "PUT", "POST", "POST"]);
  assert.equal(asked[0][1], asked[1][1]);
  assert.ok(waited.includes(1), "not before its time");
});

test("it is not asked again for ever, nor where the service names no time", async () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  const kept = new Kept("https://warn.example/app/dueren/", undefined);
  const ticking = setInterval(() => mock.timers.tick(7000), 1);
  const asked = answers(...Array(9).fill(busy));
  await assert.rejects(enrol(kept, "dueren", {}, subscribed()), { type: "overloaded" });
  clearInterval(ticking);
  assert.equal(asked.length, 6);
  const once = answers(problem(503, "record-unavailable"));
  await assert.rejects(enrol(kept, "dueren", {}, subscribed()), { type: "record-unavailable" });
  assert.equal(once.length, 1);
});

test("leaving erases at the service first, and what is erased there already in the browser", async () => {
  const kept = new Kept("https://warn.example/app/dueren/", undefined);
  const there = subscribed();
  const manager = { getSubscription: async () => there };
  const before = { installation: "i", instance: "dueren", token: "wt_1" };
  await kept.write("subscriber", before);
  answers(problem(503, "record-unavailable"));
  await assert.rejects(leave(kept, manager), Refusal);
  assert.deepEqual([there.unsubscribe.mock.callCount(), await subscriberOf(kept)], [0, before]);
  for (const found of [{ status: 204 }, problem(401, "unauthenticated")]) {
    await kept.write("subscriber", before);
    answers(found);
    await leave(kept, manager);
    assert.equal(await subscriberOf(kept), undefined);
  }
});

test("what does not answer as the service is away", async () => {
  globalThis.fetch = async () => new Response("<html>", { status: 200 });
  await assert.rejects(ask("/v1/x"), Away);
  globalThis.fetch = () => Promise.reject(new TypeError("network"));
  await assert.rejects(ask("/v1/x"), Away);
  globalThis.fetch = async () => new Response("gateway", { status: 502 });
  await assert.rejects(ask("/v1/x"), Refusal);
});
