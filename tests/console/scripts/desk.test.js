// The desk's script before a stream and a service that say what a test wants, on a clock of its own.

import assert from "node:assert/strict";
import { beforeEach, mock, test } from "node:test";

let asked; // the requests for the page, in their order
let source;
let number = 0;

class Stream {
  static CLOSED = 2;
  readyState = 1;
  heard = {};

  constructor() {
    source = this;
  }

  addEventListener(name, does) {
    this.heard[name] = does;
  }
}

class Request {
  constructor() {
    asked.push(this);
  }

  open() {}
  setRequestHeader() {}
  send() {}

  /** Answers with a page of the desk, or a status without one; 0 is no answer at all. */
  answer(status) {
    this.status = status;
    this.response = { getElementById: () => (status === 200 ? desk() : null) };
    if (status) this.onload();
    this.onloadend();
  }
}

const desk = () => ({ dataset: { said: "" }, contains: () => false, replaceWith() {}, querySelectorAll: () => [], classList: { toggle() {} } });
const says = (version) => source.heard.desk({ data: version });
const wait = (ms) => mock.timers.tick(ms);

beforeEach(async () => {
  mock.timers.reset();
  mock.timers.enable({ apis: ["setTimeout", "setInterval", "Date"] });
  asked = [];
  const parts = { lost: { dataset: { lost: "", away: "", changed: "" } }, news: {}, desk: desk() };
  Object.assign(globalThis, { EventSource: Stream, XMLHttpRequest: Request, addEventListener() {} });
  globalThis.location = { href: "/console/live/desk", reload: mock.fn() };
  globalThis.document = { documentElement: { lang: "de" }, getElementById: (id) => parts[id], importNode: desk };
  await import(`./desk.js?${(number += 1)}`);
});

test("what is said while the page is asked for is asked for then", () => {
  says("1");
  says("2");
  assert.equal(asked.length, 1);
  asked[0].answer(200);
  wait(0);
  assert.equal(asked.length, 2);
  asked[1].answer(200);
  wait(60_000);
  assert.equal(asked.length, 2);
});

for (const status of [0, 429, 503])
  test(`a page that does not come is asked for again until it does: ${status}`, () => {
    says("1");
    for (const many of [1, 2, 3]) {
      assert.equal(asked.length, many);
      asked.at(-1).answer(many < 3 ? status : 200);
      wait(3_000);
    }
    assert.equal(asked.length, 3);
    assert.equal(location.reload.mock.callCount(), 0);
  });

test("what is the page already is not asked for, and after a stream that was refused everything is", () => {
  says("1");
  asked[0].answer(200);
  says("1");
  wait(0);
  assert.equal(asked.length, 1);
  source.readyState = Stream.CLOSED;
  source.heard.error();
  wait(3_000);
  assert.equal(asked.length, 2);
});

test("whoever may see it no more is told why", () => {
  says("1");
  asked[0].answer(403);
  wait(60_000);
  assert.deepEqual([asked.length, location.reload.mock.callCount()], [1, 1]);
});
