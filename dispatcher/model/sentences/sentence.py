"""Say a phrase in every language at once."""

from __future__ import annotations

from datetime import datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from dispatcher.model.desk_time import desk_time
from dispatcher.model.sentences.count import counted
from dispatcher.model.sentences.english import ENGLISH
from dispatcher.model.sentences.german import GERMAN

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import tzinfo

    from dispatcher.model.sentences.phrases import Phrase

CATALOGUES: Mapping[str, Mapping[Phrase, str]] = MappingProxyType({"de": GERMAN, "en": ENGLISH})


class Said(NamedTuple):
    """A sentence in German, which the duty officer reads, and in English."""

    de: str
    en: str

    def in_language(self, language: str) -> str:
        """Return it in German for `de`, else in English."""
        return self.de if language == "de" else self.en


def said(phrase: Phrase, zone: tzinfo | None = None, **values: object) -> Said:
    """Return the phrase filled in. A value that is `Said` stands in each language in that language; an aware instant is
    written as the desk of this `zone` writes it; a number chooses the words that go with it (`Count`).
    """
    de, en = (
        catalogue[phrase].format_map(
            {name: _written(value, language, zone) for name, value in values.items()}
        )
        for language, catalogue in CATALOGUES.items()
    )
    return Said(de, en)


def _written(value: object, language: str, zone: tzinfo | None) -> object:
    if isinstance(value, Said):
        return value.in_language(language)
    if isinstance(value, datetime):
        if zone is None:
            raise TypeError("an instant in a sentence needs the zone of the desk")
        return desk_time(value, zone, language)
    return counted(value)
