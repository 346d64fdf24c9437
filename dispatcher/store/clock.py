"""Keep the record's time in a process whose own date may be wrong."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from dispatcher.store.record import Pool


def _own_now() -> datetime:
    return datetime.now(UTC)


async def record_time(pool: Pool) -> datetime:
    """Return the aware present by the record itself."""
    now: datetime = await pool.fetchval("SELECT clock_timestamp()")
    return now


class RecordClock:
    """Carries the record's time on by the monotonic clock, which no administrator can set. Before the first
    reading it is the machine's own time.
    """

    def __init__(
        self, monotonic: Callable[[], float] = time.monotonic, own: Callable[[], datetime] = _own_now
    ) -> None:
        """`monotonic` gives seconds, `own` an aware instant."""
        self._monotonic = monotonic
        self._own = own
        self._read: tuple[datetime, float] | None = None

    def read(self, now: datetime) -> None:
        """Note that the record has just said that it is `now` (aware)."""
        self._read = now, self._monotonic()

    def __call__(self) -> datetime:
        """Return the aware present, by the record."""
        if self._read is None:
            return self._own()
        then, at = self._read
        return then + timedelta(seconds=self._monotonic() - at)
