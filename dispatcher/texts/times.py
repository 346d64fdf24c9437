"""Say an instant as the clock on the wall shows it, without leaving open which one is meant."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import MAXYEAR, MINYEAR, UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import tzinfo

    from dispatcher.texts.words.words import Words


@dataclass(frozen=True, slots=True)
class Present:
    """The present of a place."""

    now: datetime
    """The aware present, by the record."""
    zone: tzinfo


def clock_time(moment: datetime, present: Present, words: Words) -> str:
    """Return the local time: with its year where that is not the present one, with the zone's name in the hour that
    comes twice when the clocks are put back.
    """
    local = moment.astimezone(present.zone)
    this_year = local.year == present.now.astimezone(present.zone).year
    said = local.strftime(words.clock if this_year else words.clock_with_year)
    # Python gives the same wall time two offsets only in that hour: an instant is never in the hour left out.
    if local.replace(fold=0).utcoffset() == local.replace(fold=1).utcoffset():
        return said
    name = local.tzname() or ""
    return f"{said} ({words.zones.get(name) or name or local.strftime('%z')})"


def in_utc(moment: datetime | None) -> datetime | None:
    """Return the instant in UTC; None for one at an end of Python's calendar, which has no local time in every zone."""
    if moment is None or moment.year in (MINYEAR, MAXYEAR):
        return None
    return moment.astimezone(UTC)
