// Makes elements. Texts of others go in as text, never as markup, and cannot turn the direction of what is around them.

// Controls, but for the line feed; bidirectional marks, embeddings, overrides and isolates; what is not shown at all.
const UNSHOWN = /[\u0000-\u0009\u000B-\u001F\u007F-\u009F\u061C\u200B\u200E\u200F\u2028-\u202E\u2060-\u2069\uFEFF\uFFF9-\uFFFB]/g;
export const HEADLINE_MAX = 160;

/** `attributes` are set as such; `on…` are listeners; what is null, undefined or false is left out. */
export function el(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else made.setAttribute(key, value === true ? "" : String(value));
  }
  made.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return made;
}

/** Returns a text of others as it may be shown. */
export const plain = (text) => String(text ?? "").replace(UNSHOWN, " ").trim();

/** Returns a headline of bounded length; the whole of it stands below where it is longer. */
export function headline(text, most = HEADLINE_MAX) {
  const shown = Array.from(plain(text).replace(/\s+/g, " "));
  return shown.length > most ? `${shown.slice(0, most - 1).join("").trimEnd()}…` : shown.join("");
}

/** A text of others in an element of its own language and direction. */
export const quoted = (name, text, lang, attributes = {}) => el(name, { lang, dir: "auto", ...attributes }, plain(text));

/** The paragraphs of a text of others. */
export const paragraphs = (text, lang) =>
  plain(text)
    .split(/\n+/)
    .filter((part) => part.trim())
    .map((part) => quoted("p", part, lang));
