"""The clocks, for constructors to default to."""

from __future__ import annotations

import time
from datetime import UTC, datetime


def utc_now() -> datetime:
    """Return the present as an aware instant."""
    return datetime.now(UTC)


def elapsed() -> float:
    """Return the seconds since the machine was started. No administrator sets them; and unlike those of
    `time.monotonic`, which event loops go by, they go on while the machine is suspended (CLOCK_BOOTTIME).
    """
    return time.clock_gettime(time.CLOCK_BOOTTIME)
