"""Removes the characters that control a device or mislead a reader instead of saying something.

Messages come from strangers. A reversed direction shows other words than a filter has read, a control character moves
a terminal's cursor, and what nobody sees makes an SMS twice as expensive.
"""

from __future__ import annotations

import re
from typing import Final

_BREAKS: Final = re.compile("\r\n?|[\v\f\x85\u2028\u2029]")
_BLANKS: Final = re.compile("[\t\x1c-\x1f\u2800]")
"""Blanks in all but name: str.split takes the separators of records for some, and Braille writes an empty cell."""

# The general categories Cc, Cf and Cs (Unicode Standard, section 4.5) but for the line feed and for the format
# characters that are seen (U+0600 to U+0605 and their like); besides these the combining grapheme joiner, what holds
# tags and further variation selectors at the end of the planes, and letters that are blank: the fillers of
# Hangul, two vowels of Khmer.
_UNSEEN: Final = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u00ad\u034f\u061c\u070f\u180e"
    "\u115f\u1160\u17b4\u17b5\u3164\uffa0\u200b-\u200f\u202a-\u202e\u2060-\u206f\ud800-\udfff\ufeff\ufff9-\ufffb"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)


def legible(text: str) -> str:
    """Return `text` without characters that are not seen; every kind of line break becomes a line feed."""
    if text.isascii() and text.isprintable():
        return text
    return _UNSEEN.sub("", _BLANKS.sub(" ", _BREAKS.sub("\n", text)))


def one_line(text: str) -> str:
    """Return `text` as `legible` does, in one line, with single blanks."""
    return " ".join(legible(text).split())
