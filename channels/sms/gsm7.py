"""Knows the alphabets of SMS, counts and splits into parts (3GPP TS 23.038 section 6.2, 23.040 section 9.2.3.24).

Gateways split by themselves; we do the same beforehand to know the price, and to keep a text short enough.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

BASIC: Final = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENSION: Final = frozenset("\f^{}\\[~]|€")
"""Characters that take two septets each: the escape and their own."""
GSM7: Final = BASIC | EXTENSION


class Encoding(StrEnum):
    """The alphabet a message is sent in."""

    GSM7 = "gsm7"
    UCS2 = "ucs2"


# Units (septets; UTF-16 code units) in one message, and in each of several, which carry a header of 6 octets.
_SINGLE: Final = {Encoding.GSM7: 160, Encoding.UCS2: 70}
_PART: Final = {Encoding.GSM7: 153, Encoding.UCS2: 67}


def room(encoding: Encoding, max_parts: int) -> int:
    """Return how many units so many parts hold at most."""
    return _SINGLE[encoding] if max_parts == 1 else max_parts * _PART[encoding]


@dataclass(frozen=True, slots=True)
class Sms:
    """A text ready to be sent, and the parts that it will be split into."""

    text: str
    encoding: Encoding
    parts: tuple[str, ...]
    clipped: bool = False
    """Whether something is missing that did not fit."""


def units(text: str, encoding: Encoding) -> int:
    """Return the length of `text` in septets (all characters must be of the GSM alphabet) or UTF-16 code units."""
    # Not by each character: a text is counted hundreds of times while it is cut to its parts.
    if encoding is Encoding.GSM7:
        return len(text) + sum(map(text.count, EXTENSION))
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def encoding_of(text: str) -> Encoding:
    """Return GSM7 if every character is in its default or extension table."""
    return Encoding.GSM7 if GSM7.issuperset(text) else Encoding.UCS2


def split(text: str, encoding: Encoding) -> tuple[str, ...]:
    """Return the parts of `text`; neither an escape pair nor a surrogate pair is torn apart."""
    if units(text, encoding) <= _SINGLE[encoding]:
        return (text,)
    parts: list[str] = []
    start, most = 0, _PART[encoding]
    while start < len(text):
        part = text[start : start + most]
        while (over := units(part, encoding) - most) > 0:
            part = part[: -((over + 1) // 2)]  # no character takes more than two units
        parts.append(part)
        start += len(part)
    return tuple(parts)
