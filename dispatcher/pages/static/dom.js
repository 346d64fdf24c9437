// Makes elements. Texts of others go in as text, never as markup, and cannot turn the direction of what is around them.

import { plain } from "./plain.js";

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

/** A listener that does one thing at a time: a disabled button would lose the focus. */
export function oneAtATime(does) {
  let isDoing = false;
  return async (event) => {
    if (isDoing) return;
    isDoing = true;
    try {
      await does(event);
    } finally {
      isDoing = false;
    }
  };
}

/** A text of others in an element of its own language and direction. */
export const quoted = (name, text, lang, attributes = {}) => el(name, { lang, dir: "auto", ...attributes }, plain(text));

/** The paragraphs of a text of others. */
export const paragraphs = (text, lang) =>
  plain(text)
    .split(/\n+/)
    .filter((part) => part.trim())
    .map((part) => quoted("p", part, lang));
