"""Let lower lanes yield to higher ones between two slices."""

from __future__ import annotations

import asyncio
import math
from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    from dispatcher.model.vocabulary import Lane

STAND_ASIDE_S = 1.0
"""The longest that a lower lane waits between two slices: nothing is starved, and no lease runs out."""
LOOK_AGAIN_S = 0.05
"""How often a waiting lane looks whether the higher ones are done."""
ASKED_LATELY_S = 0.01
"""How long an answer from the queue is reused: slices of a mass send follow one another every few milliseconds."""


async def _nobody(_lane: Lane) -> bool:
    return False


class LaneGate:
    """Counts the batches under way per lane in this process, and asks whether other processes have work."""

    def __init__(self, elsewhere: Callable[[Lane], Awaitable[bool]] = _nobody) -> None:
        """`elsewhere` says whether work for a lane above the given one was enqueued recently, for any process."""
        self._active: Counter[Lane] = Counter()
        self._elsewhere = elsewhere
        self._answers: dict[Lane, tuple[float, bool]] = {}

    @contextmanager
    def work(self, lane: Lane) -> Iterator[None]:
        """Count a batch of the lane as under way."""
        self._active[lane] += 1
        try:
            yield
        finally:
            self._active[lane] -= 1

    @contextmanager
    def rest(self, lane: Lane) -> Iterator[None]:
        """Do not count a batch of the lane that is under way, as it only waits for answers."""
        self._active[lane] -= 1
        try:
            yield
        finally:
            self._active[lane] += 1

    def must_wait(self, lane: Lane) -> bool:
        """Whether a higher lane has work in this process."""
        return any(count and other.rank < lane.rank for other, count in self._active.items())

    async def stand_aside(self, lane: Lane) -> None:
        """Let higher lanes go first, between two slices and for a bounded time."""
        loop = asyncio.get_running_loop()
        give_up = loop.time() + STAND_ASIDE_S
        while self.must_wait(lane) or await self._asked(lane, loop.time()):
            left = give_up - loop.time()
            if left <= 0:
                return
            await asyncio.sleep(min(left, LOOK_AGAIN_S))

    async def _asked(self, lane: Lane, now: float) -> bool:
        at, answer = self._answers.get(lane, (-math.inf, False))
        if now - at >= ASKED_LATELY_S:
            answer = await self._elsewhere(lane)
            self._answers[lane] = now, answer
        return answer
