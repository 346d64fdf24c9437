"""Reads a time as a person types it at a desk. Pure."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from dispatcher.commands.desk.service import WrongCall

if TYPE_CHECKING:
    from datetime import tzinfo

_AHEAD: Final = re.compile(r"\+(?P<number>\d{1,5})(?P<unit>m|min|h|d)", re.ASCII)
_CLOCK: Final = re.compile(r"(?P<hour>[01]?\d|2[0-3]):(?P<minute>[0-5]\d)", re.ASCII)
_UNITS: Final = {"m": "minutes", "min": "minutes", "h": "hours", "d": "days"}


def future_moment(text: str, now: datetime, zone: tzinfo) -> datetime:
    """Return the instant that is meant, in whole seconds and in the zone: `+2h` from now, `18:00` when the clock shows
    it next, or a date and time, in the zone where it names none. Raises `WrongCall` for what is none, or not ahead.
    """
    found = _moment(text.strip(), now.astimezone(zone), zone)
    if found is None:
        raise WrongCall("time", text=text)
    if found <= now:
        raise WrongCall("time_past", text=text)
    return found.replace(microsecond=0)


def _moment(text: str, now: datetime, zone: tzinfo) -> datetime | None:
    if ahead := _AHEAD.fullmatch(text):
        # Over UTC: an hour ahead is an hour, also in the night in which the clock changes.
        passed = now.timestamp() + timedelta(**{_UNITS[ahead["unit"]]: int(ahead["number"])}).total_seconds()
        return datetime.fromtimestamp(passed, zone)
    if clock := _CLOCK.fullmatch(text):
        today = now.replace(hour=int(clock["hour"]), minute=int(clock["minute"]), second=0, microsecond=0)
        return today if today > now else today + timedelta(days=1)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    if len(text) <= len("2026-11-28"):  # a day alone says nothing of when
        return None
    return moment.replace(tzinfo=zone) if moment.utcoffset() is None else moment.astimezone(zone)
