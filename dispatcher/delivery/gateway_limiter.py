"""Limit how many requests one gateway has in flight from this process, and how many leave in a second, over all
batches, lanes and sources.

A batch asks for as many slots as it would send at once, gets at least one as soon as it is its turn and the gateway's
pace allows, and gives each back when its request is answered.
"""

from __future__ import annotations

import asyncio
import itertools
import time
from collections import Counter
from contextlib import asynccontextmanager
from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING, Final, NamedTuple

from dispatcher.delivery.pace.pace import Pace
from dispatcher.delivery.pace.spacing import HELD_MAX_S, Departures

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable, Mapping

YIELDS_S = 1.0
"""A batch is overtaken by those of the lane above that come within a second, by those of the next within two, and so
on: what is less urgent waits longer, but never for ever."""
RESERVED_SHARE = 20
"""Of so many slots one is kept for the most urgent lane, which then need not wait until a slow gateway has answered
requests of another lane; and of those that are kept every other for sources that have none in it, which then need not
wait for another's requests either."""
SILENT_PER_SLOT = 5
"""For each slot so many requests may have left theirs as they are silent for longer than is usual, so that endpoints
that hang delay those that do not. More are no single endpoints any more."""
RESERVED_FROM = 5
"""The fewest slots of which one can be spared for that."""
SOON_S: Final = 0.001
"""How long is waited at least for the pace: the loop's clock is no finer."""


class Holder(NamedTuple):
    """Says for whom slots are asked: a source in a lane, 0 being the most urgent."""

    rank: int
    source_id: str


class Slots:
    """The slots that a batch holds."""

    __slots__ = ("_limiter", "_request", "departing", "held", "left_at", "rate", "silent")

    def __init__(self, limiter: GatewayLimiter, request: SlotRequest, held: int, left_at: float) -> None:
        self._limiter = limiter
        self._request = request
        self.held = held
        self.left_at = left_at
        """When they were granted, in the limiter's seconds: what they are for leaves now."""
        self.silent = 0
        """How many requests hold no slot any more, as they are silent for longer than is usual."""
        self.rate = limiter.pace.rate
        """The gateway's by then."""
        self.departing = 0
        """How many of them have not left and are to leave at the rate."""
        if self.paced:
            self.depart(-held)

    @property
    def units(self) -> float:
        """Return what one message counts for in the gateway's rate."""
        return self._request.units

    @property
    def paced(self) -> bool:
        """Whether the gateway had a rate: without one, as many were granted as wanted to leave together."""
        return self.rate is not None

    def depart(self, count: int) -> None:
        """Note that so many have left, or will not."""
        self.departing -= count
        self._limiter.departing -= count * self.units

    def leave_out(self) -> bool:
        """Give the slots back although their requests are not answered yet, as far as the gateway may have so many that
        are silent. Returns whether all could be.
        """
        count = min(self.held, self._limiter.room_for_silent)
        self.silent += count
        self.held -= count
        self._limiter.silent += count
        self._limiter.give_back(count, self._request.holder)
        return not self.held

    def give_back(self, count: int) -> None:
        """Give back the slots of requests that were answered, or will not be made."""
        answered = min(count, self.silent)
        self.silent -= answered
        self._limiter.silent -= answered
        count = min(count - answered, self.held)
        self.held -= count
        self.depart(max(0, self.departing - self.held))
        self._limiter.give_back(count, self._request.holder)


@dataclass(frozen=True, slots=True)
class SlotRequest:
    """A batch that waits for slots. `turn`: when it may go at the latest among lanes, and its number."""

    turn: tuple[float, int]
    holder: Holder
    wanted: int
    units: float = 1.0
    """What one message counts for in the gateway's rate."""


