// What the page knows and does. The views show it; whatever changes is said to `onChange`.

import { Refusal, ask, isForNow, postReceipt } from "./client.js";
import { noteKnown, noteServiceTime, now } from "./clock.js";
import { within } from "./patience.js";
import { Kept } from "./kept.js";
import { isEnd } from "./notices.js";
import { Knowledge, isOld, isTold, judged, ordered, pushReach, reach, spoken } from "./situation.js";
import { enrol, leave, prove, pushSubscription, subscriberOf, subscriberPath, subscriptionState } from "./subscription.js";
import { Texts } from "./texts.js";

const PROOF_POLL_MS = 1500;
const PROOF_PATIENCE_MS = 45_000;
const WORKER_PATIENCE_MS = 10_000;
const DETAILS_MAX = 20;
const TOLD_EVERY_MS = 3_600_000; // how often it is noted at most that the service knows this browser
const SUCCESSORS_MAX = 50; // updates of one warning: each is asked for once a look, while a page of an old one is open
const EMPTY_WISH = Object.freeze({ places: [], areas: [], min_severity: null, quiet_hours: null, drills: false });
const TOLD = ["min_severity", "quiet_hours", "drills"]; // of a wish what the service is told; the rest stays here

export class App {
  about = null;
  texts = null;
  wish = EMPTY_WISH;
  subscriber = null;
  state = null;
  keeps = true; // whether this browser keeps anything
  installer = null; // the browser's own offer to install the page, where it makes one
  busy = false; // whether it is being switched on
  choosing = null; // the municipalities that are ticked, until they are taken or the person goes elsewhere
  shown = ""; // the warning whose page is open, if one is
  problem = ""; // the name of the words for what kept it from being switched on
  onChange = () => {}; // `true`: the person has gone on by it, and reads what stands there now
  onSay = () => {}; // says a sentence to who does not see the page
  onWait = () => {}; // very many subscribe: it is this device's turn then (milliseconds)
  #hasLooked = false; // whether it was asked what is in force
  #lists = new Map(); // by place: { list, fetched }
  #details = new Map(); // by warning: all its texts
  #answers = new Map(); // by warning: what the service has answered of it since it was last asked what is in force
  #outlines = null;
  #receipts = new Map(); // by warning: the token of the push that told of it

  constructor({ instance, scope, assets, kept, browser }) {
    Object.assign(this, { instance, scope, assets, kept, browser });
  }

  /** Reads what is kept, and what the service says of this app. */
  async begin() {
    const [wish, subscriber, lists, about] = await Promise.all(
      ["wish", "subscriber", "lists", "about"].map((name) => this.kept.read(name)),
    );
    this.wish = { ...EMPTY_WISH, ...wish };
    this.subscriber = subscriber ?? null;
    this.#lists = new Map(Object.entries(lists ?? {}).map(([place, list]) => [place, { list, fetched: false }]));
    this.#noteKnown();
    await this.#readAbout(about);
    await this.speak(this.wish.language);
  }

