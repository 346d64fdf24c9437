"""Keep what was measured of the service in the last hours, minute by minute, where all processes see the same.

Each minute is one hash with a bounded number of fields, which lapses by itself: so the ring has a fixed size, and after
a restart of Redis it begins anew. It is a picture and no record: nothing is decided by it. The clock is the server's.
"""

from __future__ import annotations

import asyncio
from itertools import islice
from typing import TYPE_CHECKING, Final

from dispatcher.model.health.measures import SHOWN_MINUTES, HealthMinute, Reading, reading_of
from dispatcher.queue.wakeups import UNAVAILABLE, health_name

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from arq.connections import ArqRedis

FIELDS_MAX: Final = 500
"""How many readings one note has at most: a service with a hundred gateways and feeds has fewer."""
KEPT_S: Final = (SHOWN_MINUTES + 5) * 60
TIMEOUT_S: Final = 1.0
"""How long a note may take."""
READ_TIMEOUT_S: Final = 5.0
"""How long the page may wait for all of them."""


class RingUnavailable(Exception):
    """Redis does not answer: nobody knows how the service was."""


class HealthRing:
    """Notes and reads what is measured."""

    def __init__(self, queue: ArqRedis) -> None:
        self._queue = queue

    async def note(self, counts: Mapping[Reading, int], states: Mapping[Reading, float]) -> bool:
        """Add counts to those of this minute, and set states. Returns whether it was noted; it may not be, and is to be
        counted with the next note then.
        """
        try:
            async with asyncio.timeout(TIMEOUT_S):
                name = health_name(await self._minute())
                async with self._queue.pipeline(transaction=True) as pipe:
                    for reading, count in islice(counts.items(), FIELDS_MAX):
                        pipe.hincrby(name, reading.field(), count)
                    for reading, value in islice(states.items(), FIELDS_MAX):
                        pipe.hset(name, reading.field(), str(round(value, 1)))
                    pipe.expire(name, KEPT_S)
                    await pipe.execute()
        except UNAVAILABLE:
            return False
        return True

    async def read(self, minutes: int = SHOWN_MINUTES) -> list[HealthMinute]:
        """Return the last minutes, the present one last; one in which nobody measured has no readings. Raises
        `RingUnavailable`.
        """
        try:
            async with asyncio.timeout(READ_TIMEOUT_S):
                last = await self._minute()
                numbers = range(last - minutes + 1, last + 1)
                async with self._queue.pipeline(transaction=False) as pipe:
                    for number in numbers:
                        pipe.hgetall(health_name(number))
                    found = await pipe.execute()
        except UNAVAILABLE as error:
            raise RingUnavailable from error
        # In a thread: six hours are some ten thousand readings.
        return await asyncio.to_thread(_minutes, numbers, found)

    async def _minute(self) -> int:
        seconds, _ = await self._queue.time()
        return int(seconds) // 60


def _minutes(numbers: Sequence[int], found: Sequence[Mapping[bytes, bytes]]) -> list[HealthMinute]:
    return [HealthMinute(60 * number, _readings(one)) for number, one in zip(numbers, found, strict=True)]


def _readings(fields: Mapping[bytes, bytes]) -> dict[Reading, float]:
    """Return what a note says, without what another version of the service wrote in a way that this one cannot read."""
    found: dict[Reading, float] = {}
    for field, value in islice(fields.items(), 2 * FIELDS_MAX):
        reading = reading_of(field.decode(errors="replace"))
        if reading is not None:
            try:
                found[reading] = float(value)
            except ValueError:
                continue
    return found
