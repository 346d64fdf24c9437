// Texts of others as they may be shown: bounded, and unable to turn the direction of what is around them. Pure.

// Controls, but for the line feed; bidirectional marks, embeddings, overrides and isolates; what is not shown at all.
const UNSHOWN = /[\u0000-\u0009\u000B-\u001F\u007F-\u009F\u061C\u200B\u200E\u200F\u2028-\u202E\u2060-\u2069\uFEFF\uFFF9-\uFFFB]/g;
export const HEADLINE_MAX = 160;

/** Returns a text of others as it may be shown. */
export const plain = (text) => String(text ?? "").replace(UNSHOWN, " ").trim();

/** Returns a text of bounded length. */
export function shortened(text, most) {
  const shown = Array.from(text);
  return shown.length > most ? `${shown.slice(0, most - 1).join("").trimEnd()}…` : text;
}

/** Returns a headline, in one line of bounded length; the whole of it stands below where it is longer. */
export const headline = (text, most = HEADLINE_MAX) => shortened(plain(text).replace(/\s+/g, " "), most);

/** Returns a text of bounded length that keeps its lines, without empty ones. */
export const inLines = (text, most) =>
  shortened(plain(text).split("\n").map((line) => line.trim()).filter(Boolean).join("\n"), most);
