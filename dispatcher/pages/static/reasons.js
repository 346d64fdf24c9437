// Why the person could not be subscribed, by the name of its words.

import { Away, Refusal } from "./client.js";
import { TooLate } from "./patience.js";

/** The same of a test that is sent to this browser. */
export function testReasonOf(error) {
  const own = { "rate-limited": "test_soon", conflict: "test_nothing" };
  return (error instanceof Refusal && own[error.type]) || reasonOf(error);
}

/** The name of the words for what kept something from being done. */
export function reasonOf(error) {
  if (error instanceof Away) return "away";
  if (error instanceof TooLate) return "push_silent";
  if (!(error instanceof Refusal)) return "push_refused";
  return { "rate-limited": "refused_often", "sign-ups-closed": "refused_closed", "not-found": "refused_closed" }[error.type] ?? "refused";
}