def in_turn(waiting: Iterable[SlotRequest], held: Mapping[Holder, int]) -> list[SlotRequest]:
    """Return those that wait in the order in which they are served. First the lane whose turn it is; within it the
    source that holds the fewest slots, and of equal ones the request that came first. Pure.
    """
    requests = sorted(waiting, key=lambda one: one.turn)
    lanes: dict[int, int] = {}
    for request in requests:
        lanes.setdefault(request.holder.rank, len(lanes))
    return sorted(requests, key=lambda one: (lanes[one.holder.rank], held.get(one.holder, 0), one.turn))


class GatewayLimiter:
    """Grants slots for the requests in flight at one gateway, at its pace. It is used from one event loop."""

    def __init__(
        self, capacity: int, monotonic: Callable[[], float] = time.monotonic, pace: Pace | None = None
    ) -> None:
        """`monotonic` gives seconds; without a `pace` it is learnt from what is refused."""
        self.pace = pace or Pace()
        self._departures = Departures()
        self._door = asyncio.Lock()
        """Held by whoever is next to depart."""
        self.departing = 0.0
        """Units that are granted at a rate and have not left."""
        self._free = capacity
        self._silent_most = SILENT_PER_SLOT * capacity
        self.silent = 0
        """Requests that hold no slot any more and are not answered yet."""
        self._reserved = max(1, capacity // RESERVED_SHARE) if capacity >= RESERVED_FROM else 0
        self._for_newcomers = self._reserved // 2
        self._monotonic = monotonic
        self._arrivals = itertools.count()
        self._held: Counter[Holder] = Counter()
        self._waiting: dict[SlotRequest, asyncio.Future[int]] = {}
        self._timer: asyncio.TimerHandle | None = None

    @property
    def room_for_silent(self) -> int:
        """How many more requests may leave their slots before they are answered."""
        return max(0, self._silent_most - self.silent)

    def look_up(self) -> None:
        """Ask other processes for the gateway's rate, which is heeded as soon as they answer."""
        self.pace.look_up(self._grant)

    def any_waits(self) -> bool:
        """Whether a batch waits for slots."""
        return bool(self._waiting)

    def is_crowded(self, holder: Holder) -> bool:
        """Whether a batch of the same source, as urgent or more so, waits: another could only wait, too."""
        return any(
            request.holder.source_id == holder.source_id and request.holder.rank <= holder.rank
            for request in self._waiting
        )

    @asynccontextmanager
    async def hold(self, wanted: int, holder: Holder, units: float = 1.0) -> AsyncIterator[Slots]:
        """Wait for 1 to `wanted` slots; what was not given back by the end is free again then. Rank 0 overtakes 1
        overtakes 2; within a rank the sources take turns. Each message counts for so many `units` of the rate.
        """
        slots = await self.acquire(wanted, holder, units)
        try:
            yield slots
        finally:
            slots.give_back(slots.held + slots.silent)

    async def acquire(self, wanted: int, holder: Holder, units: float = 1.0) -> Slots:
        """Wait as `hold` does, for a caller that gives back itself."""
        request = self._request(wanted, holder, units)
        held = await self._granted(request)
        return Slots(self, request, held, self._monotonic())

    async def take(self, wanted: int, holder: Holder) -> int:
        """Wait as `hold` does. Returns how many slots were granted."""
        return await self._granted(self._request(wanted, holder, 1.0))

    def _request(self, wanted: int, holder: Holder, units: float) -> SlotRequest:
        turn = self._monotonic() + holder.rank * YIELDS_S, next(self._arrivals)
        return SlotRequest(turn, holder, wanted, units)

    async def _granted(self, request: SlotRequest) -> int:
        granted: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._waiting[request] = granted
        self._grant()
        try:
            return granted.result() if granted.done() else await granted
        except asyncio.CancelledError:
            if granted.cancelled():
                del self._waiting[request]
            else:  # granted in the same round of the loop in which we are cancelled
                self.give_back(granted.result(), request.holder)
            raise

    async def depart(self, slots: Slots) -> None:
        """Wait until what is claimed for these slots may leave, which is at once unless it was held up. It leaves at
        the rate at which it was granted, though that may have fallen since.
        """
        if slots.rate is None:
            return
        departures, units = self._departures, slots.departing * slots.units
        if wait_s := departures.wait_s(units, slots.rate, self._monotonic()):
            await asyncio.sleep(wait_s)
        async with self._door:
            wanted = units - slots.units + 1.0
            if crowded_s := departures.crowded_s(wanted, slots.rate, self._monotonic()):
                await asyncio.sleep(crowded_s + SOON_S)
            departures.leave(units, self._monotonic())
        slots.depart(slots.departing)
        if self._waiting:
            self._grant()

    def refused(self, left_at: float, asked_s: float, units: float = 1.0) -> float:
        """Note that a message of so many units, which left at `left_at`, was too much for the gateway, and that it
        asked to be left alone for `asked_s` (0: it did not say). Returns in how many seconds something may leave again.
        """
        now = self._monotonic()
        self.pace.refused(left_at, now, asked_s, units)
        self.pace.tell(now, self._grant)
        return self.pace.rests_s(now)

    def accepted(self, units: float) -> None:
        """Note what the gateway took."""
        now = self._monotonic()
        self.pace.accepted(units, now)
        self.pace.tell(now, self._grant)

    def give_back(self, count: int, holder: Holder) -> None:
        """Take back `count` slots."""
        self._free += count
        self._held[holder] -= count
        if not self._held[holder]:
            del self._held[holder]
        if self._waiting:
            self._grant()

    def _grantable(self, wanted: int, holder: Holder) -> int:
        """Return how many slots may be granted now: to a source that has none in the most urgent lane at least one."""
        kept = self._reserved if holder.rank else self._for_newcomers
        if (granted := min(wanted, self._free - kept)) > 0:
            return granted
        is_newcomer = holder.rank == 0 and holder not in self._held
        return min(1, self._free) if is_newcomer else 0

    def _share(self, holder: Holder) -> int:
        """Return how many of the free slots each source gets that waits in this lane."""
        sources = {request.holder for request in self._waiting if request.holder.rank == holder.rank}
        return -(-self._free // len(sources))

    def _grant(self) -> None:
        """Grant slots in turn, until nobody who waits may have any."""
        while (granted := self._next()) is not None:
            request, count = granted
            self._free -= count
            self._held[request.holder] += count
            self.pace.leave(count * request.units, self._monotonic())
            self._waiting.pop(request).set_result(count)

    def _next(self) -> tuple[SlotRequest, int] | None:
        """Return who is next to be granted slots, and how many. Where what is left is kept for the most urgent lane, a
        batch waiting in it is next.
        """
        waiting = [request for request, granted in self._waiting.items() if not granted.done()]
        if not waiting or not self._free or self._is_held_up():
            return None
        served = in_turn(waiting, self._held)
        ready = self.pace.ready(self._monotonic())
        if not ready:
            self._await_pace(served)
            return None
        for request in served:
            allowed = request.wanted if ready == inf else max(1, int(ready // request.units))
            wanted = min(request.wanted, self._share(request.holder), allowed)
            if (count := self._grantable(wanted, request.holder)) > 0:
                return request, count
        return None

    def _is_held_up(self) -> bool:
        """Whether what was granted does not get away: it is looked again when some has."""
        rate = self.pace.rate
        return rate is not None and self.departing >= max(1.0, HELD_MAX_S * rate)

    def _await_pace(self, served: list[SlotRequest]) -> None:
        """Look again as soon as the pace may allow something."""
        now, first = self._monotonic(), served[0]
        rank = 0 if now >= first.turn[0] else first.holder.rank
        wanted = sum(request.wanted * request.units for request in served)
        self.pace.ask(wanted, first.units, rank, self._grant)
        if self._timer is not None:
            self._timer.cancel()
        if (wait_s := self.pace.wait_s(now)) < inf:
            self._timer = asyncio.get_running_loop().call_later(max(SOON_S, wait_s), self._grant)
