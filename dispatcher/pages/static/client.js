// Asks the service, with an end to every wait. What went wrong is one of two things: nobody answered, or it was refused.

const ANSWER_PATIENCE_MS = 8000;
const PATIENT_TRIES = 6;
/** The service says five minutes at most; what says more is not our service. */
const LONGEST_WAIT_MS = 300_000;
/** The header by which the worker marks what it has kept: its `Date` is of the past. */
export const KEPT_HEADER = "Warn-Kept";

/** Nobody answered in time, or the answer is not the service's. */
export class Away extends Error {}

/** The service has refused. `type` is the last part of the problem's name, such as `rate-limited`; `reason` its own;
 * `codes` are those of what is wrong with what was sent; `retryAfter` is in seconds. */
export class Refusal extends Error {
  constructor(status, { type = "", title = "", title_de = "", reason = "", errors = [] } = {}, retryAfter = 0) {
    super(title || `HTTP ${status}`);
    this.status = status;
    this.type = String(type).split(":").pop();
    this.german = title_de;
    this.reason = reason;
    this.codes = Array.isArray(errors) ? errors.map((error) => error?.code) : [];
    this.retryAfter = retryAfter;
  }
}

/** Whether the answer may be another one later: nobody answered, the service cannot now, or too many ask at once. */
export const isForNow = (error) => error instanceof Away || (error instanceof Refusal && (error.status >= 500 || error.status === 429));

/** As `ask`, and asks again, when the service says, where very many ask: each of them so often. `waits` is called with
 * when that is (milliseconds). */
export async function askPatiently(address, options, waits = () => {}) {
  for (let tries = 1; ; tries++) {
    try {
      return await ask(address, options);
    } catch (error) {
      if (error.status !== 503 || !error.retryAfter || tries === PATIENT_TRIES) throw error;
      const wait = Math.min(error.retryAfter * 1000, LONGEST_WAIT_MS);
      waits(Date.now() + wait);
      await new Promise((resolve) => setTimeout(resolve, wait));
    }
  }
}

/** Returns `{body, date}` of a 2xx answer: its JSON, and when the service says it is (milliseconds; NaN if it does not, or
 * the worker has kept the answer).
 * Throws `Away` or `Refusal`. */
export async function ask(address, { method = "GET", token = "", body, patience = ANSWER_PATIENCE_MS } = {}) {
  const answer = await reached(address, {
    method,
    cache: "no-cache", // what was answered a moment ago is not what is known now
    headers: token ? { Authorization: `Bearer ${token}` } : {},
    signal: AbortSignal.timeout(patience),
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  if (!answer.ok) {
    const problem = await answer.json().catch(() => ({}));
    throw new Refusal(answer.status, problem ?? {}, Number(answer.headers.get("Retry-After")) || 0);
  }
  const date = answer.headers.has(KEPT_HEADER) ? NaN : Date.parse(answer.headers.get("Date") ?? "");
  if (answer.status === 204) return { body: null, date };
  try {
    return { body: await answer.json(), date };
  } catch {
    throw new Away("what answered is not the service");
  }
}

async function reached(address, options) {
  try {
    return await fetch(address, options);
  } catch (error) {
    throw new Away(String(error));
  }
}

/** Says what became of a message on this device. Nothing that is promised depends on it: it is tried once. */
export function postReceipt(receipt, state) {
  if (!receipt) return Promise.resolve(false);
  return ask("/v1/receipts", { method: "POST", body: { receipt, state }, patience: 3000 }).then(
    () => true,
    () => false,
  );
}
