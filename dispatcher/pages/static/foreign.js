// Says something of a warning whose text is in none of the person's languages. Pure.

const primary = (tag) => String(tag ?? "").toLowerCase().split("-")[0];
const OVER = "AllClear"; // what is to be done in a danger is not said any more where it is over

/** Returns sentences in the page's language: in which one the warning is, and what to do, as far as CAP's words say it.
 * None of a warning that can be read. */
export function foreign(texts, { lang, response_types: types }, over) {
  const language = primary(lang);
  if (!/^[a-z]{2,3}$/.test(language) || language === primary(texts.language)) return [];
  const known = (Array.isArray(types) ? types : []).filter((type) => (type === OVER) === over);
  const sentences = known.map((type) => texts.words[`response_${type}`]).filter((said) => typeof said === "string");
  return [texts.say("only_in", { language: texts.languageName(language) }), ...new Set(sentences)];
}
