"""Turns a text into SMS: alphabets, counting, parts (3GPP TS 23.038 section 6.2, 23.040 section 9.2.3.24).

Gateways split by themselves; we do the same beforehand to know the price, to keep a text short enough, and so
that a typographic quote does not halve what fits.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

BASIC: Final = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENSION: Final = frozenset("\f^{}\\[~]|€")
"""Characters that take two septets each: the escape and their own."""
_GSM7: Final = BASIC | EXTENSION

# Signs that mean the same in ASCII. Letters are never replaced: "ç" is not "c" to a reader who must pronounce a name.
_PLAIN: Final = str.maketrans(
    {
        **dict.fromkeys("„“”‟«»″", '"'),
        **dict.fromkeys("‚‘’‛‹›′`´", "'"),
        **dict.fromkeys("‐‑‒–—―−•·", "-"),
        **dict.fromkeys("\t\u00a0\u2002\u2003\u2007\u2009\u200a\u202f", " "),
        **dict.fromkeys("\u00ad\u200b\u200c\u200d\u2060\ufeff", ""),
        "…": "...",
        "×": "x",
    }
)
_ELLIPSIS: Final = "..."


class Encoding(StrEnum):
    """The alphabet a message is sent in."""

    GSM7 = "gsm7"
    UCS2 = "ucs2"


# Units (septets; UTF-16 code units) in one message, and in each of several, which carry a header of 6 octets.
_SINGLE: Final = {Encoding.GSM7: 160, Encoding.UCS2: 70}
_PART: Final = {Encoding.GSM7: 153, Encoding.UCS2: 67}


@dataclass(frozen=True, slots=True)
class Sms:
    """A text ready to be sent, and the parts that it will be split into."""

    text: str
    encoding: Encoding
    parts: tuple[str, ...]
    clipped: bool = False
    """Whether the end is missing, for which the text then ends in three dots."""


def units(text: str, encoding: Encoding) -> int:
    """Return the length of `text` in septets (all characters must be of the GSM alphabet) or UTF-16 code units."""
    if encoding is Encoding.GSM7:
        return len(text) + sum(char in EXTENSION for char in text)
    return len(text) + sum(char > "\uffff" for char in text)


def encoding_of(text: str) -> Encoding:
    """Return GSM7 if every character is in its default or extension table."""
    return Encoding.GSM7 if _GSM7.issuperset(text) else Encoding.UCS2


def simplify(text: str) -> str:
    """Return `text` in ASCII punctuation if that brings it into the GSM alphabet; otherwise as it is (NFC)."""
    composed = unicodedata.normalize("NFC", text.replace("\r\n", "\n"))
    if encoding_of(composed) is Encoding.GSM7:
        return composed
    plain = composed.translate(_PLAIN)
    return plain if encoding_of(plain) is Encoding.GSM7 else composed


def split(text: str, encoding: Encoding) -> tuple[str, ...]:
    """Return the parts of `text`; neither an escape pair nor a surrogate pair is torn apart."""
    if units(text, encoding) <= _SINGLE[encoding]:
        return (text,)
    parts: list[str] = []
    start = used = 0
    for position, char in enumerate(text):
        cost = units(char, encoding)
        if used + cost > _PART[encoding]:
            parts.append(text[start:position])
            start, used = position, 0
        used += cost
    return (*parts, text[start:])


def compose(text: str, max_parts: int) -> Sms:
    """Return `text` in at most `max_parts` parts, cut at a blank and marked with three dots if it is longer."""
    whole = simplify(text)
    encoding = encoding_of(whole)
    parts = split(whole, encoding)
    if len(parts) <= max_parts:
        return Sms(whole, encoding, parts)
    room = _SINGLE[encoding] if max_parts == 1 else max_parts * _PART[encoding]
    cut = _clip(whole, encoding, room - len(_ELLIPSIS))
    while len(parts := split(cut + _ELLIPSIS, encoding)) > max_parts:  # pairs may leave gaps at the ends
        cut = cut[:-1]
    return Sms(cut + _ELLIPSIS, encoding, parts, clipped=True)


def _clip(text: str, encoding: Encoding, room: int) -> str:
    used = 0
    for position, char in enumerate(text):
        used += units(char, encoding)
        if used > room:
            words = text[:position].rsplit(None, 1)
            return words[0] if len(words) == 2 else text[:position]
    return text
