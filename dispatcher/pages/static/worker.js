// The service worker: shows every push, brings codes back, renews the subscription, and has the page ready offline.

import { KEPT_HEADER, postReceipt } from "./client.js";
import { Kept } from "./kept.js";
import { FALLBACK_WORDS, decided, messageOf, screenOf } from "./notices.js";
import { within } from "./patience.js";
import { enrol, prove, pushSubscription, subscriberOf } from "./subscription.js";

const HANDLING_MS = 3000;
const RESCUE_MS = 1000; // 4 s with the above: iOS ends a worker that takes 10 s, and delays what comes next by minutes
const PAGE_PATIENCE_MS = 3000;
const SCOPE = self.registration.scope;
const FILES = `files ${SCOPE}`;

const keptHere = new Kept(SCOPE);
let known; // of each chain the newest; one value in memory, so that two handlers at once compare with the same
let showing = Promise.resolve();

self.addEventListener("push", (event) => {
  const message = messageOf(event.data?.text(), event.notification);
  const progress = { shown: false };
  event.waitUntil(within(HANDLING_MS, handle(message, progress)).catch(() => rescue(message, progress)));
});

async function handle(message, progress) {
  const [wish, words] = await Promise.all([keptHere.read("wish"), keptHere.read("words"), chains()]);
  const found = decided(message, known, Date.now());
  known = found.known;
  await show(found.shown, wish ?? {}, { ...FALLBACK_WORDS, ...words }, !found.isNew);
  progress.shown = true;
  await Promise.allSettled([
    keptHere.write("chains", known),
    ...found.closes.map(close),
    ...(message.round_trip
      ? [bringBack(message.code).then(tellPages)] // a page asks then how the subscription stands
      : [postReceipt(message.receipt, found.isNew ? "displayed" : "delivered"), tellPages()]),
  ]);
}

async function chains() {
  const read = await keptHere.read("chains");
  known ??= read ?? {};
}

/** One after the other: of two with the same tag the one that is shown last stays. */
function show(message, wish, words, again) {
  showing = showing.catch(() => {}).then(() => within(RESCUE_MS, onScreen(screenOf(message, wish, words, again))));
  return showing;
}

async function onScreen({ title, options }) {
  try {
    await self.registration.showNotification(title, options);
  } catch {
    const { body, tag, data } = options; // a browser that refuses an option shows the words all the same
    await self.registration.showNotification(title, { body, tag, data });
  }
}

/** What was not shown in time is shown as it came. */
async function rescue(message, progress) {
  if (progress.shown) return;
  await within(RESCUE_MS, onScreen(screenOf(message, {}, FALLBACK_WORDS))).catch(() => {});
}

async function close(tag) {
  for (const shown of await self.registration.getNotifications({ tag })) shown.close();
}

/** A code that cannot be brought back now is brought back by the page. It is kept first: a browser may end the worker
 * while it waits for its turn. */
async function bringBack(code) {
  await keptHere.write("code", code);
  await prove(keptHere, code).then(
    () => keptHere.remove("code"),
    () => {},
  );
}

async function tellPages() {
  for (const page of await self.clients.matchAll({ type: "window" })) page.postMessage({ changed: true });
}

self.addEventListener("notificationclick", (event) => {
  const { alert = "", receipt = "" } = event.notification.data ?? {};
  event.notification.close();
  event.waitUntil(Promise.all([open(alert), confirmed(alert, receipt)]));
});

async function open(alert) {
  const address = `${SCOPE}#${alert}`;
  for (const page of await self.clients.matchAll({ type: "window" })) {
    if (!page.url.startsWith(SCOPE)) continue;
    page.postMessage({ open: alert });
    return page.focus();
  }
  return self.clients.openWindow(address);
}

async function confirmed(alert, receipt) {
  const sent = await postReceipt(receipt, "confirmed");
  if (sent && alert) await keptHere.write(`confirmed/${alert}`, Date.now());
}

self.addEventListener("pushsubscriptionchange", (event) => event.waitUntil(renew(event)));

/** The old endpoint is dead: nobody is warned until the service knows the new one, or the person opens the page. */
async function renew(event) {
  try {
    const { instance, wish, endpoints, key } = await subscriberOf(keptHere);
    const subscription = event.newSubscription ?? (await pushSubscription(self.registration.pushManager, key));
    await enrol(keptHere, instance, wish, subscription, endpoints);
  } catch {
    const words = { ...FALLBACK_WORDS, ...(await keptHere.read("words")) };
    const { neutral } = (await keptHere.read("wish")) ?? {};
    await self.registration.showNotification(neutral ? words.neutral_title : words.renew_title, {
      body: neutral ? words.neutral_body : words.renew_body,
      lang: words.lang,
      tag: "renew",
    });
  }
}

// The page without the network: what it is made of is kept as it was last loaded.

self.addEventListener("install", (event) => event.waitUntil(Promise.allSettled([keepFiles(), self.skipWaiting()])));

self.addEventListener("activate", (event) => event.waitUntil(Promise.allSettled([dropOldFiles(), self.clients.claim()])));

/** One that cannot be had now is kept when it is next asked for: nothing of it keeps warnings from being shown. */
async function keepFiles() {
  const cache = await caches.open(FILES);
  await Promise.allSettled([SCOPE, ...BUILD.files, ...BUILD.own.map((name) => SCOPE + name)].map((file) => cache.add(file)));
}

async function dropOldFiles() {
  const cache = await caches.open(FILES);
  for (const { url } of await cache.keys()) {
    const { pathname } = new URL(url);
    if (pathname.startsWith("/assets/") && !pathname.startsWith(BUILD.assets)) await cache.delete(url);
  }
}

self.addEventListener("fetch", (event) => {
  const { method, mode, url } = event.request;
  const { origin, pathname } = new URL(url);
  if (method !== "GET" || origin !== new URL(SCOPE).origin) return;
  if (pathname.startsWith("/assets/")) event.respondWith(byName(event.request));
  else if (url.startsWith(SCOPE) && (mode === "navigate" || BUILD.own.includes(url.slice(SCOPE.length))))
    event.respondWith(freshOrKept(event));
});

/** A file's name says which version of it is meant, so what is kept by it is right for ever. */
async function byName(request) {
  const cache = await caches.open(FILES).catch(() => null);
  const found = await cache?.match(request);
  if (found) return found;
  const answer = await fetch(request);
  if (answer.ok) await cache?.put(request, answer.clone()).catch(() => {});
  return answer;
}

/** The service's answer, where it comes in time; else the one that was kept. */
async function freshOrKept(event) {
  const address = new URL(event.request.url).pathname;
  const cache = await caches.open(FILES).catch(() => null);
  const asked = fetch(event.request).then((answer) => {
    if (answer.ok && !answer.redirected) event.waitUntil(cache?.put(address, answer.clone()).catch(() => {}));
    return answer;
  });
  asked.catch(() => {}); // what is kept may have been answered before it fails
  const answer = await within(PAGE_PATIENCE_MS, asked).catch(() => null);
  if (answer && answer.status < 500) return answer;
  const kept = await cache?.match(address);
  return kept ? marked(kept) : asked;
}

/** An answer that was kept, marked as such: what time it was then is not the time. */
function marked({ body, status, statusText, headers }) {
  const all = new Headers(headers);
  all.set(KEPT_HEADER, "1");
  return new Response(body, { status, statusText, headers: all });
}
