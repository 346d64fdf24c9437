"""Flattens HTML in CAP text to plain text.

CAP text is plain, yet feeds carry `<br/>`, links and doubly escaped entities. The result never holds a
known tag or entity, so flattening it again changes nothing and showing it as text is right everywhere.
"""

import html
import re
from typing import Final

_BREAKS: Final = re.compile(r"<\s*(?:br|/p|/div|/li|/tr|/h[1-6]|/ul|/ol|hr)(?=[\s/>])[^<>]*>", re.IGNORECASE)
_ITEMS: Final = re.compile(r"<\s*li(?=[\s/>])[^<>]*>", re.IGNORECASE)
_TAGS: Final = re.compile(
    r"</?(?:a|abbr|article|audio|b|big|blockquote|body|button|center|cite|code|dd|div|dl|dt|em|embed|font|footer"
    r"|form|frame|h[1-6]|head|header|html|i|iframe|img|input|ins|label|link|main|mark|math|meta|nav|object|ol|p"
    r"|pre|q|s|script|section|select|small|span|strike|strong|style|sub|sup|svg|table|tbody|td|textarea|tfoot|th"
    r"|thead|title|tr|tt|u|ul|video)(?=[\s/>])[^<>]*>|<!\[CDATA\[|\]\]>",
    re.IGNORECASE,
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


def has_markup(text: str) -> bool:
    """Whether `plain` would change more than the outer blanks."""
    return ("<" in text or "&" in text) and _once(text.strip()) != text.strip()


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
