"""Fetch this process's part of what an account may send, where the provider counts all of our processes together.

The bucket (`dispatcher.queue.rate_bucket`) is asked once for a stretch of the account's time. A process that cannot
reach it goes on by itself with an equal part of the rate, among as many as the bucket last knew: no warning waits for
Redis. Processes that never heard of one another take the whole rate each, so that the account gets its rate at most as
many times as there are processes.
"""

from __future__ import annotations

import asyncio
import time
from math import inf
from typing import TYPE_CHECKING, Final

import structlog

from dispatcher.queue.rate_bucket import UNAVAILABLE

if TYPE_CHECKING:
    from collections.abc import Callable

    from dispatcher.queue.rate_bucket import RateBucket, Stretch

AGAIN_S: Final = 1.0
"""How long a bucket that did not answer is not asked again."""
KEPT_S: Final = 0.5
"""How long units that were granted may be used: later they would come on top of others'."""

log = structlog.get_logger()


class Allowance:
    """What this process may send on one account. It is used from one event loop."""

    def __init__(self, bucket: RateBucket, monotonic: Callable[[], float] = time.monotonic) -> None:
        """`monotonic` gives seconds."""
        self._bucket = bucket
        self._monotonic = monotonic
        self._units = 0.0
        self._begins_at = -inf
        self._ask_at = -inf
        self._processes = 1
        self._asking: asyncio.Task[None] | None = None
        self.away = False
        """Whether the bucket did not answer."""

    @property
    def parts(self) -> int:
        """Return into how many parts the rate is to be divided: while the bucket is away, one for each process."""
        return self._processes if self.away else 1

    def left(self, now: float) -> float:
        """Return how many units may leave now."""
        if self.away:
            return inf
        if now - self._begins_at > KEPT_S:
            self._units = min(self._units, 0.0)
        return self._units if self._units > 0 and now >= self._begins_at else 0.0

    def wait_s(self, now: float) -> float:
        """Return in how many seconds something may leave, or be asked for; infinity while it is being asked for."""
        if self.away:
            return 0.0
        if self._units > 0:
            return max(0.0, self._begins_at - now)
        return inf if self._asking else max(0.0, self._ask_at - now)

    def spend(self, units: float) -> None:
        """Note that so many units leave; the rest of a message is owed."""
        if not self.away:
            self._units -= units

    def ask(self, wanted: float, unit: float, rank: int, then: Callable[[], object]) -> None:
        """Ask for more where that is due, and call `then` with the answer. `unit` is what one message takes."""
        now = self._monotonic()
        if self._asking is None and now >= self._ask_at and (self.away or self._units <= 0):
            self._asking = asyncio.create_task(self._ask(wanted - self._units, unit, rank, then))

    async def _ask(self, wanted: float, unit: float, rank: int, then: Callable[[], object]) -> None:
        try:
            self._granted(await self._bucket.take(wanted, unit, rank))
        except UNAVAILABLE as error:
            self._fail(type(error).__name__)
        finally:
            self._asking = None
        then()

    def _granted(self, grant: Stretch) -> None:
        now = self._monotonic()
        if self.away:
            log.info("rate_bucket_back")
            self._units = 0.0
        self.away, self._processes = False, grant.processes
        self._units += grant.units
        if grant.units:
            self._begins_at, self._ask_at = now + grant.begins_s, -inf
        else:
            self._ask_at = now + grant.again_s

    def _fail(self, error: str) -> None:
        if not self.away:
            log.warning("rate_bucket_unavailable", error=error, processes=self._processes)
        self.away, self._ask_at = True, self._monotonic() + AGAIN_S
