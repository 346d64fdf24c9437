"""Write an instant for a person at a desk: date, time and zone, always the zone of WARN_TIME_ZONE, never a machine's.

Citizens read times without a year and, but in one hour a year, without a zone: `texts.times`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date, datetime, tzinfo

DEFAULT_ZONE = "Europe/Berlin"
"""The default of WARN_TIME_ZONE, for commands that only speak HTTP and load no settings."""

_PATTERNS = {"de": "%d.%m.%Y %H:%M", "en": "%Y-%m-%d %H:%M"}
_GERMAN_ZONES = {"CET": "MEZ", "CEST": "MESZ", "EET": "OEZ", "EEST": "OESZ", "WET": "WEZ", "WEST": "WESZ"}


def desk_day(day: date, language: str = "de") -> str:
    """Return the day as `28.11.2026`, in English as `2026-11-28`: as the times beside it have it."""
    return day.strftime(_PATTERNS[language].partition(" ")[0])


def desk_time(moment: datetime, zone: tzinfo, language: str = "de", *, seconds: bool = False) -> str:
    """Return the aware instant as `28.11.2026 06:25 MEZ`, in English as `2026-11-28 06:25 CET`; with `seconds` as
    `06:25:48`. Zones without a name are written as their offset from UTC.
    """
    try:
        local = moment.astimezone(zone)
    except OverflowError:  # the last day that there is, as some write "for ever": it has no other zone
        local = moment
    name = local.tzname() or ""
    if not name.isalpha():
        name = f"UTC{local:%z}"
    if language == "de":
        name = _GERMAN_ZONES.get(name, name)
    return f"{local.strftime(_PATTERNS[language] + (':%S' if seconds else ''))} {name}"
