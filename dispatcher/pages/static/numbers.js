// Warnings by SMS: a number, the code that proves it, and its end. It stands in this browser no longer than the service
// tells it, as all that is wanted is sent again at each start; one that nobody proves, for as long as its code holds.

import { Refusal } from "./client.js";
import { now } from "./clock.js";
import { reasonOf } from "./reasons.js";
import { askCode, prove } from "./subscription.js";

const SMS = "sms";
const CODE_HOLDS_MS = 15 * 60_000;
const ANSWER_POLL_MS = 1500;
const ANSWER_LOOKS = 7; // 9 s: longer than a gateway takes that has nothing else to do
const SHOWN_DIGITS = 3;
const IN_WORDS = { number_invalid: "sms_invalid", number_foreign: "sms_foreign", number_not_mobile: "sms_not_mobile", channel_not_offered: "sms_closed" };

/** The number that the person has given: `active`, whether warnings go there; `ending`, what is shown of it. */
export function numberOf({ endpoints, subscriber }) {
  const found = endpoints.find(({ channel }) => channel === SMS);
  if (!found) return null;
  return { active: Boolean(subscriber.sms?.active), ending: found.address.replace(/\D/g, "").slice(-SHOWN_DIGITS) };
}

/** Gives the service a number and has a code sent there. Throws `Away` or `Refusal`. */
export async function giveNumber(app, address) {
  const others = app.endpoints.filter(({ channel }) => channel !== SMS);
  await app.enrol({ endpoints: [...others, { channel: SMS, address }] });
  await sendCode(app);
}

/** Has a code sent to the number; the one before holds no more. Throws `Away` or `Refusal`. */
export async function sendCode(app) {
  await app.note({ sms: { active: false, asked: now() } });
  const { position, state } = endpointOf(app);
  if (state === "active") return app.readState();
  await askCode(app.kept, position);
}

const endpointOf = ({ state }) => state?.endpoints.find(({ channel }) => channel === SMS) ?? {};

/** Waits for what the gateway says of the code. Whether it may be on its way: false where it said that it is not. */
export async function isSent(app) {
  for (let looks = 0; looks < ANSWER_LOOKS; looks++) {
    if (looks) await new Promise((done) => setTimeout(done, ANSWER_POLL_MS));
    await app.readState();
    const { answer, state } = endpointOf(app);
    if (answer || state === "active") return [null, "accepted"].includes(answer);
  }
  return true;
}

/** Brings back the digits that were typed. Whether they were right. Throws `Away` or `Refusal`. */
export async function giveCode(app, digits) {
  try {
    await prove(app.kept, digits);
  } catch (error) {
    if (error instanceof Refusal && error.type === "code-refused") return false;
    throw error;
  }
  await app.readState();
  return true;
}

/** Ends SMS to the number, and forgets it. Throws `Away` or `Refusal`. */
export async function forgetNumber(app) {
  if (app.pushes) await app.enrol({ endpoints: app.endpoints.filter(({ channel }) => channel !== SMS) });
  else await app.switchOff();
}

/** At each start: forgets a number that nobody has proven in time, or that was ended elsewhere, as by STOP. */
export async function forgetUnproven(app) {
  const number = numberOf(app);
  const asked = app.subscriber?.sms?.asked ?? 0;
  if (!app.state || !number || number.active || now() - asked < CODE_HOLDS_MS) return;
  await forgetNumber(app).catch(() => {}); // at the next start, then
}

/** Says in words what kept a code from being sent. */
export function inWords(texts, error) {
  if (!(error instanceof Refusal)) return texts.say(reasonOf(error));
  const name = error.codes.map((one) => IN_WORDS[one]).find(Boolean);
  if (name) return texts.say(name);
  const isLimited = String(error.reason).startsWith("limit_");
  return isLimited ? texts.say("sms_limit", { time: texts.moment(now() + error.retryAfter * 1000) }) : texts.say(reasonOf(error));
}
