// The script of an alert's page before a service that says what a test wants, on a clock of its own.

import assert from "node:assert/strict";
import { beforeEach, mock, test } from "node:test";

let asked; // the requests, in their order
let parts;
let number = 0;
let held = false; // whether somebody has hand or focus on a part

/** A part of a page, which says so of the alert. */
const part = (said = "") => ({
  dataset: { said, asOf: "", every: 5 },
  contains: () => false,
  matches: () => held,
  querySelectorAll: () => [],
  replaceWith(after) {
    for (const name of Object.keys(parts)) if (parts[name] === this) parts[name] = after;
  },
});

class Request {
  constructor() {
    asked.push(this);
  }

  open(_method, address) {
    this.address = address;
  }

  setRequestHeader() {}
  send() {}

  /** Answers with these parts. */
  answer(found) {
    this.status = 200;
    this.response = { getElementById: (id) => found[id] ?? null };
    this.onload();
    this.onloadend();
  }
}

const wait = (ms) => mock.timers.tick(ms);
const progress = "/console/live/alerts/A/progress";

beforeEach(async () => {
  mock.timers.reset();
  mock.timers.enable({ apis: ["setTimeout", "setInterval", "Date"] });
  asked = [];
  held = false;
  parts = { "no-connection": part(), news: {}, head: part("going out"), "how-far": part(), coverage: part() };
  globalThis.XMLHttpRequest = Request;
  globalThis.location = { pathname: "/console/live/alerts/A", reload: mock.fn() };
  globalThis.document = {
    addEventListener() {},
    getElementById: (id) => parts[id] ?? null,
    importNode: (found) => found,
  };
  await import(`./alert.js?${(number += 1)}`);
});

test("what is dear is asked for each half minute, and as soon as the alert says something else", () => {
  wait(5_000);
  assert.deepEqual([asked.length, asked[0].address], [1, progress]);
  const coverage = part();
  asked[0].answer({ head: part("settled"), "how-far": { ...part(), dataset: { every: 30 } } });
  wait(1_000);
  assert.deepEqual([asked.length, asked[1].address], [2, `${progress}?seldom=1`]);
  asked[1].answer({ head: part("settled"), "how-far": part(), coverage });
  assert.equal(parts.coverage, coverage);
  wait(25_000);
  const later = asked.slice(2).map((one) => one.address);
  assert.deepEqual(later, [progress], "it waits for the answer to that");
});

test("what somebody has the hand on stays, so that no button changes below it", () => {
  wait(30_000);
  held = true;
  const [before, coverage] = [parts.coverage, part()];
  for (const one of asked) one.answer({ head: part("going out"), "how-far": part(), coverage });
  assert.equal(parts.coverage, before);
});

for (const act of ["replay", "withdraw"]) {
  test(`a page that says what became of ${act} asks for the alert's progress, and stays`, async () => {
    globalThis.location = { pathname: `/console/live/alerts/A/${act}`, reload: mock.fn() };
    await import(`./alert.js?${(number += 1)}`);
    wait(5_000);
    assert.equal(asked.at(-1).address, progress);
  });
}
