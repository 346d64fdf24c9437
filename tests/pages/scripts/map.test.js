import assert from "node:assert/strict";
import { test } from "node:test";

import { Projection, distance, middleOf, placeAt, ringsOf } from "./map.js";

const BOUNDS = [6, 50, 7, 51];

test("the drawing is as wide as high on the ground, and leads back to degrees", () => {
  const projection = new Projection(BOUNDS);
  assert.deepEqual(projection.point(6, 51), [0, 0]);
  const [x, y] = projection.point(7, 50);
  assert.ok(Math.abs(x - 1000) < 1e-6 && y > 1500 && y <= projection.height);
  const { lon, lat } = projection.degrees(...projection.point(6.48, 50.8));
  assert.ok(Math.abs(lon - 6.48) < 1e-9 && Math.abs(lat - 50.8) < 1e-9);
  const [, north] = projection.point(6, 50.5 + 1 / 111.195);
  const [, south] = projection.point(6, 50.5);
  assert.ok(Math.abs(south - north - projection.metres(1000)) < 1e-6);
});

test("how far two points are is told in metres, to the east as to the north", () => {
  assert.ok(Math.abs(distance({ lat: 50, lon: 6 }, { lat: 50.01, lon: 6 }) - 1111.95) < 1);
  assert.ok(Math.abs(distance({ lat: 50, lon: 6 }, { lat: 50, lon: 6.01 }) - 714.75) < 1);
  assert.equal(distance({ lat: 50, lon: 6 }, { lat: 50, lon: 6 }), 0);
});

test("a point lies in one municipality, in the hole of another, or in none", () => {
  const square = (low, high) => [low, low + 44, high, low + 44, high, high + 44, low, high + 44, low, low + 44];
  const map = { places: { outer: [square(6, 7), square(6.4, 6.6)], inner: [square(6.4, 6.6)] } };
  assert.equal(placeAt(map, { lon: 6.1, lat: 50.1 }), "outer");
  assert.equal(placeAt(map, { lon: 6.5, lat: 50.5 }), "inner");
  assert.equal(placeAt(map, { lon: 5, lat: 50.5 }), undefined);
});

test("areas of GeoJSON are rings, and what is no area is none", () => {
  const ring = [[6, 50], [7, 50], [7, 51], [6, 50]];
  assert.deepEqual(ringsOf({ type: "Polygon", coordinates: [ring, ring] }).length, 2);
  assert.deepEqual(ringsOf({ type: "MultiPolygon", coordinates: [[ring], [ring, ring]] }).length, 3);
  assert.deepEqual(ringsOf({ type: "Polygon", coordinates: [ring] })[0].slice(0, 4), [6, 50, 7, 50]);
  for (const none of [null, undefined, {}, { type: "Point", coordinates: [6, 50] }]) assert.deepEqual(ringsOf(none), []);
});

test("the middle of a municipality lies in it, also of one that is bent, has a hole, or is in two parts", () => {
  const shapes = {
    square: [[6, 50, 7, 50, 7, 51, 6, 51, 6, 50]],
    bent: [[6, 50, 7, 50, 7, 50.1, 6.1, 50.1, 6.1, 50.9, 7, 50.9, 7, 51, 6, 51, 6, 50]],
    hollow: [[6, 50, 7, 50, 7, 51, 6, 51, 6, 50], [6.2, 50.2, 6.9, 50.2, 6.9, 50.8, 6.2, 50.8, 6.2, 50.2]],
    parted: [[6, 50, 6.2, 50, 6.2, 51, 6, 51, 6, 50], [6.5, 50, 7, 50, 7, 51, 6.5, 51, 6.5, 50]],
  };
  for (const [name, rings] of Object.entries(shapes)) {
    const map = { places: { [name]: rings } };
    assert.equal(placeAt(map, middleOf(map, name)), name);
  }
  assert.deepEqual(middleOf({ places: shapes }, "square"), { lat: 50.5, lon: 6.5 });
});
