import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { foreign } from "./foreign.js";
import { Texts } from "./texts.js";

const WORDS = { only_in: "Only in {language}.", response_Shelter: "Go inside.", response_AllClear: "It is over." };
const english = new Texts("en", WORDS, "Europe/Berlin");
const types = ["Shelter", "AllClear", "Shelter", "Execute", "__proto__"];

test("a warning that cannot be read says in which language it is, and what to do", () => {
  assert.deepEqual(foreign(english, { lang: "de-DE", response_types: types }, false), ["Only in German.", "Go inside."]);
  assert.deepEqual(foreign(english, { lang: "de" }, false), ["Only in German."]);
});

test("what is over is not acted upon any more, and what still is gives no all-clear", () => {
  assert.deepEqual(foreign(english, { lang: "de", response_types: types }, true), ["Only in German.", "It is over."]);
});

test("a warning in the person's language says nothing of it, nor one whose language is unknown", () => {
  for (const lang of ["en", "en-GB", undefined, "", "x y"]) assert.deepEqual(foreign(english, { lang, response_types: types }, false), []);
  assert.deepEqual(foreign(new Texts("de-simple", WORDS, "Europe/Berlin"), { lang: "de-DE" }, false), []);
});

test("a name is there for a language that the device has none for", () => {
  assert.deepEqual(foreign(english, { lang: "qaa" }, false), ["Only in qaa."]);
});
