"""Dates in headers, and Retry-After (RFC 9110 section 10.2.3): a number of seconds, or an HTTP date."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

# The longest wait that is believed: a number of seconds or a date beyond it is a slip of the pen, and no date can be
# reckoned with it. How long a pause is really kept is decided where it is kept.
MAX_WAIT_S: Final = 86_400.0
_SECONDS: Final = re.compile(r"[0-9]{1,20}")


def parse_retry_after(value: str | None, now: datetime) -> float | None:
    """Return seconds from `now` (aware) to wait, 0 to `MAX_WAIT_S`; None where the header says nothing usable.

    A date in the past is 0: the gateway is ready.
    """
    if value is None:
        return None
    text = value.strip()
    if _SECONDS.fullmatch(text):
        return min(float(text), MAX_WAIT_S)
    date = http_date(text)
    return None if date is None else min(max((date - now).total_seconds(), 0.0), MAX_WAIT_S)


def http_date(text: str) -> datetime | None:
    """Return the aware instant that a header names (RFC 9110 section 5.6.7); None for what is no date."""
    try:
        date = parsedate_to_datetime(text)
    except (ValueError, OverflowError):  # the latter by numbers of twenty digits
        return None
    # "-0000", and asctime, are without a zone and read as UTC.
    return date if date.tzinfo else date.replace(tzinfo=UTC)
