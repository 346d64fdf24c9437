import assert from "node:assert/strict";
import { test } from "node:test";

import { clockError, noteServiceTime, now } from "./clock.js";
import { Texts, languageOf } from "./texts.js";

const WORDS = { old: "{time} ({age})", clock: "{time} Uhr", age_now: "jetzt", time_unknown: "?" };

test("words of others stand in their places, and are not looked into", () => {
  const texts = new Texts("de", WORDS, "Europe/Berlin");
  assert.equal(texts.say("old", { time: "{age}", age: "$&" }), "{age} ($&)");
  assert.equal(texts.say("no such words"), "no such words");
  assert.deepEqual(texts.parts("old", { time: 1, age: 2 }), ["", 1, " (", 2, ")"]);
});

test("times are those of the place, whatever the device's zone", () => {
  const texts = new Texts("de", WORDS, "Europe/Berlin");
  assert.match(texts.moment(Date.parse("2026-11-28T02:00:00Z")), /28\. November.*03:00 Uhr/);
  assert.equal(texts.moment(Number.NaN), "?");
  assert.match(new Texts("ar", {}, "Europe/Berlin").moment(Date.parse("2026-11-28T02:00:00Z")), /28/);
});

test("the day has 24 hours in every language, as on clocks here, and digits are those on them", () => {
  for (const language of ["de", "en", "ar", "tr", "uk"]) {
    const said = new Texts(language, {}, "Europe/Berlin").moment(Date.parse("2026-11-28T18:05:00Z"));
    assert.match(said, /28/);
    assert.match(said, /19:05/);
    assert.doesNotMatch(said, /[AP]M|[صم]$/);
    assert.match(new Texts(language, {}, "Europe/Berlin").moment(Date.parse("2026-11-28T23:05:00Z")), /00:05/);
  }
  assert.deepEqual(["de", "en", "ar"].map((language) => new Texts(language, {}, "Europe/Berlin").number(0.5)), ["0,5", "0.5", "0.5"]);
});

test("ages are one number, and never negative", () => {
  const texts = new Texts("de", WORDS, "Europe/Berlin");
  const ages = [-5000, 20_000, 60_000, 119 * 60_000, 3 * 3_600_000, 50 * 3_600_000];
  assert.deepEqual(ages.map((age) => texts.age(age)), ["jetzt", "jetzt", "vor 1 Minute", "vor 119 Minuten", "vor 3 Stunden", "vor 2 Tagen"]);
  assert.equal(new Texts("de-simple", WORDS, "Europe/Berlin").age(60_000), "vor 1 Minute");
  const ukrainian = new Texts("uk", WORDS, "Europe/Berlin");
  assert.deepEqual([1, 3, 5].map((minutes) => ukrainian.age(minutes * 60_000)), ["1 хвилину тому", "3 хвилини тому", "5 хвилин тому"]);
  assert.match(new Texts("ar", WORDS, "Europe/Berlin").age(15 * 60_000), /15 دقيقة/);
});

test("the first language that there are words in, German else", () => {
  assert.deepEqual(
    [["ar-EG"], ["fr", "en-GB"], ["xx"], [], ["de-simple"], ["UK"]].map(languageOf),
    ["ar", "en", "de", "de", "de-simple", "uk"],
  );
});

test("the service's clock counts where the device's is a day off", () => {
  assert.equal(clockError(), -0);
  const own = Date.now();
  noteServiceTime(own - 86_400_000, own);
  assert.ok(Math.abs(now() - (Date.now() - 86_400_000)) < 1000);
  assert.equal(clockError(), 86_400_000);
  noteServiceTime(Number.NaN);
  assert.equal(clockError(), 86_400_000);
});
