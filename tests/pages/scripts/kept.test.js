import assert from "node:assert/strict";
import { mock, test } from "node:test";

import { Kept } from "./kept.js";

const SCOPE = "https://warn.example/app/dueren/";
const storage = () => {
  const stored = new Map();
  const cache = {
    match: async (url) => stored.get(url)?.clone(),
    put: async (url, response) => void stored.set(url, response),
    delete: async (url) => stored.delete(url),
  };
  return { open: async () => cache, stored };
};

test("what is written is read, by page and worker alike, until it is removed", async () => {
  const caches = storage();
  assert.equal(await new Kept(SCOPE, caches).write("wish", { places: ["05358008"] }), true);
  assert.deepEqual([...caches.stored.keys()], [`${SCOPE}kept/wish`]);
  const other = new Kept(SCOPE, caches);
  assert.deepEqual(await other.read("wish"), { places: ["05358008"] });
  await other.remove("wish");
  assert.equal(await other.read("wish"), undefined);
});

const full = () => Promise.reject(new DOMException("full", "QuotaExceededError"));
const unkind = {
  "there is none": undefined,
  "it is forbidden": { open: () => Promise.reject(new DOMException("no", "SecurityError")) },
  "it is full": { open: async () => ({ match: async () => undefined, put: full, delete: full }) },
  "it holds rubbish": { open: async () => ({ match: async () => new Response("{"), put: full, delete: full }) },
};
for (const [how, caches] of Object.entries(unkind))
  test(`where storage is unkind, values live as long as the page: ${how}`, async () => {
    const kept = new Kept(SCOPE, caches);
    assert.equal(await kept.read("wish"), undefined);
    assert.equal(await kept.write("wish", 1), false);
    assert.equal(await kept.read("wish"), 1);
    await kept.remove("wish");
    assert.equal(await kept.read("wish"), undefined);
  });

test("storage that hangs holds nobody up for longer than a second", async () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  const kept = new Kept(SCOPE, { open: () => new Promise(() => {}) });
  const written = kept.write("wish", 1);
  mock.timers.tick(1000);
  assert.equal(await written, false);
  assert.equal(await kept.read("wish"), 1);
  mock.timers.reset();
});
