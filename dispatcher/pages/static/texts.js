// The page's own words, of one catalogue for each language.

export const LANGUAGES = Object.freeze({
  de: "Deutsch",
  "de-simple": "Leichte Sprache",
  en: "English",
  ar: "العربية",
  tr: "Türkçe",
  uk: "Українська",
});
const RIGHT_TO_LEFT = ["ar"];
const PLACE = /\{(\w+)\}/;

export class Texts {
  /** `zone` is the time zone of the place, in which all times are said. */
  constructor(language, words, zone) {
    this.language = language;
    this.tag = language;
    this.locale = language === "ar" ? "ar-u-nu-latn" : language.split("-")[0];
    this.direction = RIGHT_TO_LEFT.includes(language) ? "rtl" : "ltr";
    this.words = words;
    this.zone = zone;
  }

  /** The words of a name; `{place}` in them stands for what `of` has for it. */
  say(name, of = {}) {
    return this.parts(name, of).join("");
  }

  /** The same in parts, so that elements may stand between words. */
  parts(name, of = {}) {
    const text = this.words[name] ?? name;
    return text.split(PLACE).map((part, at) => (at % 2 ? (of[part] ?? "") : part));
  }

  /** Day and time, at the place. */
  moment(when) {
    if (!Number.isFinite(when)) return this.say("time_unknown");
    const format = { weekday: "short", day: "numeric", month: "long", hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
    const said = new Intl.DateTimeFormat(this.locale, { ...format, timeZone: this.zone }).format(when);
    return this.words.clock ? this.say("clock", { time: said }) : said;
  }

  /** A number, with the decimal sign of the language. */
  number(value) {
    return new Intl.NumberFormat(this.locale).format(value);
  }

  /** What a language is called, in this one; its tag where the device does not know. */
  languageName(tag) {
    return new Intl.DisplayNames([this.locale], { type: "language" }).of(tag);
  }

  /** How long ago it was, in one rough number, with the plural of the language: Ukrainian has three, Arabic five. */
  age(milliseconds) {
    const minutes = Math.max(0, Math.round(milliseconds / 60_000));
    if (minutes < 1) return this.say("age_now");
    const ago = new Intl.RelativeTimeFormat(this.locale);
    if (minutes < 120) return ago.format(-minutes, "minute");
    if (minutes < 48 * 60) return ago.format(-Math.round(minutes / 60), "hour");
    return ago.format(-Math.round(minutes / 1440), "day");
  }
}

/** The first of the person's languages that there are words in; German where there are none. */
export function languageOf(wanted) {
  for (const one of wanted) {
    const tag = String(one).toLowerCase();
    if (tag in LANGUAGES) return tag;
    const short = tag.split("-")[0];
    if (short in LANGUAGES) return short;
  }
  return "de";
}
