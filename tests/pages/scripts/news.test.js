import assert from "node:assert/strict";
import { test } from "node:test";

import { news } from "./news.js";

const one = (alert, chain = alert) => ({ alert, chain, headline: `Meldung ${alert}` });
const heard = (warnings = [], more = {}) => ({ warnings, followed: ["05358008"], isAway: false, ...more });
const said = (before, after) => news(before, after).map(({ name, headline = "" }) => [name, headline]);

test("new warnings, updates and ends are each said as what they are, and what stays is not said again", () => {
  assert.deepEqual(said(heard(), heard([one("A")])), [["new_warning", "Meldung A"]]);
  assert.deepEqual(said(heard([one("A")]), heard([one("B", "A")])), [["updated_warning", "Meldung B"]]);
  assert.deepEqual(said(heard([one("A")]), heard()), [["ended_warning", "Meldung A"]]);
  assert.deepEqual(said(heard([one("A"), one("B")]), heard([one("B")])), [["ended_warning", "Meldung A"]]);
  assert.deepEqual(said(heard([one("A")]), heard([one("A")])), []);
  assert.deepEqual(said(heard([{ alert: "A" }]), heard([{ alert: "B", headline: "b" }])).map(([name]) => name), ["new_warning", "ended_warning"]);
});

test("that nobody answers is said once, and when they do again", () => {
  const away = heard([one("A")], { isAway: true });
  assert.deepEqual(said(heard([one("A")]), away), [["gone_away", ""]]);
  assert.deepEqual(said(away, away), []);
  assert.deepEqual(said(away, heard([one("A")])), [["came_back", ""]]);
});

test("a warning of a place that is followed no longer is not said to be over", () => {
  assert.deepEqual(said(heard([one("A")]), heard([], { followed: ["05358012"] })), []);
  assert.deepEqual(said(heard([one("A")]), heard([one("B")], { followed: ["05358008", "05358012"] })).map(([name]) => name), ["new_warning", "ended_warning"]);
});
