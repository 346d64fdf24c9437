"""Flattens HTML in CAP text to plain text.

CAP text is plain, yet feeds carry `<br/>`, links and doubly escaped entities. The result never holds a
known tag or entity, so flattening it again changes nothing and showing it as text is right everywhere.
"""

import html
import re
from typing import Final

# The letters that a pattern that ignores case takes for one of ASCII besides the two cases (CaseFolding.txt).
_FOLDED: Final = {"i": "\u0130\u0131", "k": "\u212a", "s": "\u017f"}


def _any_case(word: str) -> str:
    """Returns a pattern for a word in any case. Sets of letters, unlike a pattern that ignores case, tell at their
    first letter which of many words cannot begin here: a text may consist of nothing but `<`.
    """
    return "".join(
        f"[{letter}{letter.upper()}{_FOLDED.get(letter, '')}]" if letter.isalpha() else letter
        for letter in word
    )


def _any_of(*words: str) -> str:
    """Returns a pattern for any of the words, in any case, that are grouped by their first letters."""
    groups: dict[str, list[str]] = {}
    for word in words:
        groups.setdefault(word[0], []).append(_any_case(word[1:]))
    return "|".join(f"{_any_case(first)}(?:{'|'.join(rests)})" for first, rests in groups.items())


_BLOCKS: Final = _any_of("p", "div", "li", "tr", "ul", "ol", "h1", "h2", "h3", "h4", "h5", "h6")
_BREAKS: Final = re.compile(rf"<\s*(?:/(?:{_BLOCKS})|{_any_of('br', 'hr')})(?=[\s/>])[^<>]*>")
_ITEMS: Final = re.compile(rf"<\s*{_any_case('li')}(?=[\s/>])[^<>]*>")
_NAMES: Final = (
    "a abbr article audio b big blockquote body button center cite code dd div dl dt em embed font footer form frame"
    " h1 h2 h3 h4 h5 h6 head header html i iframe img input ins label link main mark math meta nav object ol p pre q s"
    " script section select small span strike strong style sub sup svg table tbody td textarea tfoot th thead title tr"
    " tt u ul video"
)
_TAGS: Final = re.compile(
    rf"</?(?:{_any_of(*_NAMES.split())})(?=[\s/>])[^<>]*>|<!\[{_any_case('cdata')}\[|\]\]>"
)
_ENTITY: Final = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,30});")
_MANY_BREAKS: Final = re.compile(r"\n{3,}")
_DEEPEST: Final = 4  # rounds of unescaping; text that was escaped more often is an attack, not a habit


def plain(text: str) -> str:
    """Returns `text` without tags, entities and outer blanks; breaks and paragraphs become line breaks.

    It takes linear time for a fixed nesting of escapes, and is idempotent: plain(plain(x)) == plain(x).
    """
    stripped = text.strip()
    if "<" not in stripped and "&" not in stripped:
        return stripped
    for _ in range(_DEEPEST):
        flat = _once(stripped)
        if flat == stripped:
            return flat
        stripped = flat
    return stripped.replace("<", " ").replace("&", " ").strip()


def _once(text: str) -> str:
    text = _without_comments(text)
    tagged = bool(_TAGS.search(text) or _BREAKS.search(text))
    if tagged:
        text = _ITEMS.sub("- ", text)
        text = _BREAKS.sub("\n", text)
        text = _TAGS.sub("", text)
        text = _MANY_BREAKS.sub("\n\n", "\n".join(line.strip() for line in text.split("\n")))
    return _ENTITY.sub(_unescape, text).strip()


def _without_comments(text: str) -> str:
    """Searches instead of matching a pattern: a thousand openings must not cause a thousand searches to the end."""
    parts, start = [], 0
    while (opening := text.find("<!--", start)) >= 0 and (end := text.find("-->", opening + 4)) >= 0:
        parts.append(text[start:opening])
        start = end + 3
    return "".join([*parts, text[start:]]) if parts else text


def _unescape(match: re.Match[str]) -> str:
    character = html.unescape(match.group())
    return " " if character in ("\u00a0", "\r") else character
