"""Shortens a text at the end of its sentences, and keeps those with a telephone number as long as it can."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

GAP: Final = "..."
"""What stands where something was left out."""
_END: Final = re.compile(r"(?<=[.!?])\s+(?=[^\W\d_a-zäöüß]|[\d\"'„“»(])|\n+")
_ABBREVIATED: Final = re.compile(
    r"(?:^|[\s(])(?:\w|\d+|Tel|Telefon|Nr|Str|St|Dr|ca|bzw|ggf|inkl|etc|usw|max|min|Std|Mio|No|Mr|Ms|approx)\.$",
    re.IGNORECASE,
)
"""A word at whose dot no sentence ends: initials, ordinals, abbreviations."""
NUMBER: Final = re.compile(r"(?<![\w/.-])(?:\(?(?:\+|0)[\d ()/-]{5,24}\d|116 ?117|115)(?!\w)")
"""A telephone number: with its area code, or one of the short ones that people do not know by heart."""

NUMBERS: Final = 5
"""Telephone numbers that are kept at most: with more there is no room for what to do, and nobody knows whom to call."""


def sentences(text: str) -> list[str]:
    """Return the sentences of a text, without the blanks between them."""
    found: list[str] = []
    for piece in _END.split(text.strip()):
        if found and _ABBREVIATED.search(found[-1]):
            found[-1] += f" {piece}"
        else:
            found.append(piece)
    return [piece for piece in found if piece]


def numbers(text: str) -> list[str]:
    """Return the telephone numbers in a text, each once."""
    return [*dict.fromkeys(found[0].strip() for found in NUMBER.finditer(text))]


def shortened(text: str, fits: Callable[[str], bool]) -> str:
    """Return as much of `text` as `fits` lets through: its first sentences, and those with a telephone number, in their
    order, or at least the numbers; of a first sentence that is too long itself the first words.
    """
    whole = sentences(text)
    # Asked first: a part may be longer than all, by the mark for what is missing.
    if fits(everything := _joined(whole, set(range(len(whole))))):
        return everything
    kept: set[int] = set()
    for n in [n for n, sentence in enumerate(whole) if NUMBER.search(sentence)][:NUMBERS]:
        if fits(_joined(whole, kept | {n})):
            kept.add(n)
    calls = _calls([sentence for n, sentence in enumerate(whole) if n not in kept], fits)
    leading = _most(len(whole), lambda count: fits(_joined(whole, kept.union(range(count)), calls)))
    kept.update(range(leading))
    return _joined(whole, kept, calls) if leading else _words(text.strip(), fits)


def _joined(whole: list[str], kept: set[int], calls: str = "") -> str:
    """Return the kept sentences, with a mark where some are missing, and behind the last mark whom to call."""
    parts: list[str] = []
    last = -1
    for n in sorted(kept):
        if n != last + 1:
            parts.append(GAP)
        parts.append(whole[n])
        last = n
    if last != len(whole) - 1 or calls:
        parts.append(GAP)
    return " ".join(filter(None, [*parts, calls]))


def _calls(some: list[str], fits: Callable[[str], bool]) -> str:
    """Return the telephone numbers in these sentences, as many as fit alone."""
    calls = ""
    for number in numbers("\n".join(some))[:NUMBERS]:
        more = f"{calls} {number}".strip()
        if fits(f"{GAP} {more}"):
            calls = more
    return calls


def _words(text: str, fits: Callable[[str], bool]) -> str:
    """Return the first words of `text`, a mark, and of its telephone numbers as many as fit."""
    tail = f"{GAP} {_calls([text], fits)}".strip()
    beginning = first_words(text, lambda words: fits(f"{words}{tail}"))
    return f"{beginning}{tail}" if beginning or tail != GAP else ""


def first_words(text: str, fits: Callable[[str], bool]) -> str:
    """Return the longest beginning that fits, cut at a blank, or anywhere where there is none."""
    length = _most(len(text), lambda count: fits(text[:count]))
    if length == len(text):
        return text
    words = text[:length].rsplit(None, 1)
    return words[0] if len(words) == 2 else text[:length].rstrip()


def _most(count: int, fits: Callable[[int], bool]) -> int:
    """Return how many of `count` fit. Small numbers are tried first: most of a long text never fits."""
    low, high, step = 0, count, 1
    while step <= count and fits(step):
        low, step = step, step * 2
    high = min(high, step - 1)
    while low < high:
        middle = (low + high + 1) // 2
        if fits(middle):
            low = middle
        else:
            high = middle - 1
    return low
