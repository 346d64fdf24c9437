"""Readings that all who look at the desk share."""

import asyncio

import pytest

from dispatcher.api.console.desk.shared import KEPT_MAX, READ_EVERY_S, SharedReadings


class Counter:
    """Counts how often it is read; a clock that stands still until it is set."""

    def __init__(self) -> None:
        self.reads, self.now = 0, 0.0
        self.go = asyncio.Event()
        self.readings = SharedReadings(lambda: self.now)

    async def read(self) -> int:
        self.reads += 1
        await self.go.wait()
        return self.reads

    async def get(self, key: str = "a") -> int:
        found: int = await self.readings.get(key, self.read)
        return found


async def test_however_many_ask_it_is_read_once_a_second() -> None:
    counter = Counter()
    asking = [asyncio.create_task(counter.get()) for _ in range(50)]
    await asyncio.sleep(0)
    leaver = asking.pop()
    leaver.cancel()
    counter.go.set()
    assert await asyncio.gather(*asking) == [1] * 49, "who leaves ends nobody else's reading"
    assert await counter.get() == 1
    counter.now += READ_EVERY_S
    assert await counter.get() == 2
    assert await counter.get("b") == 3


async def test_what_failed_is_tried_again_at_once() -> None:
    readings, errors = SharedReadings(lambda: 0.0), [OSError("gone")]

    async def read() -> str:
        if errors:
            raise errors.pop()
        return "here"

    with pytest.raises(OSError, match="gone"):
        await readings.get("a", read)
    assert await readings.get("a", read) == "here"


async def test_no_more_are_kept_than_the_limit() -> None:
    counter = Counter()
    counter.go.set()
    for number in range(KEPT_MAX * 2):
        await counter.get(str(number))
    assert len(counter.readings._readings) == KEPT_MAX
