"""Shortens a text at the end of its sentences, and keeps those with a telephone number as long as it can."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

GAP: Final = "..."
"""What stands where something was left out."""
_END: Final = re.compile(r"(?<=[.!?؟])\s+(?=[^\W\d_a-zäöüßçğışа-яґєії]|[\d\"'„“»«(])|\n+")
"""No sentence begins with a small letter. Arabic has none, and question marks of its own."""
_ABBREVIATED: Final = re.compile(
    r"(?:^|[\s(])(?:\w|\d\d|Tel|Telefon|Nr|Str|St|Dr|ca|bzw|ggf|inkl|etc|usw|max|min|Std|Mio|No|Mr|Ms|approx|"
    r"Cad|Sok|Mah|Blv|Apt|vb|dk|тел|вул|буд|просп|пл|обл|хв|год|тис|напр|орієнт)\.$",
    re.IGNORECASE,
)
"""A word at whose dot no sentence ends: initials, ordinals of up to two digits, abbreviations."""
_TAIL: Final = 24
"""Characters in which the longest abbreviation stands with what is before it: a text may be nothing but initials."""
NUMBER: Final = re.compile(
    r"(?<![\w/.-])(?<!\d:)(?:\(?(?:\+|0)[\d\xa0 ()/-]{5,24}\d|116[\xa0 ]?117|115)(?!\w|:\d)"
)
"""A telephone number: with its area code, or one of the short ones that people do not know by heart. "08:00 - 10:00" is
none."""

NUMBERS: Final = 5
"""Telephone numbers that are kept at most: with more there is no room for what to do, and nobody knows whom to call."""


def sentences(text: str) -> list[str]:
    """Return the sentences of a text, without the blanks between them."""
    found: list[str] = []
    for piece in _END.split(text.strip()):
        if found and _ABBREVIATED.search(found[-1][-_TAIL:]):
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
    # Where a number's sentence leaves no room for the first one, the number alone does.
    for some in (kept, set[int]()) if kept else (kept,):
        calls = _calls([sentence for n, sentence in enumerate(whole) if n not in some], fits)
        leading = _leading(whole, some, calls, fits)
        if leading:
            return _joined(whole, some.union(range(leading)), calls)
    return _words(text.strip(), fits)


def _leading(whole: list[str], kept: set[int], calls: str, fits: Callable[[str], bool]) -> int:
    """Return how many of the first sentences fit beside those that are kept."""
    return _most(len(whole), lambda count: fits(_joined(whole, kept.union(range(count)), calls)))


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
