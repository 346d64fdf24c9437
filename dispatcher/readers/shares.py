"""Shares readers out to sources: within its share a source takes what is free, beyond it it waits for its own; and some
readers are kept for sources that have none.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from dispatcher.readers.readers import ReadersBusy

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

WAITING_BYTES = 64 * 1024 * 1024
"""What of a source is held in memory for its readers at most: 30 of the longest messages, thousands of usual ones."""


def may_take(taken: Mapping[str, int], source: str, readers: int, share: int, kept: int) -> bool:
    """Whether a source may take a reader, where `taken` says who has how many of `readers`. `share` is the most of one
    source; the last `kept` are for sources that have none.
    """
    own = taken.get(source, 0)
    free = readers - sum(taken.values())
    return own < share and free > (kept if own else 0)


class Shares:
    """Bounds how many readers are taken in all, and by one source."""

    def __init__(self, readers: int, share: int, wait_s: float | None, kept: int = 0) -> None:
        """`share` is less than `readers`, so that others find one free. `wait_s` None: whoever waits waits."""
        self._readers = readers
        self._share = share
        self._kept = kept
        self._wait_s = wait_s
        self._taken: Counter[str] = Counter()
        self._waiting: dict[asyncio.Future[None], str] = {}
        self._bytes: Counter[str] = Counter()

    @asynccontextmanager
    async def taken(self, source: str, size: int) -> AsyncIterator[None]:
        """Take a reader for `size` bytes for as long as the block runs. Raises `ReadersBusy`."""
        if self._bytes[source] + size > WAITING_BYTES and self._bytes[source]:
            raise ReadersBusy
        self._bytes[source] += size
        try:
            await self._take(source)
            try:
                yield
            finally:
                self._give_back(source)
        finally:
            self._bytes[source] -= size
            if not self._bytes[source]:
                del self._bytes[source]

    async def _take(self, source: str) -> None:
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting[turn] = source
        self._share_out()
        try:
            async with asyncio.timeout(self._wait_s):
                await turn
        except BaseException as error:
            if turn.done() and not turn.cancelled():
                self._give_back(source)
            self._waiting.pop(turn, None)
            if isinstance(error, TimeoutError):
                raise ReadersBusy from None
            raise

    def _give_back(self, source: str) -> None:
        self._taken[source] -= 1
        if not self._taken[source]:
            del self._taken[source]
        self._share_out()

    def _share_out(self) -> None:
        """Let those go on who may, in the order in which they came."""
        for turn, source in list(self._waiting.items()):
            if not turn.done() and may_take(self._taken, source, self._readers, self._share, self._kept):
                self._taken[source] += 1
                del self._waiting[turn]
                turn.set_result(None)
