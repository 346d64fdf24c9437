// <cap-warnings municipality="05358008"></cap-warnings>: the official warnings in force at a place, on any web site.
//
// It asks the service that it was loaded from, and nobody else; it sets no cookie, keeps nothing and counts nobody. All
// words of others are shown as text. Where it does not know it says so: "no warnings" is what the service has said, a
// moment ago, of a place of which it hears everything.
(() => {
  "use strict";

  const SOURCE = document.currentScript.src;
  const ASK_EVERY_MS = 30_000;
  const ANSWER_WITHIN_MS = 10_000;
  const AGAIN_AFTER_MS = 2_000; // a single failure may be the visitor's own network
  const LOOK_EVERY_MS = 5_000;
  // The service makes a document anew once a minute at least: one that is older comes from a cache.
  const OLD_AFTER_MS = 180_000;
  const RANK = ["Extreme", "Severe", "Moderate", "Minor", "Unknown"];
  const LINKS = ["https:", "http:"];

  const WORDS = {
    de: {
      heading: (place) => (place ? `Amtliche Warnungen: ${place}` : "Amtliche Warnungen"),
      loading: "Warnungen werden abgefragt.",
      none: "Zurzeit gilt hier keine Warnung.",
      one: (severity) => `Hier gilt eine Warnung. Schwere: ${severity}.`,
      many: (count, severity) => `Hier gelten ${count} Warnungen. Höchste Schwere: ${severity}.`,
      atLeastOne: (severity) => `Hier gilt mindestens eine Warnung. Schwere: ${severity}.`,
      atLeast: (count, severity) => `Hier gelten mindestens ${count} Warnungen. Höchste Schwere: ${severity}.`,
      unknown: "Ob hier Warnungen gelten, ist zurzeit nicht bekannt.",
      unknownOthers: "Ob hier weitere Warnungen gelten, ist nicht bekannt.",
      away: "Der Warndienst ist nicht zu erreichen.",
      lost: "Diesen Ort kennt der Warndienst nicht.",
      old: "Die Auskunft ist veraltet, oder die Uhr dieses Geräts geht falsch.",
      notCurrent: "Der Warndienst kann zurzeit nicht nachsehen.",
      uncovered: "Nicht bei jeder Gefahr an diesem Ort würde über diesen Dienst gewarnt.",
      stale: (names) => `Ohne Auskunft sind zurzeit: ${names}.`,
      unread: (names) => `Noch nicht gelesen oder entschieden ist etwas von: ${names}.`,
      elsewhere: "Auskunft geben auch der Rundfunk und ",
      asOf: "Stand: ",
      severity: "Schwere: ",
      severities: { Extreme: "extrem", Severe: "schwer", Moderate: "mäßig", Minor: "gering", Unknown: "ohne Angabe" },
      instruction: "Was zu tun ist",
      description: "Was geschieht",
      areas: "Wo",
      begins: "Beginnt",
      expires: "Gilt bis",
      sender: "Absender",
      link: (host) => `Mehr bei ${host} (neues Fenster)`,
    },
    en: {
      heading: (place) => (place ? `Official warnings: ${place}` : "Official warnings"),
      loading: "Asking for warnings.",
      none: "No warning is in force here at present.",
      one: (severity) => `One warning is in force here. Severity: ${severity}.`,
      many: (count, severity) => `${count} warnings are in force here. Highest severity: ${severity}.`,
      atLeastOne: (severity) => `At least one warning is in force here. Severity: ${severity}.`,
      atLeast: (count, severity) => `At least ${count} warnings are in force here. Highest severity: ${severity}.`,
      unknown: "It is not known at present whether warnings are in force here.",
      unknownOthers: "It is not known whether other warnings are in force here.",
      away: "The warning service cannot be reached.",
      lost: "The warning service does not know this place.",
      old: "What it says is old, or the clock of this device is wrong.",
      notCurrent: "The warning service cannot look at its record at present.",
      uncovered: "Not every danger at this place would be warned of by this service.",
      stale: (names) => `Silent at present: ${names}.`,
      unread: (names) => `Not read or decided upon yet is something from: ${names}.`,
      elsewhere: "Ask also the radio and ",
      asOf: "As of: ",
      severity: "Severity: ",
      severities: {
        Extreme: "extreme", Severe: "severe", Moderate: "moderate", Minor: "minor", Unknown: "not stated",
      },
      instruction: "What to do",
      description: "What happens",
      areas: "Where",
      begins: "Begins",
      expires: "In force until",
      sender: "Sender",
      link: (host) => `More at ${host} (new window)`,
    },
  };

  // Colours have a contrast of 4.5 to 1 at least, in light and dark; severities are words before they are colours. There
  // is no animation, no fixed width, and no left or right.
  const STYLE = `
    :host { display: block; color-scheme: light; --page: #fff; --ink: #1a1a1a; --line: #6b6b6b; --link: #003f8a;
      --extreme: #6a0032; --severe: #a31515; --moderate: #8a4500; --minor: #665500; --unknown: #4a4a4a; }
    :host([theme="dark"]) { color-scheme: dark; --page: #171717; --ink: #f2f2f2; --line: #a0a0a0; --link: #9cc7ff; }
    @media (prefers-color-scheme: dark) {
      :host(:not([theme="light"])) {
        color-scheme: dark; --page: #171717; --ink: #f2f2f2; --line: #a0a0a0; --link: #9cc7ff; }
    }
    :host([hidden]) { display: none; }
    section { background: var(--page); color: var(--ink); border: 1px solid var(--line); padding: 0.75em 1em;
      font: inherit; line-height: 1.5; text-align: start; overflow-wrap: anywhere; }
    [role="heading"] { font-size: 1.2em; font-weight: bold; margin-block: 0 0.4em; }
    p, ul, dl, dd { margin: 0; padding: 0; }
    ul { list-style: none; }
    [role="status"] { font-weight: bold; }
    .reasons, .warnings { margin-block: 0.5em; }
    .warnings > li { border-block-start: 1px solid var(--line); }
    summary { min-block-size: 24px; padding-block: 0.6em; cursor: pointer; }
    summary, a { outline-offset: 2px; }
    summary:focus-visible, a:focus-visible { outline: 3px solid var(--link); }
    .severity { display: inline-block; color: #fff; background: var(--unknown); border: 1px solid var(--line);
      padding-inline: 0.5em; margin-inline-end: 0.5em; }
    .severity[data-severity="Extreme"] { background: var(--extreme); }
    .severity[data-severity="Severe"] { background: var(--severe); }
    .severity[data-severity="Moderate"] { background: var(--moderate); }
    .severity[data-severity="Minor"] { background: var(--minor); }
    .headline { unicode-bidi: isolate; font-weight: bold; }
    dl { padding-block-end: 0.75em; }
    dt { font-weight: bold; margin-block-start: 0.5em; }
    dd { white-space: pre-line; unicode-bidi: isolate; }
    a { color: var(--link); text-decoration: underline; display: inline-block; min-block-size: 24px; }
    .as-of { font-size: 0.9em; }
  `;

  // What is right to say of an answer. `failed`: "" or why there is no other; `age` of the answer in milliseconds.
  function judged(list, failed, isFresh, now) {
    const alerts = (list?.alerts ?? []).filter((one) => !(Date.parse(one.expires) <= now));
    const reasons = [];
    if (failed) reasons.push([failed]);
    if (list) {
      if (!isFresh && !failed) reasons.push(["old"]);
      if (list.current !== true) reasons.push(["notCurrent"]);
      if (list.covered !== true) reasons.push(["uncovered"]);
      for (const [reason, feeds] of [["stale", list.stale_feeds], ["unread", list.unread_feeds]])
        if (!Array.isArray(feeds)) reasons.push(["notCurrent"]);
        else if (feeds.length) reasons.push([reason, feeds.map((one) => String(one.name)).join(", ")]);
    }
    return { alerts, reasons, isAll: Boolean(list) && Array.isArray(list.alerts) && !reasons.length };
  }

  function gravest(alerts) {
    const known = alerts.map((one) => RANK.indexOf(one.severity)).filter((rank) => rank >= 0);
    return RANK[Math.min(...known, RANK.length - 1)];
  }

  function sentence({ alerts, isAll }, words) {
    const severity = words.severities[gravest(alerts)];
    if (!alerts.length) return isAll ? words.none : words.unknown;
    if (alerts.length === 1) return isAll ? words.one(severity) : words.atLeastOne(severity);
    return isAll ? words.many(alerts.length, severity) : words.atLeast(alerts.length, severity);
  }

  function element(name, attributes = {}, ...children) {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.append(...children);
    return made;
  }

  function said(node, text) {
    if (node.textContent !== text) node.textContent = text;
  }

  function safeLink(text, words) {
    let url;
    try {
      url = new URL(text);
    } catch {
      return null;
    }
    if (!LINKS.includes(url.protocol)) return null;
    const attributes = { href: url.href, target: "_blank", rel: "noopener noreferrer nofollow", dir: "auto" };
    return element("a", attributes, words.link(url.host));
  }

  class CapWarnings extends HTMLElement {
    static observedAttributes = ["municipality", "district", "language", "heading-level"];

    #root = this.attachShadow({ mode: "open" });
    #parts = null;
    #list = null;
    #failed = "loading";
    #advancedAt = -Infinity; // of a clock that only goes forward
    #advanced = false; // whether the service was seen to go on, whatever the clock of this device says
    #asking = null;
    #looking = 0;
    #next = 0;
    #items = new Map();

    connectedCallback() {
      this.#build();
      document.addEventListener("visibilitychange", this.#seen);
      window.addEventListener("pageshow", this.#seen);
      this.#looking = setInterval(() => this.#show(), LOOK_EVERY_MS);
      this.#ask();
    }

    disconnectedCallback() {
      document.removeEventListener("visibilitychange", this.#seen);
      window.removeEventListener("pageshow", this.#seen);
      clearInterval(this.#looking);
      clearTimeout(this.#next);
      this.#asking?.abort();
      this.#asking = null;
    }

    attributeChangedCallback(_name, before, now) {
      if (!this.#parts || before === now) return;
      this.#list = null;
      this.#failed = "loading";
      this.#build();
      this.#ask();
    }

    get #language() {
      return this.getAttribute("language") === "en" ? "en" : "de";
    }

    get #words() {
      return WORDS[this.#language];
    }

    // Whoever comes back to the page sees what is so now.
    #seen = () => {
      if (document.visibilityState !== "visible") return;
      this.#show();
      this.#ask();
    };

    #address() {
      const [kind, key] = this.hasAttribute("district")
        ? ["districts", this.getAttribute("district")]
        : ["municipalities", this.getAttribute("municipality") ?? ""];
      const language = this.#language === "de" ? "" : `?language=${this.#language}`;
      return new URL(`/v1/${kind}/${encodeURIComponent(key)}/alerts${language}`, SOURCE);
    }

    async #ask(isSecond = false) {
      clearTimeout(this.#next);
      this.#asking?.abort();
      const asking = (this.#asking = new AbortController());
      const late = setTimeout(() => asking.abort(), ANSWER_WITHIN_MS);
      let failed = "away";
      let list = null;
      try {
        const answer = await fetch(this.#address(), {
          cache: "no-cache", // the browser's own may answer for a service that is away
          credentials: "omit", referrerPolicy: "no-referrer", redirect: "error", signal: asking.signal,
        });
        if (answer.status === 404) failed = "lost";
        if (answer.ok) list = await answer.json();
      } catch {
        // Away, late, or not what it should be: nothing is known then.
      }
      clearTimeout(late);
      if (this.#asking !== asking) return; // another question has taken its place
      this.#asking = null;
      const isRight = list && !Number.isNaN(Date.parse(list.as_of));
      if (!isRight && !isSecond) {
        this.#next = setTimeout(() => this.#ask(true), AGAIN_AFTER_MS);
        return;
      }
      if (isRight) this.#take(list);
      else this.#failed = failed;
      this.#show();
      this.#next = setTimeout(() => this.#ask(), ASK_EVERY_MS * (1 + Math.random() / 5));
    }

    #take(list) {
      this.#failed = "";
      const later = Date.parse(list.as_of) - (this.#list ? Date.parse(this.#list.as_of) : -Infinity);
      if (later < 0) return; // a cache has an older one
      if (later > 0) {
        this.#advanced = this.#list !== null;
        this.#advancedAt = performance.now();
      }
      this.#list = list;
    }

    // It was made a moment ago: by the clock of this device, or as it was seen to be made anew.
    get #isFresh() {
      if (!this.#list || performance.now() - this.#advancedAt > OLD_AFTER_MS) return false;
      return this.#advanced || Math.abs(Date.now() - Date.parse(this.#list.as_of)) <= OLD_AFTER_MS;
    }

    #build() {
      const level = this.getAttribute("heading-level") ?? "2";
      const heading = element("p", { role: "heading", "aria-level": /^[1-6]$/.test(level) ? level : "2", id: "heading" });
      const status = element("p", { role: "status" }, this.#words.loading);
      const reasons = element("ul", { class: "reasons", role: "list", hidden: "" });
      const warnings = element("ul", { class: "warnings", role: "list", hidden: "" });
      const elsewhere = element("p", { class: "elsewhere", hidden: "" }, this.#words.elsewhere,
        element("a", { href: "https://warnung.bund.de", target: "_blank", rel: "noopener noreferrer" },
          "warnung.bund.de"), ".");
      const asOf = element("p", { class: "as-of", hidden: "" });
      this.#parts = { heading, status, reasons, warnings, elsewhere, asOf };
      this.#items.clear();
      const sheet = new CSSStyleSheet();
      sheet.replaceSync(STYLE);
      this.#root.adoptedStyleSheets = [sheet];
      said(heading, this.#words.heading(""));
      this.#root.replaceChildren(
        element("section", { "aria-labelledby": "heading", lang: this.#language, dir: "ltr" },
          heading, status, reasons, warnings, elsewhere, asOf));
    }

    #show() {
      if (this.#failed === "loading" || !this.#parts) return;
      const { heading, status, reasons, warnings, elsewhere, asOf } = this.#parts;
      const words = this.#words;
      const found = judged(this.#list, this.#failed, this.#isFresh, Date.now());
      said(heading, words.heading(this.#list?.place?.name ?? ""));
      // It is spoken aloud when it changes, and only then: not with each question, and not the time.
      said(status, sentence(found, words));
      const lines = found.reasons.map(([reason, names]) => (names === undefined ? words[reason] : words[reason](names)));
      if (lines.length && found.alerts.length) lines.unshift(words.unknownOthers);
      if (reasons.textContent !== lines.join(""))
        reasons.replaceChildren(...lines.map((line) => element("li", { dir: "auto" }, line)));
      reasons.hidden = !lines.length;
      elsewhere.hidden = !lines.length;
      this.#showWarnings(warnings, found.alerts);
      asOf.hidden = !this.#list;
      if (this.#list) said(asOf, words.asOf + this.#time(this.#list.as_of));
    }

    #showWarnings(warnings, alerts) {
      const before = this.#items;
      const focused = this.#root.activeElement?.closest("li")?.dataset.alert;
      this.#items = new Map();
      for (const alert of alerts) {
        const content = JSON.stringify(alert);
        const id = String(alert.chain ?? alert.alert);
        const old = before.get(id);
        if (old?.content === content) {
          this.#items.set(id, old);
          continue;
        }
        const node = this.#item(alert, id);
        node.firstChild.open = old?.node.firstChild.open ?? alert.severity === "Extreme";
        this.#items.set(id, { content, node });
      }
      const nodes = [...this.#items.values()].map(({ node }) => node);
      warnings.hidden = !nodes.length;
      const shown = [...warnings.children];
      if (nodes.length === shown.length && nodes.every((node, place) => node === shown[place])) return;
      warnings.replaceChildren(...nodes);
      // Whoever is there with the keyboard stays there.
      if (focused !== undefined) this.#items.get(focused)?.node.querySelector("summary").focus();
    }

    #item(alert, id) {
      const words = this.#words;
      const severity = RANK.includes(alert.severity) ? alert.severity : "Unknown";
      const language = /^[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*$/.test(alert.lang) ? alert.lang : this.#language;
      const foreign = { lang: language, dir: "auto" };
      const rows = element("dl");
      const row = (term, ...content) => rows.append(element("dt", {}, term), element("dd", foreign, ...content));
      for (const name of ["instruction", "description", "areas"])
        if (alert[name]) row(words[name], String(alert[name]));
      if (alert.onset) row(words.begins, this.#time(alert.onset));
      row(words.expires, this.#time(alert.expires));
      row(words.sender, String(alert.sender ?? alert.cap_sender ?? ""));
      if (alert.attribution) rows.lastChild.append("\n", String(alert.attribution));
      const link = alert.web && safeLink(alert.web, words);
      if (link) rows.append(element("dd", {}, link));
      const mark = element("span", { class: "severity", "data-severity": severity },
        words.severity + words.severities[severity]);
      const headline = element("span", { class: "headline", ...foreign }, String(alert.headline ?? alert.event ?? ""));
      return element("li", { "data-alert": id }, element("details", {}, element("summary", {}, mark, headline), rows));
    }

    #time(text) {
      const moment = new Date(text);
      if (Number.isNaN(moment.getTime())) return "?";
      return new Intl.DateTimeFormat(this.#language === "de" ? "de-DE" : "en-GB", {
        year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", timeZoneName: "short",
      }).format(moment);
    }
  }

  if (!customElements.get("cap-warnings")) customElements.define("cap-warnings", CapWarnings);

  // The page for an iframe: its address says what it shows.
  const page = document.querySelector("[data-cap-warnings-page]");
  if (page) {
    const asked = new URLSearchParams(location.search);
    const widget = document.createElement("cap-warnings");
    for (const name of ["municipality", "district", "language", "theme", "heading-level"])
      if (asked.has(name)) widget.setAttribute(name, asked.get(name));
    const language = asked.get("language") === "en" ? "en" : "de";
    document.documentElement.lang = language;
    document.title = WORDS[language].heading("");
    page.replaceWith(widget);
  }
})();
