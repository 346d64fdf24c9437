// Helps to write a warning: drawing on the map, whom it reaches while one writes, and a draft that outlives a mishap.
// Nothing here is needed: what is drawn is a line of text, and the form is posted like any other.

import { drawn, middleOf } from "./map.js";

const NAMESPACE = "http://www.w3.org/2000/svg";
const WIDTH = 1000; // of the drawing, as map.js has it
const PAUSE_MS = 600; // after the last key: whoever types is not asked about each letter
const AGAIN_MS = 10_000; // while there is no connection
const FILE_BYTES = 256 * 1024;
const DECIMALS = 5; // of degrees: 1 m
const FEWEST = { circle: 1, corridor: 2, polygon: 3 };
const KINDS = { kreis: "circle", circle: "circle", fläche: "polygon", flaeche: "polygon", polygon: "polygon", streifen: "corridor", corridor: "corridor" };

const by = (id) => document.getElementById(id);
const form = by("form");

function el(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

function mark(name, attributes) {
  const made = document.createElementNS(NAMESPACE, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, String(value));
  return made;
}

if (form) write();
by("send-form")?.addEventListener("submit", ({ target }) => sessionStorage.removeItem(keyOf(target)));

function keyOf(of) {
  return `compose:${of.dataset.environment}`;
}

function write() {
  const words = JSON.parse(form.dataset.words);
  const say = (name, values = {}) => Object.entries(values).reduce((text, [key, value]) => text.replaceAll(`{${key}}`, value), words[name]);
  const map = { show: () => {} };
  const ask = live(say, map);
  keepDraft();
  counters(say);
  upload(say);
  form.addEventListener("input", () => ask());
  drawing(say, map, ask);
  ask();
}

/** The fields that somebody fills in, as they are posted. */
function typed() {
  return [...new FormData(form)].filter(([name, value]) => name !== "token" && typeof value === "string" && value !== "");
}

// the draft

function keepDraft() {
  const key = keyOf(form);
  const before = JSON.parse(sessionStorage.getItem(key) ?? "null");
  if (form.dataset.isBegun === "0" && before) {
    by("kept").hidden = false;
    by("kept-take").addEventListener("click", () => take(before));
    by("kept-drop").addEventListener("click", () => {
      sessionStorage.removeItem(key);
      by("kept").hidden = true;
      form.querySelector("select, input:not([type=hidden])").focus();
    });
  }
  form.addEventListener("input", () => {
    by("kept").hidden = true;
    try {
      sessionStorage.setItem(key, JSON.stringify(typed()));
    } catch {
      // no room for it: the form itself still has it
    }
  });
}

/** Has the service show the form with all of it: a template or a change has other fields than this page. */
function take(before) {
  const again = el("form", { method: "post", action: form.dataset.again });
  for (const [name, value] of [["token", form.elements.token.value], ...before]) again.append(el("input", { type: "hidden", name, value }));
  document.body.append(again);
  again.submit();
}

// counters beside the fields

function counters(say) {
  for (const field of form.querySelectorAll("[maxlength]")) {
    const count = el("p", { class: "hint", "aria-hidden": "true" });
    const show = () => (count.textContent = field.value ? say("left", { typed: field.value.length, most: field.maxLength }) : "");
    field.after(count);
    field.addEventListener("input", show);
    show();
  }
}

function upload(say) {
  if (!by("upload")) return; // an all-clear has no area of its own
  by("upload").hidden = false;
  by("file").addEventListener("change", async ({ target }) => {
    const [file] = target.files;
    if (!file) return;
    by("imported").value = file.size > FILE_BYTES ? "" : await file.text();
    by("upload-said").textContent = file.size > FILE_BYTES ? say("file_large") : "";
    form.dispatchEvent(new Event("input"));
  });
}

// whom it reaches

/** Returns what asks the service after a pause: once at a time, and what came last counts. */
function live(say, map) {
  const panel = by("live");
  panel.hidden = false;
  let timer = 0;
  let isAsking = false;
  let isWanted = false;
  let deadSince = "";

  async function ask() {
    if (isAsking) {
      isWanted = true;
      return;
    }
    isAsking = true;
    isWanted = false;
    try {
      show(await answer());
      deadSince = "";
    } catch {
      deadSince ||= new Date().toLocaleTimeString(document.documentElement.lang, { hour: "2-digit", minute: "2-digit" });
      show({ people: say("dead", { time: deadSince }) });
    }
    isAsking = false;
    if (isWanted) soon();
    else if (deadSince) soon(AGAIN_MS);
  }

  async function answer() {
    const body = new URLSearchParams(new FormData(form));
    body.delete("file");
    const response = await fetch(panel.dataset.url, { method: "POST", body, redirect: "manual" });
    if (response.type === "opaqueredirect" || response.status === 403) return { people: say("signed_out") };
    const said = await response.json();
    return said.refused ? { people: said.refused } : said;
  }

  function show({ people, count = 0, municipalities = "", lengths = [], faults, doubts = [], warned = [], rings = [] }) {
    by("live-people").textContent = people;
    by("live-places").textContent = count ? say("in", { count, names: municipalities }) : "";
    by("live-lengths").replaceChildren(...lengths.map((one) => el("li", {}, one)));
    by("live-missing").textContent = faults ? say(faults.length ? "missing" : "nothing_missing") : "";
    by("live-faults").replaceChildren(...(faults ?? []).map(([field, label, text]) => el("li", {}, field && by(field) ? el("a", { href: `#${field}` }, label || field) : label, ` ${text}`)));
    by("live-doubts").replaceChildren(...doubts.map((one) => el("li", {}, one)));
    map.show(warned, rings);
  }

  function soon(pause = PAUSE_MS) {
    clearTimeout(timer);
    timer = setTimeout(ask, pause);
  }
  return () => soon();
}

// drawing

/** One tile of the base map, a unit larger than it is: so no seam shows. */
function tileOf(projection, [href, west, south, east, north]) {
  const [x, y] = projection.point(west, north);
  const [right, bottom] = projection.point(east, south);
  return mark("image", { href, x, y, width: right - x + 1, height: bottom - y + 1, preserveAspectRatio: "none" });
}

async function drawing(say, map, ask) {
  const panel = by("map-panel");
  if (!panel) return;
  const response = await fetch(panel.dataset.map).catch(() => null);
  if (response?.status !== 200) return;
  const outlines = await response.json();
  panel.hidden = false;
  by("map-credit").textContent = outlines.attribution;
  const text = by("shapes");
  const points = [];
  let shown = { warned: [], rings: [] };
  let tiles; // of the base map: the same below every drawing

  const lines = () => text.value.split("\n").filter((line) => line.trim());

  function put(all) {
    text.value = all.join("\n");
    text.dispatchEvent(new Event("input", { bubbles: true }));
  }

  function draw() {
    const { map: svg, projection } = drawn(outlines, { warned: shown.warned, names: outlines.names, label: say("map") });
    const place = (lat, lon) => projection.point(lon, lat).map((one) => one.toFixed(1));
    tiles ??= outlines.tiles.map((one) => tileOf(projection, one));
    svg.classList.toggle("based", tiles.length > 0);
    svg.prepend(...tiles);
    for (const ring of shown.rings) {
      const corners = [];
      for (let at = 0; at < ring.length; at += 2) corners.push(place(ring[at + 1], ring[at]).join(","));
      svg.append(mark("polygon", { class: "shape", points: corners.join(" ") }));
    }
    for (const line of lines()) {
      const one = read(line);
      if (one?.kind === "circle" && one.points.length === 1) {
        const [cx, cy] = place(...one.points[0]);
        svg.append(mark("circle", { class: "shape", cx, cy, r: projection.metres(one.km * 1000) }));
      }
    }
    const set = points.map(([lat, lon]) => place(lat, lon));
    if (set.length > 1) svg.append(mark("polyline", { class: "shape begun", points: set.map((one) => one.join(",")).join(" ") }));
    for (const [cx, cy] of set) svg.append(mark("circle", { class: "corner", cx, cy, r: 8 }));
    svg.addEventListener("click", ({ clientX, clientY }) => {
      const box = svg.getBoundingClientRect();
      const scale = Math.min(box.width / WIDTH, box.height / projection.height); // the drawing is centred in its box
      const [left, top] = [(box.width - WIDTH * scale) / 2, (box.height - projection.height * scale) / 2];
      const { lat, lon } = projection.degrees((clientX - box.left - left) / scale, (clientY - box.top - top) / scale);
      add(lat, lon);
    });
    by("map").replaceChildren(svg);
    list();
  }

  function list() {
    const items = lines().map((line, at) => {
      const name = nameOf(line, say);
      const remove = el("button", { type: "button", class: "second" }, say("remove", { shape: name }));
      remove.addEventListener("click", () => {
        put(lines().filter((_, other) => other !== at));
        by("shape-kind").focus();
      });
      return el("li", {}, remove);
    });
    by("shape-list").replaceChildren(...items);
  }

  function tell() {
    by("shape-said").textContent = points.length ? say("points", { count: points.length }) : "";
    draw();
  }

  function add(lat, lon) {
    points.push([rounded(lat), rounded(lon)]);
    if (by("shape-kind").value === "circle") take();
    else tell();
  }

  function take() {
    const kind = by("shape-kind").value;
    const km = number(by("shape-km").value);
    const isWide = kind === "polygon" || km > 0;
    if (points.length < FEWEST[kind] || !isWide) {
      by("shape-said").textContent = say("too_few");
      if (kind === "circle") points.length = 0;
      return;
    }
    const where = points.map((one) => one.join(",")).join(" ");
    points.length = 0;
    put([...lines(), `${say(kind)} ${where}${kind === "polygon" ? "" : ` ${km} km`}`]);
    tell();
  }

  by("shape-point").addEventListener("click", () => {
    const [lat, lon] = [number(by("shape-lat").value), number(by("shape-lon").value)];
    if (Math.abs(lat) <= 90 && Math.abs(lon) <= 180) add(lat, lon);
    else by("shape-said").textContent = say("no_point");
  });
  by("shape-undo").addEventListener("click", () => {
    if (points.length) points.pop();
    else put(lines().slice(0, -1));
    tell();
  });
  by("shape-done").addEventListener("click", take);
  const places = Object.entries(outlines.names).sort(([, one], [, other]) => one.localeCompare(other, "de"));
  by("shape-place").append(...places.map(([ags, name]) => el("option", { value: ags }, name)));
  by("shape-place").addEventListener("change", ({ target }) => {
    if (!target.value) return;
    const { lat, lon } = middleOf(outlines, target.value);
    by("shape-lat").value = rounded(lat);
    by("shape-lon").value = rounded(lon);
  });
  // What the panel has is no part of the draft.
  panel.addEventListener("input", (event) => event.stopPropagation());
  text.addEventListener("input", draw);
  map.show = (warned, rings) => {
    shown = { warned, rings };
    draw();
  };
  draw();
  ask();
}

/** What a line says, as far as it can be drawn. */
function read(line) {
  const [word, ...rest] = line.trim().split(/\s+/);
  const kind = KINDS[word.toLowerCase().replace(":", "")];
  const pairs = rest.filter((one) => one.includes(",")).map((one) => one.split(",").map(Number));
  const km = parseFloat(rest.find((one) => !one.includes(",")) ?? "0");
  return kind && pairs.every((pair) => pair.length === 2 && pair.every(Number.isFinite)) ? { kind, points: pairs, km } : null;
}

function nameOf(line, say) {
  const one = read(line);
  return one ? `${say(one.kind)} ${line.trim().split(/\s+/).slice(1, 3).join(" ")}` : line.slice(0, 40);
}

const number = (text) => (text.trim() ? Number(text.trim().replace(",", ".")) : NaN);
const rounded = (degrees) => Number(degrees.toFixed(DECIMALS));
