import assert from "node:assert/strict";
import { test } from "node:test";

import { callable } from "./contact.js";

const numbers = (text) => callable(text).map(({ number }) => number).filter(Boolean);

test("telephone numbers can be called, and what is around them stays text", () => {
  assert.deepEqual(callable("Bürgertelefon 02421 22-0, Mo-Fr 8-20 Uhr"), [
    { text: "Bürgertelefon ", number: null },
    { text: "02421 22-0", number: "02421220" },
    { text: ", Mo-Fr 8-20 Uhr", number: null },
  ]);
  assert.deepEqual(numbers("+49 (0)221 1234-56"), ["+49221123456"]);
  assert.deepEqual(numbers("0221/123456 oder 0800 1234567."), ["0221123456", "08001234567"]);
});

test("what is not strictly a number is none", () => {
  for (const text of [
    "",
    "01-12-2026",
    "08:00-20:00",
    "0800-2000 Uhr",
    "112",
    "id 0123456789012345678",
    "x0221123456",
    "https://x.example/0221123456",
    "warn@0221123456.example",
  ])
    assert.deepEqual(numbers(text), [], text);
  assert.deepEqual(callable("a"), [{ text: "a", number: null }]);
});
