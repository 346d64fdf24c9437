"""Dates as feeds write them: ISO 8601, RFC 822, and what servers make of them in their own language."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from email.utils import parsedate_to_datetime

from cap import lexical

# Taiwan's index, `2026/1/12 下午 10:00:00`: a local time of unknown zone with a word for the half of the day.
_SLASHED = re.compile(
    r"(\d{4})/(\d{1,2})/(\d{1,2})\s+(\D*?)\s*(\d{1,2}):(\d{2})(?::(\d{2}))?\s*([AaPp][Mm])?"
)
_LONGEST = 100
"""Characters of a date. In a longer text the patterns would look for it in too many ways."""
_AFTER_NOON = frozenset({"下午", "晚上", "pm"})
_BEFORE_NOON = frozenset({"上午", "凌晨", "早上", "am"})


_LATEST_ZONE = timezone(timedelta(hours=-12))


def read_date(text: str, *, ends: bool = False) -> datetime | None:
    """Return an aware instant, or None. A date without a zone is taken for UTC; one that `ends` something for the
    latest that it can mean, as in `cap.lexical`: nobody goes unwarned because of a guess.
    """
    text = text.strip()
    if len(text) > _LONGEST:
        return None
    moment = lexical.timestamp(text, ends=ends)[0]
    if moment is not None:
        return moment
    try:
        found = _slashed(text) or parsedate_to_datetime(text)
    except (ValueError, TypeError, OverflowError):  # the last by numbers of twenty digits
        return None
    return found if found.tzinfo else found.replace(tzinfo=_LATEST_ZONE if ends else UTC)


def _slashed(text: str) -> datetime | None:
    match = _SLASHED.fullmatch(text)
    if match is None:
        return None
    year, month, day, half, hour, minute, second, suffix = match.groups()
    word = (suffix or half).lower()
    hours = int(hour)
    if word in _AFTER_NOON and hours < 12:
        hours += 12
    elif word in _BEFORE_NOON and hours == 12:
        hours = 0
    return datetime(  # noqa: DTZ001 - the text names no zone
        int(year), int(month), int(day), hours, int(minute), int(second or 0)
    )
