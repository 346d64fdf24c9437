"""Many things, some at a time: one that stops a reader takes no other with it."""

from collections.abc import Sequence
from typing import Any

from dispatcher.boundaries.municipalities import Boundaries
from dispatcher.readers.chunks import CHUNK, read_each
from dispatcher.readers.readers import InProcess, ReaderStopped, StopReason


def doubled(_boundaries: Any, numbers: Sequence[int], more: int) -> list[int]:
    if -1 in numbers:
        raise ReaderStopped(StopReason.TIME)
    return [2 * number + more for number in numbers]


async def test_everything_comes_back_in_order(boundaries: Boundaries) -> None:
    numbers = list(range(2 * CHUNK + 1))
    found = await read_each(InProcess(boundaries), "a", doubled, numbers, 1)
    assert found == [2 * number + 1 for number in numbers]
    assert await read_each(InProcess(boundaries), "a", doubled, [], 1) == []


async def test_what_stops_a_reader_costs_itself(boundaries: Boundaries) -> None:
    found = await read_each(InProcess(boundaries), "a", doubled, [1, -1, 3], 0)
    assert [isinstance(one, ReaderStopped) for one in found] == [False, True, False]
    assert (found[0], found[2]) == (2, 6)
    (alone,) = await read_each(InProcess(boundaries), "a", doubled, [-1], 0)
    assert isinstance(alone, ReaderStopped)
