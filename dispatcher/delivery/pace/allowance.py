"""Fetch this process's part of what an account may send, where the provider counts all of our processes together, and
share what is learnt of it.

The bucket (`dispatcher.queue.rate_bucket`) is asked once for a stretch of the account's time, and told at once of a
refusal. As long as no rate is declared and this process was not refused, it only looks up for a batch whether another
was, and nothing waits for that. A process that cannot reach the bucket goes on by itself with an equal part of the
rate, among as many as the bucket last knew: no warning waits for Redis. Processes that never heard of one another take
a declared rate each, so that the account gets its rate at most as many times as there are processes; what each has
learnt by itself is its part already.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from math import inf
from typing import TYPE_CHECKING, Final

import structlog

from dispatcher.delivery.pace.learnt_rate import LearntRate, RecentAcceptances, idle_s
from dispatcher.model.rates.found_rate import CALM_FIRST_S
from dispatcher.queue.rate_bucket import UNAVAILABLE, AcceptedUnits, News

if TYPE_CHECKING:
    from collections.abc import Callable

    from dispatcher.queue.rate_bucket import RateBucket, Stretch

AGAIN_S: Final = 1.0
"""How long a bucket that did not answer, or knows of no rate, is not asked again."""
KEPT_S: Final = 0.5
"""How long units that were granted may be used: later they would come on top of others'."""

log = structlog.get_logger()


class Allowance:
    """What this process may send on one account. It is used from one event loop."""

    def __init__(self, bucket: RateBucket, monotonic: Callable[[], float] = time.monotonic) -> None:
        """`monotonic` gives seconds."""
        self._bucket = bucket
        self._monotonic = monotonic
        self._learnt = LearntRate()
        self._units = 0.0
        self._begins_at = -inf
        self._ask_at = -inf
        self._processes = 1
        self._asking: asyncio.Task[None] | None = None
        self._accepted = RecentAcceptances()
        """What the gateway took and the bucket was not told of."""
        self._rests_until = -inf
        self._untold = False
        """Whether the bucket was not told of a refusal."""
        self._looked_at = -inf
        self._version = 0
        """The version of the rate that the bucket last knew."""
        self.not_before = -inf
        """Until when all leave the gateway alone."""
        self.away = False
        """Whether the bucket did not answer."""

    def share(self, learnt: LearntRate) -> None:
        """Let this be what is shared of the account."""
        self._learnt = learnt

    @property
    def parts(self) -> int:
        """Return into how many parts the rate is to be divided: while the bucket is away, one for each process."""
        return self._processes if self.away else 1

    @property
    def grants(self) -> bool:
        """Whether the bucket says what may leave."""
        return not self.away and (self._bucket.rate is not None or self._learnt.found is not None)

    def left(self, now: float) -> float:
        """Return how many units may leave now."""
        if not self.grants:
            return inf
        if now - self._begins_at > KEPT_S:
            self._units = min(self._units, 0.0)
        return self._units if self._units > 0 and now >= self._begins_at else 0.0

    def wait_s(self, now: float) -> float:
        """Return in how many seconds something may leave, or be asked for; infinity while it is being asked for."""
        if not self.grants:
            return 0.0
        if self._units > 0:
            return max(0.0, self._begins_at - now)
        return inf if self._asking else max(0.0, self._ask_at - now)

    def spend(self, units: float) -> None:
        """Note that so many units leave; the rest of a message is owed."""
        if self.grants:
            self._units -= units

    def accepted(self, units: float, now: float) -> None:
        """Note what the gateway took."""
        if self.grants:
            self._accepted.add(units, now)

    def look_up(self, then: Callable[[], object]) -> None:
        """Ask whether another process has learnt a rate, where none is known here, and call `then` with the answer.
        Nothing waits for it.
        """
        now = self._monotonic()
        due = self._asking is None and not (self.away or self.grants) and now - self._looked_at >= AGAIN_S
        if due:
            self._looked_at = now
            self._asking = asyncio.create_task(self._ask(0.0, 1.0, 0, then))

    def ask(self, wanted: float, unit: float, rank: int, then: Callable[[], object]) -> None:
        """Ask for more where that is due, and call `then` with the answer. `unit` is what one message takes."""
        due = self._monotonic() >= self._ask_at and (self.away or (self.grants and self._units <= 0))
        if due and self._asking is None:
            self._asking = asyncio.create_task(self._ask(wanted - self._units, unit, rank, then))

    def refused(self, rests_s: float, then: Callable[[], object]) -> None:
        """Tell the others that the gateway is to be left alone for so long, and what was learnt; then call `then`."""
        self._rests_until = max(self._rests_until, self._monotonic() + rests_s)
        self._untold = True
        if self._asking is None and not self.away:
            self._asking = asyncio.create_task(self._ask(0.0, 1.0, 0, then))

    async def _ask(self, wanted: float, unit: float, rank: int, then: Callable[[], object]) -> None:
        try:
            news = self._news(unit)
            self._untold, self._accepted = False, RecentAcceptances()
            self._heard(await self._bucket.take(wanted, unit, rank, news))
        except UNAVAILABLE as error:
            self._fail(type(error).__name__)
        finally:
            self._asking = None
        if self._untold:
            self.refused(0.0, then)
        then()

    def _news(self, unit: float) -> News:
        found = self._learnt.found
        if found is None:
            return News()
        if self.away and found.version != self._version:
            # It was learnt by this process alone: what all may send together is soon found.
            found = replace(found, spaced=False, calm_s=CALM_FIRST_S, used_s=0.0)
        now = self._monotonic()
        accepted = tuple(AcceptedUnits(units, now - at) for at, units in self._accepted.lately(now))
        return News(found, idle_s(unit, found.rate_now), max(0.0, self._rests_until - now), accepted)

    def _heard(self, answer: Stretch) -> None:
        now = self._monotonic()
        if self.away:
            log.info("rate_bucket_back")
            self._units = 0.0
        self.away, self._processes = False, answer.processes
        if answer.found is not None:
            self._version = answer.found.version
            self._learnt.adopt(answer.found, now)
        for units, age_s in answer.accepted:
            self._learnt.accepted(units, now - age_s)
        self.not_before = now + answer.rests_s
        self._units += answer.units
        if answer.units:
            self._begins_at, self._ask_at = now + answer.begins_s, -inf
        else:
            self._ask_at = now + answer.again_s

    def _fail(self, error: str) -> None:
        if not (self.away or self.grants):
            return
        if not self.away:
            log.warning("rate_bucket_unavailable", error=error, processes=self._processes)
        self.away, self._ask_at = True, self._monotonic() + AGAIN_S
