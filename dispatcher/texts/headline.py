"""Name what a notice is about, once, and never with nothing."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from channels.characters import one_line
from dispatcher.model.vocabulary import Kind
from dispatcher.texts.catalogues import CATALOGUES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dispatcher.texts.words import Words

ENDINGS = frozenset({Kind.NO_LONGER_AFFECTED, Kind.CANCEL, Kind.DELISTED})
"""The kinds by which something ends. They are told also after all that they say of it has run out."""
_ENDED = frozenset({Kind.NO_LONGER_AFFECTED, Kind.CANCEL})
_ALONE = 3
"""Among so many first words of a headline its own "Warnung" is heard as the notice's: "Amtliche WARNUNG vor FROST"."""


def subject(kind: Kind, names: Iterable[str | None], words: Words) -> str:
    """Return the first of `names` that says something beside what the notice's prefix says; without one, a sentence."""
    for name in names:
        bare = _without_prefix(one_line(name or ""), kind)
        if bare:
            return bare
    return words.nameless[kind]


def titled(kind: Kind, what: str, words: Words) -> str:
    """Return the prefix and what the notice is about. Where that already begins with the prefix's word, or has it among
    its first words, it stands alone.
    """
    if found := _says(kind).match(what):
        return found[0].upper() + what[found.end() :]
    if any(_says(kind).fullmatch(word) for word in re.findall(r"[\w-]+", what)[:_ALONE]):
        return what
    return f"{words.prefix[kind]}: {what}"


def _without_prefix(text: str, kind: Kind) -> str:
    """Cut off what the prefix says already: "Entwarnung: Hochwasser", "Warning - Flood"; all of "Entwarnung!"."""
    before = None
    while text != before:
        before, text = text, _announced(kind).sub("", text)
    return text


def _echoes(kind: Kind) -> list[str]:
    """Return the words by which headlines say what the prefix of this kind says, in any language, the longest first."""
    found = {word for words in CATALOGUES.values() for word in (words.prefix[kind], *words.said[kind])}
    return sorted(found, key=lambda word: (-len(word), word))


@lru_cache
def _says(kind: Kind) -> re.Pattern[str]:
    echoes = "|".join(map(re.escape, _echoes(kind))) or "(?!)"
    return re.compile(rf"(?:{echoes})(?![\w-])", re.IGNORECASE)


@lru_cache
def _announced(kind: Kind) -> re.Pattern[str]:
    """Return what is cut off. A notice of an end also does without the "Warnung:" of what it ends, and any notice of an
    end without the words for the other.
    """
    kinds = {kind} | ({Kind.ALERT} if kind in ENDINGS else set()) | (set(_ENDED) if kind in _ENDED else set())
    echoes = "|".join(
        map(re.escape, sorted({echo for one in kinds for echo in _echoes(one)}, key=lambda e: (-len(e), e)))
    )
    return re.compile(rf"^(?:{echoes})(?:\s*[:!|]+\s*|\s+[–—-]\s+|[\s.!]*$)", re.IGNORECASE)
