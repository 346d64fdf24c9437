"""Find the desk's words in a language."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Final

from dispatcher.desk_texts.english import ENGLISH
from dispatcher.desk_texts.german import GERMAN

if TYPE_CHECKING:
    from dispatcher.desk_texts.words import DeskTexts


class DeskLanguage(StrEnum):
    """The languages that the desk is written in; German is the default."""

    GERMAN = "de"
    ENGLISH = "en"


CATALOGUES: Final[dict[DeskLanguage, DeskTexts]] = {
    DeskLanguage.GERMAN: GERMAN,
    DeskLanguage.ENGLISH: ENGLISH,
}


def desk_texts(language: str) -> DeskTexts:
    """Return the words in the language."""
    return CATALOGUES[DeskLanguage(language)]
