"""Who gets a reader, and who waits."""

import asyncio
from contextlib import AsyncExitStack

import pytest

from dispatcher.readers import shares as shares_module
from dispatcher.readers.readers import ReadersBusy
from dispatcher.readers.shares import Shares


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
    assert not shares._own
    assert not +shares._here


async def use(shares: Shares, source: str, size: int = 1) -> None:
    async with shares.taken(source, size):
        pass
