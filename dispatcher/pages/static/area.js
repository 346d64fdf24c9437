// Choosing a point and how far around it to be warned: by a place's name, on the map, by buttons, or where the device is.

import { el } from "./dom.js";
import { METRES_PER_DEGREE, circle, distance, drawn, middleOf, placeAt } from "./map.js";

const RADII_M = [500, 1000, 2000, 5000];
const STEP = 0.5; // of the radius: a district is crossed in some twenty
const STEPS = { north: [0, 1], west: [-1, 0], east: [1, 0], south: [0, -1] };
const AREAS_MAX = 10;
const LOCATION_PATIENCE_MS = 15_000;

export async function area(app) {
  const { texts } = app;
  const outlines = await app.outlines();
  const title = texts.say("area_title");
  const heading = el("h1", { tabindex: "-1" }, title);
  if (!outlines) return { title, body: [heading, el("p", {}, texts.say("area_no_map"))] };

  const [west, south, east, north] = outlines.bounds;
  const point = { lat: (south + north) / 2, lon: (west + east) / 2 };
  const { map, projection } = drawn(outlines, { names: app.about.names, label: texts.say("area_map") });
  const around = circle();
  map.append(around);
  const where = el("p", { role: "status", id: "where" });
  const radius = el("select", { id: "radius" }, RADII_M.map((one) => el("option", { value: one, selected: one === 1000 }, kilometres(texts, one))));
  const places = app.names.filter(([ags]) => outlines.places[ags]);
  const none = el("option", { value: "" }, "–");
  const place = el("select", { id: "place" }, none, places.map(([ags, name]) => el("option", { value: ags }, name)));
  const add = el("button", { type: "button", id: "add-area" }, texts.say("area_add"));

  function move(lat, lon) {
    point.lat = Math.min(north, Math.max(south, lat));
    point.lon = Math.min(east, Math.max(west, lon));
    const [x, y] = projection.point(point.lon, point.lat);
    for (const [name, value] of [["cx", x], ["cy", y], ["r", projection.metres(Number(radius.value))]]) around.setAttribute(name, value);
    const ags = placeAt(outlines, point);
    where.textContent = ags ? lies(ags) : texts.say("area_outside");
    add.disabled = !ags;
    place.value = ags ?? "";
  }

  /** Where the point lies: each move changes it, so that it is spoken. */
  function lies(ags) {
    const said = texts.say("area_in", { place: app.about.names[ags] ?? ags, radius: kilometres(texts, Number(radius.value)) });
    const away = Math.round(distance(point, middleOf(outlines, ags)) / 100) * 100;
    return `${said}. ${texts.say("area_from_middle", { distance: kilometres(texts, away) })}`;
  }

  map.addEventListener("click", ({ clientX, clientY }) => {
    const box = map.getBoundingClientRect();
    const scale = Math.min(box.width / 1000, box.height / projection.height); // the drawing is centred in its box
    const [left, top] = [(box.width - 1000 * scale) / 2, (box.height - projection.height * scale) / 2];
    const { lat, lon } = projection.degrees((clientX - box.left - left) / scale, (clientY - box.top - top) / scale);
    move(lat, lon);
  });
  radius.addEventListener("change", () => move(point.lat, point.lon));
  place.addEventListener("change", () => {
    if (!place.value) return;
    const { lat, lon } = middleOf(outlines, place.value);
    move(lat, lon);
  });
  add.addEventListener("click", async () => {
    const areas = [...app.wish.areas, { lat: rounded(point.lat), lon: rounded(point.lon), radius_m: Number(radius.value), in: placeAt(outlines, point) }];
    await app.want({ areas: areas.slice(-AREAS_MAX) });
    location.hash = "#/places";
  });
  move(point.lat, point.lon);
  return {
    title,
    body: [
      heading,
      el("p", {}, texts.say("area_text")),
      el("p", {}, el("label", { for: "place" }, texts.say("area_place")), place),
      map,
      el("p", { class: "buttons" }, Object.entries(STEPS).map(([name, step]) => stepButton(texts, name, step, () => Number(radius.value) * STEP, point, move))),
      el("p", {}, hereButton(texts, where, move)),
      el("p", {}, el("label", { for: "radius" }, texts.say("area_radius")), radius),
      where,
      el("p", { class: "buttons" }, add, el("a", { href: "#/places" }, texts.say("area_back"))),
    ],
  };
}

function stepButton(texts, name, [across, up], metres, point, move) {
  const button = el("button", { type: "button", class: "second", id: `to-${name}` }, texts.say(`area_${name}`));
  button.addEventListener("click", () => {
    const degree = METRES_PER_DEGREE * Math.cos((point.lat * Math.PI) / 180);
    move(point.lat + (up * metres()) / METRES_PER_DEGREE, point.lon + (across * metres()) / degree);
  });
  return button;
}

/** The place of the device is asked for when the person says so, and goes nowhere until the area is taken. */
function hereButton(texts, where, move) {
  const button = el("button", { type: "button", class: "second", id: "here" }, texts.say("area_here"));
  button.addEventListener("click", () => {
    navigator.geolocation?.getCurrentPosition(
      ({ coords }) => move(coords.latitude, coords.longitude),
      () => (where.textContent = texts.say("area_not_here")),
      { timeout: LOCATION_PATIENCE_MS },
    );
  });
  return button;
}

/** The service keeps no finer place than this: 100 m. */
const rounded = (degrees) => Math.round(degrees * 1000) / 1000;

export const kilometres = (texts, metres) => texts.say("kilometres", { number: texts.number(metres / 1000) });
