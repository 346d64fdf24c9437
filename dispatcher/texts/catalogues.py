"""Find a language's words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from dispatcher.texts.english import ENGLISH
from dispatcher.texts.german import GERMAN

if TYPE_CHECKING:
    from dispatcher.texts.words import Words

CATALOGUES: Final[dict[str, Words]] = {"de": GERMAN, "en": ENGLISH}


def words_for(language: str) -> Words:
    """Return the fixed words; the German ones where there are none in the language."""
    return CATALOGUES.get(language, GERMAN)
