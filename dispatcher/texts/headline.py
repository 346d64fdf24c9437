"""Name what a notice is about, once, and never with nothing."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from channels.characters import one_line
from dispatcher.model.vocabulary import Kind
from dispatcher.texts.words.catalogues import CATALOGUES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dispatcher.texts.words.words import Words

ENDINGS = frozenset({Kind.NO_LONGER_AFFECTED, Kind.CANCEL, Kind.DELISTED})
"""The kinds by which something ends. They are told also after all that they say of it has run out."""
_ENDED = frozenset({Kind.NO_LONGER_AFFECTED, Kind.CANCEL})


def subject(kind: Kind, names: Iterable[str | None], words: Words) -> str:
    """Return the first of `names` that says something beside what the notice's prefix says; without one, a sentence.
    Pictographs and punctuation alone are no name: many phones and an SMS in the GSM alphabet leave them out.
    """
    for name in names:
        bare = _without_prefix(one_line(name or ""), kind)
        if any(sign.isalnum() for sign in bare):
            return bare
    return words.nameless[kind]


def gives_all_clear(headline: str | None) -> bool:
    """Whether a message's own headline gives the all-clear, in any language: "Entwarnung: Brand", "Entwarnung für
    Jülich", and not "Entwarnung folgt".
    """
    what = one_line(headline or "")
    for words in CATALOGUES.values():
        said = _any_of(words.all_clear)
        found = re.match(
            rf"(?:{said})(?=\s*[:!|.]|\s+[–—-]\s|\s*$|\s+{words.for_place}\s)", what, re.IGNORECASE
        )
        if found and not _is_denied(Kind.CANCEL, what[found.end() :], words):
            return True
    return False


def titled(kind: Kind, what: str, words: Words, prefix: str = "") -> str:
    """Return the prefix, the kind's own unless given, and what the notice is about. Where that already begins with the
    prefix's word, in the notice's own language, and does not take it back, it stands alone. A word said twice does no
    harm; a missing all-clear does.
    """
    prefix = prefix or words.prefix[kind]
    found = _says(kind, words, prefix).match(what)
    if found is None or _is_denied(kind, what[found.end() :], words):
        return f"{prefix}: {what}"
    return (prefix if kind in ENDINGS else found[0].upper()) + what[found.end() :]


def _without_prefix(text: str, kind: Kind) -> str:
    """Cut off what the prefix says already: "Entwarnung: Hochwasser", "Warning - Flood"; all of "Entwarnung!"."""
    before = None
    while text != before:
        before, text = text, _announced(kind).sub("", text)
    return text


def _echoes(kind: Kind) -> list[str]:
    """Return the words by which headlines say what the prefix of this kind says, in any language."""
    return [word for words in CATALOGUES.values() for word in (words.prefix[kind], *words.said[kind])]


def _any_of(said: Iterable[str]) -> str:
    """Return a pattern for any of these words in any case, the longest first. The letter i has a dot or none in either
    case, as whoever types Turkish capitals on another keyboard, or Unicode's own rules for them, leave it.
    """
    found = sorted(
        {word.lower().replace("i\u0307", "i") for word in said}, key=lambda word: (-len(word), word)
    )
    return "|".join(re.sub("[iı]", "(?:[iıİI]\u0307?)", re.escape(word)) for word in found)


def _says(kind: Kind, words: Words, prefix: str) -> re.Pattern[str]:
    """Return how a headline begins that says the prefix itself. Of an end only "Entwarnung für Jülich" does: what else
    follows may say that it is still to come ("Entwarnung erst morgen"), and "Lifted" or "Cancelled" may be the event.
    """
    if kind in ENDINGS:
        return re.compile(rf"{_any_of([prefix])}(?=\s+{words.for_place}\s)", re.IGNORECASE)
    return re.compile(rf"(?:{_any_of((prefix, *words.said[kind]))})(?![\w-])", re.IGNORECASE)


def _is_denied(kind: Kind, rest: str, words: Words) -> bool:
    """Whether what follows the prefix's word takes it back: of an end anywhere, of a warning at once."""
    following = re.findall(r"[\w'’]+", rest)
    heard = following if kind in ENDINGS else following[:1]
    return any(re.fullmatch(words.denial, word, re.IGNORECASE) for word in heard)


@lru_cache
def _announced(kind: Kind) -> re.Pattern[str]:
    """Return what is cut off. A notice of an end also does without the "Warnung:" of what it ends, and any notice of an
    end without the words for the other.
    """
    kinds = {kind} | ({Kind.ALERT} if kind in ENDINGS else set()) | (set(_ENDED) if kind in _ENDED else set())
    echoes = _any_of([echo for one in kinds for echo in _echoes(one)])
    return re.compile(rf"^(?:{echoes})(?:\s*[:!|]+\s*|\s+[–—-]\s+|[\s.!]*$)", re.IGNORECASE)
