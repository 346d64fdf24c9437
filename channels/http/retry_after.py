"""The Retry-After header (RFC 9110 section 10.2.3): a number of seconds, or an HTTP date."""

from __future__ import annotations

import re
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from datetime import datetime

# A gateway may ask for a pause, not for silence: beyond this we ask again. Nobody's warning waits for a typo.
MAX_PAUSE_S: Final = 300.0
_SECONDS: Final = re.compile(r"[0-9]{1,20}")


def parse_retry_after(value: str | None, now: datetime) -> float | None:
    """Seconds from `now` (aware) to wait, 0 to `MAX_PAUSE_S`; None where the header says nothing usable.

    A date in the past is 0: the gateway is ready.
    """
    if value is None:
        return None
    text = value.strip()
    if _SECONDS.fullmatch(text):
        return min(float(text), MAX_PAUSE_S)
    try:
        date = parsedate_to_datetime(text)
    except ValueError:
        return None
    if date.tzinfo is None:  # "-0000", and asctime, which RFC 9110 section 5.6.7 reads as UTC
        date = date.replace(tzinfo=UTC)
    return min(max((date - now).total_seconds(), 0.0), MAX_PAUSE_S)
