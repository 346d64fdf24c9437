"""Notices when something holds the event loop: nothing else of the process moves meanwhile.

Connections that are being made run out of time while their answers lie unread, acceptances come late, and the API
answers nobody. Work that takes long belongs in a thread, or into pieces.
"""

from __future__ import annotations

import asyncio
import time
from enum import StrEnum
from typing import TYPE_CHECKING, Final

import structlog

if TYPE_CHECKING:
    from collections.abc import Callable

    from dispatcher.metrics import Metrics

LIMIT_S: Final = 0.020
"""The longest that one piece of work may hold the loop."""
TICK_S: Final = 0.005
"""How often the loop is looked at: what holds it for `LIMIT_S` and a tick is always noticed, what holds it for less
than `LIMIT_S` never. Two hundred looks a second are some 0.3 % of a processor."""
LOG_EVERY_S: Final = 60.0
"""The shortest time between two log lines: whoever causes one stall can cause many."""

log = structlog.get_logger()


class Cause(StrEnum):
    """What held the loop, as far as its own thread's processor time tells."""

    WORK = "work"
    """Work in the loop: it had the processor."""
    WAIT = "wait"
    """A call that waits, or the processor was elsewhere: with other threads of this process, or other processes."""


def cause_of(late_s: float, worked_s: float) -> Cause | None:
    """Return what held the loop that came to its timer so late, having worked for so long; None if it was held for no
    more than it may be.
    """
    if late_s < LIMIT_S:
        return None
    return Cause.WORK if worked_s >= LIMIT_S else Cause.WAIT


class LoopWatchdog:
    """Watches the loop that it runs in."""

    def __init__(
        self,
        metrics: Metrics,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        processor_time: Callable[[], float] = time.thread_time,
    ) -> None:
        self._metrics = metrics
        self._monotonic = monotonic
        self._processor_time = processor_time
        self._log_from = -LOG_EVERY_S

    async def watch(self) -> None:
        """Look at the loop, until cancelled."""
        while True:
            before, worked = self._monotonic(), self._processor_time()
            await asyncio.sleep(TICK_S)
            self.note(self._monotonic() - before - TICK_S, self._processor_time() - worked)

    def note(self, late_s: float, worked_s: float) -> None:
        """Count one look at the loop, whose timer came so late."""
        self._metrics.event_loop_lag.observe(max(late_s, 0.0))
        cause = cause_of(late_s, worked_s)
        if cause is None:
            return
        self._metrics.event_loop_blocked.labels(cause).inc()
        if self._monotonic() >= self._log_from:
            self._log_from = self._monotonic() + LOG_EVERY_S
            log.warning("event_loop_blocked", seconds=round(late_s, 3), cause=cause)
