"""The Retry-After header (RFC 9110 section 10.2.3): a number of seconds, or an HTTP date."""

from __future__ import annotations

import re
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from datetime import datetime

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
    try:
        date = parsedate_to_datetime(text)
    except ValueError:
        return None
    if date.tzinfo is None:  # "-0000", and asctime, which RFC 9110 section 5.6.7 reads as UTC
        date = date.replace(tzinfo=UTC)
    return min(max((date - now).total_seconds(), 0.0), MAX_WAIT_S)
