// An app before a service that answers what a test wants, and a browser's storage in memory.

import { App } from "./app.js";
import { Browser } from "./browser.js";
import { noteKnown, noteServiceTime } from "./clock.js";
import { Kept } from "./kept.js";

export const SCOPE = "https://warn.example/app/dueren/";
export const PLACE = "05358008";
export const ABOUT = { name: "Kreis Düren", names: { [PLACE]: "Düren" }, spoken: ["de"], texts: { de: "texts.de.json" }, time_zone: "Europe/Berlin" };
// Each word stands for itself, and names what is put into it where a test looks for that.
const WORDS = { severity_Severe: "severity_Severe", newest: "newest {headline}", places_chosen: "places_chosen {places}" };
export function storage() {
  const found = new Map();
  const cache = { match: async (url) => found.get(url)?.clone(), put: async (url, one) => void found.set(url, one), delete: async (url) => found.delete(url) };
  return { open: async () => cache };
}

export const list = (more = {}) => ({
  ...{ as_of: new Date().toISOString(), current: true, covered: true, stale_feeds: [], unread_feeds: [], alerts: [] },
  ...more,
});

/** What is answered, by the end of the address; a function answers by itself, null is a 404. */
let answers = {};
let marks = {}; // headers besides, by the end of the address
let kept, now;
const real = globalThis.fetch;

const answered = async (address) => {
  const [, found] = Object.entries(answers).find(([end]) => address.split("?")[0].endsWith(end)) ?? [];
  if (typeof found === "function") return found();
  const headers = { Date: new Date(now ?? Date.now()).toUTCString(), ...marks[Object.keys(answers).find((end) => address.endsWith(end))] };
  return found ? new Response(JSON.stringify(found), { headers }) : new Response("{}", { status: 404, headers });
};

export function reset() {
  answers = { "about.json": ABOUT, "texts.de.json": WORDS, [`${PLACE}/alerts`]: list() };
  kept = storage();
  now = undefined;
  marks = {};
  globalThis.fetch = answered;
}

export function restore() {
  globalThis.fetch = real;
  noteKnown(-Infinity);
  noteServiceTime(Date.now());
}

export function serve(end, answer, headers = {}) {
  answers[end] = answer;
  marks[end] = headers;
}

/** Everything but the words, which the worker has, is answered so. */
export function all(does) {
  for (const end of Object.keys(answers)) if (end !== "texts.de.json") answers[end] = does;
  globalThis.fetch = async (address) => (address.endsWith("texts.de.json") ? answered(address) : does(address));
}

/** A network that is away behind a worker that has kept some answers, with these headers. */
export const keeping = (those, headers) => async (address) => {
  const [, found] = Object.entries(those).find(([end]) => address.endsWith(end)) ?? [];
  if (!found) throw new TypeError("network");
  return new Response(JSON.stringify(found), { headers });
};

/** An answer by which the service refuses, with the last part of its problem's name. */
export const refused = (status, type) => () => new Response(JSON.stringify({ type: `urn:problem:${type}` }), { status });

/** What this browser has stored. */
export const stored = () => kept;

/** What the service says the time is. */
export const setTime = (when) => (now = when);

export async function opened(caches = kept, page = { navigator: {} }) {
  const app = new App({ instance: "dueren", scope: SCOPE, assets: "/", kept: new Kept(SCOPE, caches), browser: new Browser(page) });
  await app.begin();
  return app;
}

export async function following(caches) {
  const app = await opened(caches);
  await app.want({ places: [PLACE] });
  return app;
}
