import assert from "node:assert/strict";
import { test } from "node:test";

import { HEADLINE_MAX, headline, inLines, plain, shortened } from "./plain.js";

test("a text of others cannot turn what is around it, nor hide anything", () => {
  const signs = "\u202A\u202B\u202C\u202D\u202E\u2066\u2067\u2068\u2069\u200E\u200F\u061C\u200B\u2060\uFEFF\u2028\u2029\u0000\u0007\u001B\u0085";
  for (const sign of signs) assert.equal(plain(`a${sign}b`), "a b", sign.codePointAt(0).toString(16));
  assert.equal(plain("a\nb"), "a\nb");
  assert.equal(plain("حريق große Gefahr 🔥 e\u0301"), "حريق große Gefahr 🔥 e\u0301");
  for (const none of [null, undefined, "", " \u202E "]) assert.equal(plain(none), "");
});

test("a headline is one line of bounded length, whatever was sent", () => {
  const cut = headline("x".repeat(10_240));
  assert.deepEqual([Array.from(cut).length, cut.at(-1)], [HEADLINE_MAX, "…"]);
  assert.equal(headline("eins\n\n zwei"), "eins zwei");
  assert.equal(headline("🔥".repeat(200)), `${"🔥".repeat(HEADLINE_MAX - 1)}…`, "no sign is cut in two");
  assert.equal(shortened("x".repeat(10), 10), "x".repeat(10));
});

test("what to do keeps its lines, and no more of them than have words", () => {
  assert.equal(inLines("Fenster zu.\r\n\n\n  Radio an. \n", 300), "Fenster zu.\nRadio an.");
  assert.equal(inLines("a\nb".repeat(200), 10).length, 10);
});
