import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";

import { App } from "./app.js";
import { Browser } from "./browser.js";
import { Refusal } from "./client.js";
import { noteServiceTime } from "./clock.js";
import { Kept } from "./kept.js";
import { forgetNumber, forgetUnproven, giveCode, giveNumber, inWords, isSent, numberOf, sendCode } from "./numbers.js";
import { Texts } from "./texts.js";

const SCOPE = "https://warn.example/app/dueren/";
const NUMBER = "0151 123 456 78";
const CODE = "123456";
const PATH = "/v1/instances/dueren/subscribers/";
const stored = () => {
  const found = new Map();
  const cache = {
    match: async (url) => found.get(url)?.clone(),
    put: async (url, response) => void found.set(url, response),
    delete: async (url) => found.delete(url),
  };
  const all = async () => (await Promise.all([...found.values()].map((one) => one.clone().text()))).join(" ");
  return { open: async () => cache, all };
};

/** What the service answers, by its own rules: a number waits until its code came back. */
class Service {
  asked = [];
  endpoints = [];
  proven = new Set();
  answer = "accepted";
  refuses = {};
  sent = null; // what was wanted last

  fetch = async (address, { method, body }) => {
    const sent = body ? JSON.parse(body) : undefined;
    const path = address.startsWith(PATH) ? (address.slice(PATH.length).split("/")[1] ?? "") : address;
    this.asked.push(`${method} ${path}`);
    const refused = this.refuses[path];
    if (refused) return new Response(JSON.stringify(refused.body), { status: refused.status, headers: refused.headers ?? {} });
    if (method === "PUT") [this.endpoints, this.sent] = [sent.endpoints, sent];
    if (method === "DELETE") this.endpoints = [];
    if (path === "proof" && sent.code !== CODE) return new Response('{"type":"urn:x:code-refused"}', { status: 422 });
    if (path === "proof") this.proven.add(NUMBER);
    if (method === "DELETE" || path === "proof") return new Response(null, { status: 204 });
    return new Response(JSON.stringify(this.#state(method === "PUT")), { status: 200 });
  };

  #state(isNew) {
    const endpoints = this.endpoints.map(({ channel, address }, position) => {
      const active = channel === "webpush" || this.proven.has(address);
      return { channel, position, state: active ? "active" : "waiting", answer: active ? null : this.answer, last_confirmed: null };
    });
    return { active: endpoints.some(({ state }) => state === "active"), endpoints, token: isNew ? "wt_1" : null };
  }
}

let service, app, storage;
const opened = async (page = { navigator: {} }) => {
  const one = new App({ instance: "dueren", scope: SCOPE, assets: "/", kept: new Kept(SCOPE, storage), browser: new Browser(page) });
  one.about = { spoken: ["de"], sms: true, names: {} };
  one.texts = new Texts("de", { sms_limit: "ab {time}", sms_invalid: "keine Nummer", away: "fort", refused: "nein" }, "Europe/Berlin");
  one.wish = { ...one.wish, places: ["05358008"] };
  one.subscriber = (await one.kept.read("subscriber")) ?? null;
  return one;
};
const real = globalThis.fetch;
beforeEach(async () => {
  service = new Service();
  storage = stored();
  app = await opened();
  globalThis.fetch = service.fetch;
});
afterEach(() => {
  globalThis.fetch = real;
  noteServiceTime(Date.now());
});

test("a number is told once its code came back; the browser needs no push for it", async () => {
  await giveNumber(app, NUMBER);
  assert.deepEqual([await isSent(app), numberOf(app), app.reach()], [true, { active: false, ending: "678" }, "unable"]);
  assert.equal(await giveCode(app, "000000"), false);
  assert.equal(await giveCode(app, CODE), true);
  assert.deepEqual([numberOf(app), app.reach(), app.pushes], [{ active: true, ending: "678" }, "sms", false]);
  assert.ok(!service.asked.includes("GET /v1/webpush/key?instance=dueren"));
});

test("at the next start it is named again, as all that is wanted is, and known without the service", async () => {
  await giveNumber(app, NUMBER);
  await giveCode(app, CODE);
  app = await opened();
  assert.equal(app.reach(), "sms");
  await app.renew();
  await forgetUnproven(app);
  assert.deepEqual(service.endpoints, [{ channel: "sms", address: NUMBER }]);
  assert.ok(Math.abs(app.subscriber.toldAt - Date.now()) < 60_000, "and when the service said so");
});

test("what is ended is kept nowhere any more", async () => {
  await giveNumber(app, NUMBER);
  assert.ok((await storage.all()).includes(NUMBER));
  await forgetNumber(app);
  assert.equal(service.asked.at(-1), "DELETE ");
  assert.ok(!(await storage.all()).includes(NUMBER));
  assert.equal(app.subscriber, null);
});

test("where the browser is told besides, only the number ends", async () => {
  await app.note({ installation: "i", instance: "dueren", token: "wt_1", push: true, endpoints: [{ channel: "sms", address: NUMBER }] });
  globalThis.fetch = async (address, options) => (address.startsWith("/v1/webpush") ? new Response('{"application_server_key":"AAAA"}') : service.fetch(address, options));
  const subscription = { options: { applicationServerKey: new Uint8Array(3) }, toJSON: () => ({ endpoint: "https://push.example/1", keys: {} }) };
  const ready = Promise.resolve({ pushManager: { getSubscription: async () => subscription } });
  app.browser = new Browser({ navigator: { serviceWorker: { ready } }, PushManager: {}, Notification: { permission: "granted" } });
  await app.enrol();
  assert.deepEqual(service.endpoints.map(({ channel }) => channel), ["webpush", "sms"]);
  assert.equal(app.reach(), "on");
  await forgetNumber(app);
  assert.deepEqual(service.endpoints.map(({ channel }) => channel), ["webpush"]);
  assert.ok(!(await storage.all()).includes(NUMBER));
});

/** An app in a browser that takes pushes. */
async function pushed(scope) {
  globalThis.fetch = async (address, options) => (address.startsWith("/v1/webpush") ? new Response('{"application_server_key":"AAAA"}') : service.fetch(address, options));
  const subscription = { options: { applicationServerKey: new Uint8Array(3) }, toJSON: () => ({ endpoint: `https://push.example/${scope}`, keys: {} }) };
  const ready = Promise.resolve({ pushManager: { getSubscription: async () => subscription } });
  const one = await opened({ navigator: { serviceWorker: { ready } }, PushManager: {}, Notification: { permission: "granted" } });
  Object.assign(one, { scope, instance: scope.split("/").at(-2), kept: new Kept(scope, storage), subscriber: null });
  return one;
}

test("two apps here name one device, so that it is alarmed once, but no app that is silent or has a number", async () => {
  const named = async (one, wish = {}, endpoints = []) => {
    Object.assign(one.wish, wish);
    await one.enrol({ push: true, endpoints });
    return service.sent.device;
  };
  const dueren = await named(await pushed("https://warn.example/app/dueren/"));
  assert.ok(dueren.length >= 36 && dueren.length <= 128, "128 random bits and more");
  assert.equal(await named(await pushed("https://warn.example/app/juelich/")), dueren);
  assert.equal(await named(await pushed("https://warn.example/app/titz/"), { silent: true }), undefined);
  assert.equal(await named(await pushed("https://warn.example/app/inden/"), {}, [{ channel: "sms", address: NUMBER }]), undefined);
  storage = { open: () => Promise.reject(new Error("forbidden")) };
  assert.equal(await named(await pushed("https://warn.example/app/inden/")), undefined);
});

test("notifications that are taken away do not end the SMS", async () => {
  await giveNumber(app, NUMBER);
  await giveCode(app, CODE);
  await app.note({ push: true });
  const denied = { navigator: { serviceWorker: { ready: new Promise(() => {}) } }, PushManager: {}, Notification: { permission: "denied" } };
  app.browser = new Browser(denied);
  await app.want({ drills: true });
  assert.deepEqual([service.endpoints.map(({ channel }) => channel), app.reach(), app.pushReach()], [["sms"], "sms", "denied"]);
});

test("a number that the service refuses is not kept", async () => {
  service.refuses[""] = { status: 422, body: { errors: [{ code: "number_invalid" }] } };
  const error = await giveNumber(app, "12").catch((found) => found);
  assert.ok(error instanceof Refusal);
  assert.equal(inWords(app.texts, error), "keine Nummer");
  assert.deepEqual([numberOf(app), (await storage.all()).includes('"12"')], [null, false]);
});

test("that there were too many codes is said with when there may be the next", async () => {
  service.refuses.code = { status: 429, headers: { "Retry-After": "3600" }, body: { type: "urn:x:rate-limited", reason: "limit_number" } };
  noteServiceTime(Date.parse("2026-11-28T12:00:00Z"));
  const error = await giveNumber(app, NUMBER).catch((found) => found);
  assert.match(inWords(app.texts, error), /^ab .*28\. November.* 14:00$/);
  assert.equal(inWords(app.texts, new Refusal(503)), "nein");
});

test("that the gateway sent none is said", async () => {
  service.answer = "limit_month";
  await giveNumber(app, NUMBER);
  assert.equal(await isSent(app), false);
  service.answer = null;
  mock.timers.enable({ apis: ["setTimeout"] });
  const waits = isSent(app);
  for (let turn = 0; turn < 200; turn++) {
    await new Promise(setImmediate);
    mock.timers.tick(1500);
  }
  assert.equal(await waits, true, "it may still come");
  mock.timers.reset();
});

test("one that nobody proves is forgotten at the first start after its code", async () => {
  await giveNumber(app, NUMBER);
  const began = Date.now();
  for (const [minutes, known] of [[14, true], [16, false]]) {
    noteServiceTime(began + minutes * 60_000);
    app = await opened();
    await app.renew();
    await forgetUnproven(app);
    assert.equal((await storage.all()).includes(NUMBER), known, `${minutes} min`);
  }
});

test("one that was ended elsewhere, as by STOP, is forgotten at the next start", async () => {
  await giveNumber(app, NUMBER);
  await giveCode(app, CODE);
  service.proven.clear();
  noteServiceTime(Date.now() + 86_400_000);
  app = await opened();
  await app.renew();
  await forgetUnproven(app);
  assert.deepEqual([numberOf(app), app.reach()], [null, "unable"]);
  assert.ok(!(await storage.all()).includes(NUMBER));
});

test("while the service is away the number stays, as the service has it", async () => {
  await giveNumber(app, NUMBER);
  globalThis.fetch = () => Promise.reject(new TypeError("network"));
  noteServiceTime(Date.now() + 86_400_000);
  app = await opened();
  await app.renew();
  await forgetUnproven(app);
  assert.equal(numberOf(app)?.ending, "678");
});

test("a new code ends the one before, and of a number that is told already there is none", async () => {
  await giveNumber(app, NUMBER);
  await sendCode(app);
  await giveCode(app, CODE);
  await sendCode(app);
  assert.equal(service.asked.filter((one) => one === "POST code").length, 2);
  assert.equal(numberOf(app).active, true);
});
