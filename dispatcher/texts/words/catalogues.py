"""Find a language's words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from dispatcher.texts.languages import DEFAULT, lookup
from dispatcher.texts.words.arabic import ARABIC
from dispatcher.texts.words.english import ENGLISH
from dispatcher.texts.words.german import GERMAN, SIMPLE_GERMAN
from dispatcher.texts.words.turkish import TURKISH
from dispatcher.texts.words.ukrainian import UKRAINIAN

if TYPE_CHECKING:
    from dispatcher.texts.words.words import Words

CATALOGUES: Final[dict[str, Words]] = {
    DEFAULT: GERMAN,
    "de-simple": SIMPLE_GERMAN,
    "en": ENGLISH,
    "ar": ARABIC,
    "tr": TURKISH,
    "uk": UKRAINIAN,
}
"""The languages of the citizens' page."""


def catalogue_of(language: str) -> str:
    """Return the language of the fixed words that a reader of this priority list gets: German where there are none in
    any of the languages.
    """
    return next(iter(lookup(language, CATALOGUES)), DEFAULT)


def words_for(language: str) -> Words:
    """Return the fixed words; the German ones where there are none in any of the languages."""
    return CATALOGUES[catalogue_of(language)]
