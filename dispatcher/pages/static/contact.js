// Finds telephone numbers in a text of whom to ask, so that they can be called. Pure.

// What is a date, a time or a longer row of digits is none; in doubt it stays text, which can be read out all the same.
const BEFORE = String.raw`(?<![\p{L}\p{N}.:+/()@-])(?<!\d )`;
const WRITTEN = String.raw`(?:\+[1-9]|0[1-9])(?:\d|[ /-](?=[\d(])|\(\d{1,5}\)(?=[ /\d-]))+`;
const BEHIND = String.raw`(?![\p{L}\p{N}@]|[ /(-]*\d|[.:][\p{L}\p{N}]|\s*(?:Uhr|h)\b)`;
const NUMBER = new RegExp(BEFORE + WRITTEN + BEHIND, "gu");
const DATE = /^\d{1,2}[-/ ]\d{1,2}[-/ ](?:\d{2}|\d{4})$/;
const DIGITS_LEAST = 6;
const DIGITS_MOST = 15; // ITU-T E.164
const TRUNK = /^(\+[1-9][\d ]*)\(0\)/;

/** Returns the text in parts, `{text, number}`: `number` is what can be dialled, null of what is no telephone number. */
export function callable(text) {
  const parts = [];
  let after = 0;
  for (const found of text.matchAll(NUMBER)) {
    const number = dialled(found[0]);
    if (!number) continue;
    parts.push({ text: text.slice(after, found.index), number: null }, { text: found[0], number });
    after = found.index + found[0].length;
  }
  return [...parts, { text: text.slice(after), number: null }].filter((part) => part.text);
}

function dialled(written) {
  if (DATE.test(written)) return null;
  const number = written.replace(TRUNK, "$1").replace(/[^\d+]/g, "");
  const digits = number.replace("+", "").length;
  return digits >= DIGITS_LEAST && digits <= DIGITS_MOST ? number : null;
}
