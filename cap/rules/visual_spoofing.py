"""Finds texts that could deceive the eye (Unicode UTR #36, "visual spoofing"): turned reading direction, invisible
characters, look-alike letters.
"""

import re
import unicodedata
from collections.abc import Iterator
from typing import Final

from cap.findings import Problem
from cap.model import Info

_TEXTS: Final = (
    ("event", "event"),
    ("headline", "headline"),
    ("description", "description"),
    ("instruction", "instruction"),
    ("senderName", "sender_name"),
    ("contact", "contact"),
)
# Overrides and embeddings of UAX #9. The plain marks U+200E/U+200F/U+061C belong in Arabic and Hebrew text.
_TURNING: Final = re.compile("[\u202a-\u202e\u2066-\u2069]")
# Zero-width space, word joiner, byte order mark, soft tags; joiners U+200C/U+200D are part of Persian and
# Indic words.
_INVISIBLE: Final = re.compile("[\u200b\u2060-\u2064\ufeff\U000e0000-\U000e007f]")
_FOREIGN: Final = re.compile("[\u0370-\u052f]")  # Greek and Cyrillic: the scripts that hold Latin look-alikes
_WORD: Final = re.compile(r"[^\W\d_]{2,40}")
_LOOK_ALIKE: Final = frozenset({"LATIN", "GREEK", "CYRILLIC"})


def spoofing_problems(info: Info, path: str) -> Iterator[Problem]:
    """Yields problems, which the rules weigh as warnings at most: foreign letters may have good reasons."""
    for element, attribute in _TEXTS:
        text = getattr(info, attribute)
        if text and not text.isascii():
            line = info.lines.get(element) or info.line
            for code in _codes(text):
                yield Problem(code, f"{path}/{element}", line, element)


def _codes(text: str) -> Iterator[str]:
    if _TURNING.search(text):
        yield "text-direction"
    if _INVISIBLE.search(text):
        yield "text-invisible"
    if _FOREIGN.search(text) and any(_is_mixed(word) for word in _WORD.findall(text)):
        yield "text-mixed-script"


def _is_mixed(word: str) -> bool:
    scripts = {unicodedata.name(letter, "?").split(" ", 1)[0] for letter in word}
    return len(scripts & _LOOK_ALIKE) > 1
