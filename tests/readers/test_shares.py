"""Who gets a reader, and who waits."""

import asyncio
from contextlib import AsyncExitStack

import pytest

from dispatcher.readers import shares as shares_module
from dispatcher.readers.readers import ReadersBusy
from dispatcher.readers.shares import Shares, may_take


async def test_a_source_takes_its_share_and_no_more() -> None:
    shares = Shares(readers=3, share=2, wait_s=0.0)
    async with AsyncExitStack() as stack:
        for _ in range(2):
            await stack.enter_async_context(shares.taken("a", 1))
        with pytest.raises(ReadersBusy):
            await stack.enter_async_context(shares.taken("a", 1))
        await stack.enter_async_context(shares.taken("b", 1))
        with pytest.raises(ReadersBusy):
            await stack.enter_async_context(shares.taken("c", 1))
    async with shares.taken("a", 1), shares.taken("a", 1), shares.taken("c", 1):
        pass


async def test_who_waits_for_its_own_place_keeps_no_reader_from_others() -> None:
    shares = Shares(readers=2, share=1, wait_s=None)
    async with shares.taken("a", 1):
        waiting = [asyncio.create_task(use(shares, "a")) for _ in range(10)]
        await asyncio.wait_for(use(shares, "b"), 5)
        assert not any(task.done() for task in waiting)
    await asyncio.gather(*waiting)


async def test_what_waits_is_bounded_in_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shares_module, "WAITING_BYTES", 10)
    shares = Shares(readers=2, share=1, wait_s=None)
    async with shares.taken("a", 8):
        waiting = asyncio.create_task(use(shares, "a", 2))
        await asyncio.sleep(0)
        with pytest.raises(ReadersBusy):
            await use(shares, "a", 1)
        await use(shares, "b", 100)
    await waiting
    await use(shares, "a", 100)


async def test_a_source_that_has_nothing_more_is_forgotten() -> None:
    shares = Shares(readers=2, share=1, wait_s=0.0)
    await use(shares, "a")
    async with shares.taken("b", 1):
        with pytest.raises(ReadersBusy):
            await use(shares, "b")
    assert (+shares._taken, shares._waiting, +shares._bytes) == ({}, {}, {})


@pytest.mark.parametrize(
    ("taken", "source", "takes"),
    [
        ({}, "a", True),
        ({"a": 1}, "a", True),
        ({"a": 2}, "a", False),  # its share
        ({"a": 2, "b": 1}, "b", True),
        ({"a": 2, "b": 2}, "c", True),  # the last two are for those that have none
        ({"a": 2, "b": 2, "c": 1}, "c", False),
        ({"a": 2, "b": 2, "c": 1}, "d", True),
        ({"a": 2, "b": 2, "c": 1, "d": 1}, "e", False),
    ],
)
def test_the_last_readers_are_for_sources_that_have_none(
    taken: dict[str, int], source: str, takes: bool
) -> None:
    assert may_take(taken, source, readers=6, share=2, kept=2) is takes


async def test_who_gives_up_or_leaves_keeps_no_reader() -> None:
    shares = Shares(readers=2, share=1, wait_s=None)
    async with shares.taken("a", 1):
        waiting = asyncio.create_task(use(shares, "a"))
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.wait([waiting])
        # Told that it may go on, and cancelled before it could.
        late = asyncio.create_task(use(shares, "a"))
        await asyncio.sleep(0)
    late.cancel()
    await asyncio.wait([late])
    await asyncio.wait_for(use(shares, "a"), 5)


async def use(shares: Shares, source: str, size: int = 1) -> None:
    async with shares.taken(source, size):
        pass
