"""Look up in which of a reader's languages something is to be had, as RFC 4647 section 3.4 does, and which languages
are written from right to left. Pure.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

DEFAULT: Final = "de"
"""The language of what names none, and of what is not to be had in a reader's own."""
SIMPLE: Final = "simple"
"""The registered variant of a simplified language, as in `de-simple`, Leichte Sprache: whoever wants the language gets
that only where there is nothing else in it."""
TAG_CHARACTERS: Final = 35
"""By RFC 5646 section 4.4.1 enough for any tag in use."""
RIGHT_TO_LEFT: Final = frozenset({"ar", "ckb", "dv", "fa", "he", "ks", "ps", "sd", "syr", "ug", "ur", "yi"})
"""Languages with a script from right to left where the tag names no other (CLDR, characterOrder)."""
_LEFT_SCRIPTS: Final = frozenset({"latn", "cyrl"})


def ranges(priority: str) -> list[str]:
    """Return the languages of a priority list, such as "uk,ru,en", the best first. Longer tags are cut: they are
    shortened from their end anyway, and each step costs as much as the tag is long.
    """
    return [wanted for one in priority.lower().split(",") if (wanted := one.strip()[:TAG_CHARACTERS])]


def lookup(priority: str, available: Iterable[str]) -> frozenset[str]:
    """Return those of the available tags that a reader of this priority list gets; none where there are none in any of
    the languages. A range is shortened from its end until something is found. As tags of messages name regions that
    readers do not ask for, one also finds what is longer: "de" finds "de-DE".
    """
    tags = frozenset(available)
    for wanted in ranges(priority):
        for shortened in _shortened(wanted):
            found = {tag for tag in tags if f"{tag.lower()}-".startswith(f"{shortened}-")}
            plain = {tag for tag in found if SIMPLE not in tag.lower().split("-")}
            if found:
                return frozenset(found if SIMPLE in shortened.split("-") else plain or found)
    return frozenset()


def is_right_to_left(tag: str) -> bool:
    """Whether a language is written from right to left."""
    language, *others = tag.lower().split("-")
    return language in RIGHT_TO_LEFT and not _LEFT_SCRIPTS.intersection(others)


def _shortened(wanted: str) -> Iterator[str]:
    """Yield the range, and what is left of it without its last subtag, and so on. A single letter or digit goes with
    the subtag that it introduces.
    """
    subtags = wanted.split("-")
    while subtags:
        yield "-".join(subtags)
        subtags.pop()
        if subtags and len(subtags[-1]) == 1:
            subtags.pop()
