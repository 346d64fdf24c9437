// Subscribes this browser to the warnings of an app, and goes on doing so at each start: endpoints change unasked.

import { Refusal, ask, askPatiently } from "./client.js";
import { within } from "./patience.js";

const SUBSCRIBE_PATIENCE_MS = 8000;
const SUBSCRIBE_TRIES = 3;
const SUBSCRIBER = "subscriber";

const base64url = (bytes) =>
  btoa(String.fromCharCode(...new Uint8Array(bytes)))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replace(/=+$/, "");

/** Returns the browser's push subscription by the service's key: the one there is, or a new one. The first attempt of
 * a fresh browser may hang for ever, so it is made again. */
export async function pushSubscription(pushManager, key) {
  const before = await within(SUBSCRIBE_PATIENCE_MS, pushManager.getSubscription());
  if (before && base64url(before.options.applicationServerKey) === key) return before;
  await before?.unsubscribe(); // it was made with another key
  const wanted = { userVisibleOnly: true, applicationServerKey: key };
  for (let tries = 1; ; tries++) {
    try {
      return await within(SUBSCRIBE_PATIENCE_MS, pushManager.subscribe(wanted));
    } catch (error) {
      if (tries === SUBSCRIBE_TRIES || error.name === "NotAllowedError") throw error;
    }
  }
}

/** Tells the service all that the person wants, and returns how the endpoints stand. An installation whose token is
 * lost begins anew under another id. `subscription` is the browser's own, null where it is told by none; `endpoints`
 * are those besides, which are kept here once the service has taken them. `waits`: see `askPatiently`. */
export async function enrol(kept, instance, wish, subscription, endpoints = [], waits = undefined) {
  const own = subscription ? [browsersOwn(subscription)] : [];
  const body = { ...wish, endpoints: [...own, ...endpoints] };
  const before = await kept.read(SUBSCRIBER);
  const now = { installation: crypto.randomUUID(), ...before, instance, wish };
  try {
    return await put(kept, now, body, endpoints, waits);
  } catch (error) {
    if (!(error instanceof Refusal && error.status === 401)) throw error;
    return put(kept, { ...now, installation: crypto.randomUUID(), token: "" }, body, endpoints, waits);
  }
}

function browsersOwn(subscription) {
  const { endpoint: address, keys } = subscription.toJSON();
  return { channel: "webpush", address, keys };
}

async function put(kept, subscriber, body, endpoints, waits) {
  await kept.write(SUBSCRIBER, subscriber); // if the answer is lost, the same installation asks again
  const asked = { method: "PUT", token: subscriber.token, body };
  const { body: state } = await askPatiently(subscriberPath(subscriber), asked, waits);
  const isKept = await kept.write(SUBSCRIBER, { ...subscriber, endpoints, token: state.token ?? subscriber.token });
  return { ...state, isKept };
}

export const subscriberPath = ({ instance, installation }) =>
  `/v1/instances/${instance}/subscribers/${encodeURIComponent(installation)}`;

/** Returns what is kept of the subscription, if there is one. */
export const subscriberOf = (kept) => kept.read(SUBSCRIBER);

/** Asks the service how the endpoints stand. */
export async function subscriptionState(kept) {
  const subscriber = await kept.read(SUBSCRIBER);
  const { body } = await ask(subscriberPath(subscriber), { token: subscriber.token });
  return body;
}

/** Brings a code back that came by a push or an SMS. */
export async function prove(kept, code) {
  const subscriber = await kept.read(SUBSCRIBER);
  await askPatiently(`${subscriberPath(subscriber)}/proof`, { method: "POST", token: subscriber.token, body: { code } });
}

/** Erases the subscription at the service, then in the browser. What the service no longer knows is erased. */
export async function leave(kept, pushManager) {
  const subscriber = await kept.read(SUBSCRIBER);
  try {
    if (subscriber?.token) await ask(subscriberPath(subscriber), { method: "DELETE", token: subscriber.token });
  } catch (error) {
    if (!(error instanceof Refusal && [401, 404].includes(error.status))) throw error;
  }
  await (await pushManager?.getSubscription())?.unsubscribe();
  await kept.remove(SUBSCRIBER);
}

/** Has an SMS with a code sent to the number that stands at this position of the endpoints. */
export async function askCode(kept, position) {
  const subscriber = await kept.read(SUBSCRIBER);
  await ask(`${subscriberPath(subscriber)}/code`, { method: "POST", token: subscriber.token, body: { position } });
}
