"""Which lane an alert travels in, and how lower lanes stand aside for higher ones."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from cap import Alert, Certainty, MsgType, Severity, Status, Urgency
from dispatcher.model import Lane

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

GRAVE = frozenset({Severity.EXTREME, Severity.SEVERE})
CERTAIN = frozenset({Certainty.OBSERVED, Certainty.LIKELY})
STAND_ASIDE_S = 1.0
"""The longest that a lower lane waits between two slices: nothing is starved, and no lease runs out."""


def lane_of(alert: Alert) -> Lane:
    """The gravest info decides. The end of a warning never travels below `priority`: a person who acts on a
    warning that is over is in danger too.
    """
    if alert.status is not Status.ACTUAL:
        return Lane.EXERCISE
    for info in alert.infos:
        if info.severity in GRAVE and info.urgency is Urgency.IMMEDIATE and info.certainty in CERTAIN:
            return Lane.FLASH
    if alert.msg_type is MsgType.CANCEL or any(info.severity in GRAVE for info in alert.infos):
        return Lane.PRIORITY
    return Lane.ROUTINE


class LaneGate:
    """Counts the batches in hand per lane in this process."""

    def __init__(self) -> None:
        self._active: Counter[Lane] = Counter()
        self._changed = asyncio.Condition()

    @asynccontextmanager
    async def work(self, lane: Lane) -> AsyncIterator[None]:
        """Hold a batch of the lane."""
        self._active[lane] += 1
        try:
            yield
        finally:
            self._active[lane] -= 1
            async with self._changed:
                self._changed.notify_all()

    def must_wait(self, lane: Lane) -> bool:
        """Whether a higher lane has work in this process."""
        return any(count and other.rank < lane.rank for other, count in self._active.items())

    async def stand_aside(self, lane: Lane) -> None:
        """Between two slices: let higher lanes go first, for a bounded time."""
        if not self.must_wait(lane):
            return
        async with self._changed:
            try:
                await asyncio.wait_for(
                    self._changed.wait_for(lambda: not self.must_wait(lane)), STAND_ASIDE_S
                )
            except TimeoutError:
                return