  async #readAbout(kept) {
    try {
      const { body, date } = await ask(`${this.scope}about.json`);
      noteServiceTime(date);
      this.about = body;
      this.keeps = await this.kept.write("about", body);
    } catch (error) {
      if (!kept) throw error;
      this.about = kept;
    }
  }

  /** Speaks a language from now on; where its words cannot be had, as before. */
  async speak(language) {
    const wanted = this.about.spoken.includes(language) ? language : this.about.spoken[0];
    const { body } = await ask(`${this.assets}${this.about.texts[wanted]}`);
    this.texts = new Texts(wanted, body, this.about.time_zone);
    await this.#keepWords();
  }

  /** The worker has no catalogue: it is given the words for what has no text of its own. */
  #keepWords() {
    const names = ["unread_title", "unread_body", "neutral_title", "neutral_body", "renew_title", "renew_body"];
    const words = Object.fromEntries(names.map((name) => [name, this.texts.say(name)]));
    return this.kept.write("words", { ...words, lang: this.texts.tag });
  }

  /** The municipalities whose warnings are shown: those that are followed, and those in which a chosen area lies. */
  get followed() {
    return [...new Set([...this.wish.places, ...this.wish.areas.map(({ in: place }) => place)])];
  }

  /** All municipalities of the app, AGS and name, as a telephone book has them. */
  get names() {
    return Object.entries(this.about.names).sort(([, one], [, other]) => one.localeCompare(other, "de"));
  }

  // What is in force

  /** Asks what is in force at the places that are followed, and of the warning `shown` besides. */
  async refresh() {
    const language = this.texts.language.startsWith("de") ? "" : "?language=en";
    this.#answers.clear();
    const lists = this.followed.map((place) => this.#readList(place, language));
    await Promise.all([...lists, this.shown && this.#answer(this.shown)]);
    await this.#readDetails();
    await this.kept.write("lists", Object.fromEntries([...this.#lists].map(([place, { list }]) => [place, list])));
    await this.#readReceipts();
    this.#hasLooked = true;
    this.onChange();
  }

  /** What is known by the last look at what is in force, for the news since; null before the first. */
  heard() {
    if (!this.#hasLooked) return null;
    const isAway = this.followed.some((place) => this.situation(place).knowledge !== Knowledge.NOW);
    return { followed: this.followed, warnings: this.warnings(), isAway };
  }

  async #readList(place, query) {
    try {
      const { body, date } = await ask(`/v1/municipalities/${place}/alerts${query}`);
      noteServiceTime(date);
      this.#lists.set(place, { list: body, fetched: true });
      this.#noteKnown();
    } catch {
      const before = this.#lists.get(place);
      if (before) before.fetched = false;
    }
  }

  #noteKnown() {
    const moments = [...this.#lists.values()].map(({ list }) => Date.parse(list.as_of)).filter(Number.isFinite);
    noteKnown(Math.max(...moments));
  }

  /** Warnings have more languages than the lists, which are in German or English. */
  async #readDetails() {
    if (["de", "en"].includes(this.texts.language)) return;
    const unread = this.warnings().filter(({ alert }) => !this.#details.has(alert));
    await Promise.all(unread.slice(0, DETAILS_MAX).map(({ alert }) => this.detail(alert).catch(() => null)));
  }

  /** A warning in all its languages, whether it is in force or over. Throws `Away` or `Refusal`. */
  async detail(alert) {
    const { body, date } = await ask(`/v1/public/alerts/${encodeURIComponent(alert)}`);
    noteServiceTime(date);
    this.#details.set(alert, body);
    return body;
  }

  async #readReceipts() {
    for (const { message } of Object.values((await this.kept.read("chains")) ?? {}))
      if (message?.alert) this.#receipts.set(message.alert, message);
  }

  /** What is known of a place, and how to show it. */
  situation(place) {
    const { list, fetched } = this.#lists.get(place) ?? {};
    const found = judged(list, fetched, now());
    return { ...found, alerts: ordered(found.alerts).map((alert) => this.#inWords(alert)) };
  }

  /** All warnings of the places that are followed. */
  warnings() {
    return ordered(this.followed.flatMap((place) => this.situation(place).alerts));
  }

  /** The outlines of the municipalities, for maps; null where there are none, or they cannot be had. */
  async outlines() {
    this.#outlines ??= await ask(`${this.scope}outlines.json`).then(({ body }) => body, () => null);
    return this.#outlines;
  }

  #inWords(alert) {
    const notices = this.#details.get(alert.alert)?.notices ?? [];
    return notices.length ? { ...alert, ...spoken(notices, this.texts.language) } : alert;
  }

  /** What the service answers of a warning, asked once for each time that it is asked what is in force: `body`; null
   * with `isUnknown` where it knows of none any more; null alone where it does not answer. */
  #answer(alert) {
    if (!this.#answers.has(alert)) {
      const isUnknown = (error) => error instanceof Refusal && error.status === 404;
      const answer = this.detail(alert).then((body) => ({ body }), (error) => ({ body: null, isUnknown: isUnknown(error) }));
      this.#answers.set(alert, answer);
    }
    return this.#answers.get(alert);
  }

  /** What is known of one warning: from the service, what is in force, or the push that told of it. What ended it or has
   * taken its place is its `successor`; `knownAt` is when it was last heard, where that is not now. `isUnknown`: the
   * service says that it knows of none; null where nobody says anything. */
  async warning(alert) {
    const { body, isUnknown = false } = await this.#answer(alert);
    const answered = body && this.#spoken(body);
    if (answered) return { ...answered, successor: await this.#successor(body), knownAt: isOld(body, true, now()) ? Date.parse(body.as_of) : undefined };
    const listed = this.warnings().find((one) => one.alert === alert);
    if (listed) return { ...listed, knownAt: this.#knownAt(alert) };
    await this.#readReceipts();
    const over = isUnknown ? { inForce: false } : {};
    const before = this.#details.get(alert);
    const heard = before && this.#spoken(before);
    if (heard) return { ...heard, ...over, knownAt: isUnknown ? undefined : Date.parse(before.as_of) };
    const pushed = this.#receipts.get(alert);
    if (pushed) return { ...pushed, ...over, isAway: !isUnknown };
    return isUnknown ? { isUnknown } : null;
  }

  /** A warning in the person's language, and how it stands; undefined where nothing is told of it. */
  #spoken({ notices, municipalities, in_force: inForce, ended_at: endedAt }) {
    const said = spoken(notices, this.texts.language);
    return said && { ...said, municipalities, inForce, endedAt };
  }

  /** What has taken the place of a warning (`isUpdate`), or the message that ended it, where a push has told of that: the
   * newest, as each names only the next. Of what is over by then, and nobody says by what, the last that was told. */
  async #successor({ superseded_by: next }) {
    let newest = null;
    for (let steps = 0; next && steps < SUCCESSORS_MAX; steps++) {
      const alert = next;
      const { body } = await this.#answer(alert);
      const said = body && spoken(body.notices, this.texts.language);
      if (!said) return (await this.#pushed(alert)) ?? newest;
      newest = { alert, isUpdate: body.in_force !== false, headline: said.headline, lang: said.lang };
      next = body.superseded_by;
    }
    return newest;
  }

  /** A message that a push has told of, as what has taken the place of another. */
  async #pushed(alert) {
    await this.#readReceipts();
    const pushed = this.#receipts.get(alert);
    return pushed && { alert, isUpdate: !isEnd(pushed), headline: pushed.notification?.title ?? pushed.headline, lang: pushed.lang };
  }

  /** When what is known of a warning was last heard, where that is not now. */
  #knownAt(alert) {
    const found = this.followed.map((place) => this.situation(place));
    const having = found.filter(({ alerts }) => alerts.some((one) => one.alert === alert));
    return having.some(({ knowledge }) => knowledge === Knowledge.NOW) ? undefined : having[0]?.asOf;
  }

  // Confirming

  canConfirm = (alert) => Boolean(this.#receipts.get(alert)?.receipt);

  confirmedAt = (alert) => this.kept.read(`confirmed/${alert}`);

  /** Says that the person has read it. Whether the service has heard it. */
  async confirm(alert) {
    const sent = await postReceipt(this.#receipts.get(alert)?.receipt, "confirmed");
    if (sent) await this.kept.write(`confirmed/${alert}`, now());
    return sent;
  }

  // Subscribing

  reach = () => reach(this.browser.capabilities(), this.subscriber, this.state, now());

  /** The same without SMS: what switching notifications on is about. */
  pushReach = () => pushReach(this.browser.capabilities(), this.subscriber, this.state, now());

  /** Keeps what the person wants, and tells the service if it warns this browser. */
  async want(wish) {
    this.wish = { ...this.wish, ...wish };
    this.keeps = await this.kept.write("wish", this.wish);
    if (this.#isEnrolled && this.followed.length) await this.enrol();
    await this.refresh();
  }

  /** Asks the person, subscribes, and waits for the code that proves it. Call it when a button is pressed. Throws `Away`
   * or `Refusal`, and what the browser throws. */
  async switchOn() {
    const allowed = this.browser.requestPermission(); // first of all: browsers ask only while the press is fresh
    if ((await allowed) !== "granted") return this.pushReach();
    await this.enrol({ push: true });
    const until = Date.now() + PROOF_PATIENCE_MS;
    while (!isTold(this.state, "webpush") && Date.now() < until) {
      await new Promise((done) => setTimeout(done, PROOF_POLL_MS));
      await this.readState();
    }
    return this.pushReach();
  }

  /** Whether the person has switched notifications on here. One that an earlier version has kept had nothing else. */
  get pushes() {
    return this.subscriber?.push ?? Boolean(this.subscriber?.token);
  }

  /** The endpoints beside the browser's own. */
  get endpoints() {
    return this.subscriber?.endpoints ?? [];
  }

  get #isEnrolled() {
    return Boolean(this.subscriber?.token && (this.endpoints.length || this.pushes));
  }

  #isAllowed = () => this.browser.capabilities().permission === "granted";

  /** Sends all that the person wants. The service is told so at each start, as endpoints change unasked. `push`: whether
   * this browser is to be told; `endpoints`: who is besides, also where notifications were taken away here. */
  async enrol({ push = this.pushes, endpoints = this.endpoints } = {}) {
    const isPushed = push && (this.#isAllowed() || !endpoints.length);
    const key = isPushed ? await this.#serverKey() : this.subscriber?.key;
    const subscription = isPushed ? await this.#pushSubscription(key) : null;
    const wish = Object.fromEntries(TOLD.map((name) => [name, this.wish[name]]));
    const areas = this.wish.areas.map(({ lat, lon, radius_m }) => ({ lat, lon, radius_m }));
    const device = isPushed && !endpoints.length ? await this.#device() : undefined; // a number may be another device's
    const told = { ...wish, places: [...this.wish.places, ...areas], languages: [this.texts.language], device };
    this.state = await enrol(this.kept, this.instance, told, subscription, endpoints, (until) => this.onWait(until));
    this.keeps = this.state.isKept;
    if (isPushed) this.browser.noteSubscribed(true);
    await this.note({ key, push });
    await this.bringBack();
    await this.#noteState();
    this.onChange();
  }

  /** A random reference, the same in all apps of this service here, so that this browser is alarmed once; undefined where
   * it could not be kept, or where this app makes no sound: another one shall make it then. */
  async #device() {
    if (this.wish.silent) return undefined;
    const shared = new Kept(new URL("..", this.scope).href, this.kept.storage);
    const before = await shared.read("device");
    const device = before ?? crypto.randomUUID() + crypto.randomUUID();
    return before || (await shared.write("device", device)) ? device : undefined;
  }

  async #serverKey() {
    const { body } = await ask(`/v1/webpush/key?instance=${this.instance}`);
    return body.application_server_key;
  }

  async #pushSubscription(key) {
    const registration = await within(WORKER_PATIENCE_MS, this.browser.registration());
    return pushSubscription(registration.pushManager, key);
  }

  /** Keeps something of the subscription besides. */
  async note(more) {
    this.subscriber = { ...(await subscriberOf(this.kept)), ...more };
    await this.kept.write("subscriber", this.subscriber);
  }

  /** What the service says of a number is known without it, too, and when it last told this browser. */
  async #noteState() {
    if (!this.state) return;
    const { sms, toldAt } = this.subscriber ?? {};
    const active = isTold(this.state, "sms");
    const isNew = Boolean(sms?.active) !== active;
    if (!isNew && now() - toldAt < TOLD_EVERY_MS) return;
    await this.note({ toldAt: now(), ...(isNew ? { sms: { ...sms, active } } : {}) });
  }

  /** Brings back a code that the worker could not. */
  async bringBack() {
    const code = await this.kept.read("code");
    if (!code) return;
    try {
      await prove(this.kept, code);
    } catch (error) {
      if (isForNow(error)) return;
    }
    await this.kept.remove("code");
  }

  async readState() {
    try {
      this.state = await subscriptionState(this.kept);
      await this.#noteState();
    } catch (error) {
      if (!isForNow(error)) this.state = null;
    }
    this.onChange();
  }

  /** At each start: what is wanted, once more. Nothing is asked of the person. */
  async renew() {
    await this.browser.look();
    if (this.#isEnrolled && (this.#isAllowed() || this.endpoints.length)) await this.enrol().catch(() => this.readState());
    this.onChange();
  }

  /** Sends a test to this browser. */
  async test() {
    await ask(`${subscriberPath(this.subscriber)}/test`, { method: "POST", token: this.subscriber.token });
  }

  /** Everything that the service keeps of the subscription. */
  async exported() {
    return (await ask(`${subscriberPath(this.subscriber)}/export`, { token: this.subscriber.token })).body;
  }

  async switchOff() {
    const registration = await within(WORKER_PATIENCE_MS, this.browser.registration()).catch(() => null);
    await leave(this.kept, registration?.pushManager);
    this.subscriber = this.state = null;
    this.browser.noteSubscribed(false);
    this.onChange();
  }
}
