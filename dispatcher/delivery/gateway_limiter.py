"""Limit how many requests one gateway has in flight from this process, over all batches and lanes.

A batch asks for as many slots as it would send at once, gets at least one as soon as it is its turn, and gives each
back when its request is answered. What a gateway grants in other ways belongs here too, such as the window of an SMPP
session or a number of messages a second: `hold` waits until some may leave, whatever that depends on.
"""

from __future__ import annotations

import asyncio
import bisect
import itertools
import time
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

YIELDS_S = 1.0
"""A batch is overtaken by those of the lane above that come within a second, by those of the next within two, and so
on: what is less urgent waits longer, but never for ever."""
RESERVED_SHARE = 20
"""Of so many slots one is kept for the most urgent lane, which then need not wait until a slow gateway has answered
requests of another lane."""
RESERVED_FROM = 5
"""The fewest slots of which one can be spared for that."""


class Slots:
    """The slots that a batch holds."""

    __slots__ = ("_limiter", "held")

    def __init__(self, limiter: GatewayLimiter, held: int) -> None:
        self._limiter = limiter
        self.held = held

    def give_back(self, count: int) -> None:
        """Give back the slots of requests that were answered, or will not be made."""
        count = min(count, self.held)
        self.held -= count
        self._limiter.give_back(count)


@dataclass(order=True, slots=True)
class _Waiting:
    """A batch that waits for slots; these sort by whose turn it is."""

    turn: tuple[float, int]
    rank: int = field(compare=False)
    wanted: int = field(compare=False)
    granted: asyncio.Future[int] = field(compare=False)


class GatewayLimiter:
    """Grants slots for the requests in flight at one gateway. It is used from one event loop."""

    def __init__(self, capacity: int, monotonic: Callable[[], float] = time.monotonic) -> None:
        """`monotonic` gives seconds."""
        self._free = capacity
        self._reserved = max(1, capacity // RESERVED_SHARE) if capacity >= RESERVED_FROM else 0
        self._monotonic = monotonic
        self._arrivals = itertools.count()
        self._waiting: list[_Waiting] = []

    def is_crowded(self, rank: int) -> bool:
        """Whether a batch of this rank or a more urgent one waits: another could only wait, too."""
        return any(waiting.rank <= rank for waiting in self._waiting)

    @asynccontextmanager
    async def hold(self, wanted: int, rank: int) -> AsyncIterator[Slots]:
        """Wait for 1 to `wanted` slots; what was not given back by the end is free again then. Rank 0 overtakes 1
        overtakes 2.
        """
        slots = Slots(self, await self.take(wanted, rank))
        try:
            yield slots
        finally:
            slots.give_back(slots.held)

    async def take(self, wanted: int, rank: int) -> int:
        """Wait as `hold` does, for a caller that gives back itself. Returns how many slots were granted."""
        if not self._waiting and (granted := self._grantable(wanted, rank)) > 0:
            self._free -= granted
            return granted
        turn = self._monotonic() + rank * YIELDS_S, next(self._arrivals)
        waiting = _Waiting(turn, rank, wanted, asyncio.get_running_loop().create_future())
        bisect.insort(self._waiting, waiting)
        self._grant()
        try:
            return await waiting.granted
        except asyncio.CancelledError:
            if waiting.granted.cancelled():
                self._waiting.remove(waiting)
            else:  # granted in the same round of the loop in which we are cancelled
                self.give_back(waiting.granted.result())
            raise

    def give_back(self, count: int) -> None:
        """Take back `count` slots."""
        self._free += count
        if self._waiting:
            self._grant()

    def _grantable(self, wanted: int, rank: int) -> int:
        return min(wanted, self._free - (self._reserved if rank else 0))

    def _grant(self) -> None:
        """Grant slots in turn. Where what is left is kept for the most urgent lane, a batch waiting in it is next."""
        for waiting in list(self._waiting):
            granted = self._grantable(waiting.wanted, waiting.rank)
            if granted > 0 and not waiting.granted.done():
                self._free -= granted
                self._waiting.remove(waiting)
                waiting.granted.set_result(granted)
