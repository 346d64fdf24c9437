"""Shares readers out to sources: within its share a source takes what is free, beyond it it waits for its own."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from dispatcher.readers.readers import ReadersBusy

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

WAITING_BYTES = 64 * 1024 * 1024
"""What of a source is held in memory for its readers at most: 30 of the longest messages, thousands of usual ones."""


class Shares:
    """Bounds how many readers are taken in all, and by one source."""

    def __init__(self, readers: int, share: int, wait_s: float | None) -> None:
        """`share` is less than `readers`, so that others find one free. `wait_s` None: whoever waits waits."""
        self._free = asyncio.Semaphore(readers)
        self._share = share
        self._wait_s = wait_s
        self._own: dict[str, asyncio.Semaphore] = {}
        self._here: Counter[str] = Counter()
        self._bytes: Counter[str] = Counter()

    @asynccontextmanager
    async def taken(self, source: str, size: int) -> AsyncIterator[None]:
        """Take a reader for `size` bytes for as long as the block runs. Raises `ReadersBusy`."""
        if self._bytes[source] + size > WAITING_BYTES and self._bytes[source]:
            raise ReadersBusy
        self._here[source] += 1
        self._bytes[source] += size
        own = self._own.setdefault(source, asyncio.Semaphore(self._share))
        try:
            await self._both(own)
            try:
                yield
            finally:
                self._free.release()
                own.release()
        finally:
            self._here[source] -= 1
            self._bytes[source] -= size
            if not self._here[source]:
                del self._here[source], self._bytes[source], self._own[source]

    async def _both(self, own: asyncio.Semaphore) -> None:
        """Wait for one of the source's own places, then for a reader: nobody waits for a reader who may not have it."""
        try:
            async with asyncio.timeout(self._wait_s):
                await own.acquire()
                try:
                    await self._free.acquire()
                except BaseException:
                    own.release()
                    raise
        except TimeoutError:
            raise ReadersBusy from None
