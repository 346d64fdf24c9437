// Choosing the municipalities to be warned of.

import { kilometres } from "./area.js";
import { el } from "./dom.js";

const LISTED_MAX = 40; // all of a district's as a rule: who sees the names need not know how to write theirs
const SHOWN_MAX = 12; // of more, which are searched
const FOLLOWED_MAX = 20;

export function places(app) {
  const { texts } = app;
  const { names } = app;
  const chosen = (app.choosing ??= new Set(app.wish.places)); // it stays while a circle is drawn
  const isLong = names.length > LISTED_MAX;
  const list = el("div", { class: "choices", id: "choices" });
  const found = el("p", { role: "status", id: "found" });
  const ticked = el("p", { role: "status", id: "ticked" });
  const wrong = el("p", { class: "wrong", role: "alert", id: "wrong" });

  function draw(typed = "") {
    const wanted = folded(typed);
    const matching = names.filter(([, name]) => folded(name).includes(wanted));
    const first = [...matching.filter(([ags]) => chosen.has(ags)), ...matching.filter(([ags]) => !chosen.has(ags))];
    const shown = isLong ? first.slice(0, SHOWN_MAX) : names;
    list.replaceChildren(...shown.map(choice));
    const counted = first.length ? texts.say("places_found", { shown: shown.length, number: first.length }) : texts.say("places_nothing");
    found.textContent = isLong ? counted : "";
  }

  function say() {
    const named = names.filter(([ags]) => chosen.has(ags)).map(([, name]) => name);
    ticked.textContent = named.length ? texts.say("places_chosen", { places: named.join(", ") }) : "";
  }

  function choice([ags, name]) {
    const box = el("input", { type: "checkbox", id: `ags-${ags}`, value: ags, checked: chosen.has(ags) });
    box.addEventListener("change", () => {
      if (box.checked) chosen.add(ags);
      else chosen.delete(ags);
      say();
    });
    return el("p", { class: "choice" }, box, el("label", { for: box.id }, name));
  }

  async function done(event) {
    event.preventDefault();
    if ((!chosen.size && !app.wish.areas.length) || chosen.size > FOLLOWED_MAX) {
      wrong.textContent = texts.say(chosen.size ? "places_many" : "places_none", { number: FOLLOWED_MAX });
      return list.querySelector("input")?.focus();
    }
    const isFirst = !app.followed.length;
    await app.want({ places: [...chosen] });
    app.choosing = null;
    const isWarned = app.warnings().length > 0; // what is in force comes first; the way to be told of more stands below it
    const next = !isWarned && (isFirst || !app.subscriber) ? "#/on" : "";
    if (location.hash === next) app.onChange(true);
    location.hash = next;
  }

  const search = isLong && [
    el("label", { for: "search" }, texts.say("places_search")),
    el("input", { id: "search", type: "search", autocomplete: "off", oninput: ({ target }) => draw(target.value) }),
  ];
  draw();
  say();
  const isFirst = !app.followed.length;
  return {
    title: isFirst ? texts.say("description") : texts.say("places_title"),
    body: [
      el("h1", { tabindex: "-1" }, texts.say("places_title")),
      isFirst && el("p", {}, `${texts.say("description")}. `, texts.say("who_warns")),
      el("p", {}, texts.say("places_text")),
      el(
        "form",
        { onsubmit: done, novalidate: true },
        el("fieldset", {}, el("legend", {}, texts.say("places_legend")), search, found, list, ticked),
        wrong,
        el("p", {}, el("button", { type: "submit" }, texts.say("next"))),
      ),
      areas(app),
    ],
  };
}

/** The areas around a point, and how to choose one where there is a map. */
function areas(app) {
  const { texts } = app;
  const taken = app.wish.areas.map((one) => {
    const place = app.about.names[one.in] ?? one.in;
    const said = texts.say("area_in", { place, radius: kilometres(texts, one.radius_m) });
    const drop = el("button", { type: "button", class: "second", "aria-label": `${texts.say("area_drop")}: ${said}` }, texts.say("area_drop"));
    drop.addEventListener("click", async () => {
      await app.want({ areas: app.wish.areas.filter((other) => other !== one) });
      app.onChange(true); // what is gone stands there no longer
    });
    return el("li", {}, said, " ", drop);
  });
  const more = app.about.map === false ? null : el("p", {}, el("a", { href: "#/area" }, texts.say("area_choose")));
  return [taken.length ? el("ul", {}, taken) : null, more];
}

/** As people type: without case, and "ue" or "u" for "ü". */
function folded(name) {
  const plain = name.toLowerCase().replace(/ß/g, "ss").replace(/ae/g, "a").replace(/oe/g, "o").replace(/ue/g, "u");
  return plain.normalize("NFD").replace(/\p{M}/gu, "");
}
