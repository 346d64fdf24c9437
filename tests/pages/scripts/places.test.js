// Choosing municipalities, and what comes next.

import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";

import { does, standing } from "./elements.js";
import { places } from "./places.js";
import { ABOUT, PLACE, list, opened, reset, restore, serve } from "./served.js";

const warning = { alert: "A1", headline: "Hochwasser", severity: "Severe", sent: new Date().toISOString(), expires: new Date(Date.now() + 3_600_000).toISOString() };
/** So many municipalities beside Düren. */
const many = (number) => Object.fromEntries(Array.from({ length: number }, (_, at) => [String(5_358_100 + at), `Ort ${at}`]));

beforeEach(() => {
  reset();
  location.hash = "";
});
afterEach(restore);

async function shown(more = 0) {
  serve("about.json", { ...ABOUT, names: { ...ABOUT.names, ...many(more) } });
  const app = await opened();
  return { app, main: standing(places(app)) };
}

async function ticks(main, ags = PLACE) {
  const box = main.querySelector(`#ags-${ags}`);
  box.checked = true;
  await does(box, "change");
}

test("what is ticked is named, and stays while a circle is drawn", async () => {
  const { app, main } = await shown();
  assert.equal(main.querySelector("#ticked").textContent, "");
  await ticks(main);
  assert.equal(main.querySelector("#ticked").textContent, "places_chosen Düren");
  const again = standing(places(app)); // after the view of the map
  assert.deepEqual([again.querySelector(`#ags-${PLACE}`).checked, again.querySelector("#ticked").textContent], [true, "places_chosen Düren"]);
});

test("a district's municipalities are all shown; of more they are searched, and what is not found is said", async () => {
  const { main: few } = await shown(39);
  assert.deepEqual([few.querySelector("#choices").children.length, few.querySelector("#search")], [40, null]);
  const { main } = await shown(40);
  const search = main.querySelector("#search");
  assert.equal(main.querySelector("#choices").children.length, 12);
  for (const [typed, number, said] of [["duer", 1, "places_found"], ["Birgel", 0, "places_nothing"]]) {
    search.value = typed;
    await does(search, "input", { target: search });
    assert.deepEqual([main.querySelector("#choices").children.length, main.querySelector("#found").textContent], [number, said]);
  }
});

for (const [what, alerts, next, isShown] of [["nothing is in force", [], "#/on", false], ["a warning is in force", [warning], "", true]])
  test(`who has chosen a place where ${what} is led to ${next || "the warning"}`, async () => {
    serve(`${PLACE}/alerts`, list({ alerts }));
    const { app, main } = await shown();
    let isDrawn = false;
    app.onChange = (moved) => (isDrawn ||= Boolean(moved));
    await ticks(main);
    await does(main.querySelector("form"), "submit");
    assert.deepEqual([app.wish.places, location.hash, isDrawn, app.choosing], [[PLACE], next, isShown, null]);
  });

test("of two circles both can be dropped, one after the other, though nothing is drawn between", async () => {
  const { app } = await shown();
  const [one, other] = [500, 1000].map((radius_m) => ({ in: PLACE, lat: 50.8, lon: 6.4, radius_m }));
  await app.want({ places: [PLACE], areas: [one, other] });
  const drops = standing(places(app)).all.filter((each) => each.getAttribute("class") === "second");
  let drawn = 0;
  app.onChange = (moved) => (drawn += moved ? 1 : 0);
  for (const drop of drops) await does(drop, "click");
  assert.deepEqual([drops.length, app.wish.areas, drawn], [2, [], 2]);
});
