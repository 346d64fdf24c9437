"""Keep the record's time in a process whose own date may be wrong."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from channels.clock import elapsed

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
    """Carries the record's time on by a clock that no administrator can set, and that goes on while this machine is
    suspended. Before the first reading it is the machine's own time.
    """

    def __init__(
        self, monotonic: Callable[[], float] = elapsed, own: Callable[[], datetime] = _own_now
    ) -> None:
        """`monotonic` gives seconds, `own` an aware instant."""
        self._monotonic = monotonic
        self._own = own
        self._read: tuple[datetime, float] | None = None

    def elapsed(self) -> float:
        """Return the seconds by which the record's time is carried on."""
        return self._monotonic()

    def read(self, now: datetime, asked: float) -> None:
        """Note that the record said that it is `now` (aware), when it was asked at `asked` by `elapsed`.

        Not when its answer was read: this process may have stood still in between, and nothing would say so. The time
        is rather ahead, by as long as the answer took, than behind.
        """
        self._read = now, asked

    def __call__(self) -> datetime:
        """Return the aware present, by the record."""
        if self._read is None:
            return self._own()
        then, at = self._read
        return then + timedelta(seconds=self._monotonic() - at)
