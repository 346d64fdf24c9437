"""Speaks in the words and by the clock of whoever reads."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from dispatcher.desk_texts.catalogue import DeskLanguage, desk_texts
from dispatcher.model.desk_time import DEFAULT_ZONE, desk_time
from dispatcher.model.sentences.count import counted

if TYPE_CHECKING:
    from datetime import tzinfo

    from dispatcher.desk_texts.words import DeskTexts


class UnknownTimeZoneError(Exception):
    """WARN_TIME_ZONE names no zone that is known."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


@dataclass(frozen=True, slots=True)
class Desk:
    """The words and the clock of the person who reads."""

    texts: DeskTexts
    language: DeskLanguage
    zone: tzinfo

    def time(self, moment: datetime | str, *, seconds: bool = False) -> str:
        """Return an aware instant, or its ISO 8601 text, as it is written at a desk, with `seconds` if need be."""
        known = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
        return desk_time(known, self.zone, self.language, seconds=seconds)

    def line(self, key: str, **values: object) -> str:
        """Return the line filled in; a number chooses the words that go with it (`Count`)."""
        return self.texts.lines[key].format_map({name: counted(value) for name, value in values.items()})


def desk(language: DeskLanguage) -> Desk:
    return Desk(desk_texts(language), language, desk_zone())


def desk_zone() -> tzinfo:
    """Return the zone of WARN_TIME_ZONE, whatever this machine's own is, or the default where that is empty. Raises
    `UnknownTimeZoneError`: what is typed as a time goes by it, so that no other zone may stand in.
    """
    name = os.environ.get("WARN_TIME_ZONE", "").strip() or DEFAULT_ZONE
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise UnknownTimeZoneError(name) from error
