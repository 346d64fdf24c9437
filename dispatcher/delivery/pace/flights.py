"""Keep the slices of a batch that are under way at the same time."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Coroutine


class Flights:
    """Tasks that were started and have not landed. An error of one is raised where the next landing is waited for."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self, flight: Coroutine[None, None, None]) -> asyncio.Task[None]:
        """Start one."""
        task = asyncio.create_task(flight)
        self._tasks.add(task)
        return task

    def check(self) -> None:
        """Forget those that have landed. Raises what one of them raised."""
        self._forget({task for task in self._tasks if task.done()})

    async def land_one(self, timeout_s: float | None = None) -> bool:
        """Wait until at least one has landed, for `timeout_s` at most. Returns whether any was under way. Raises what
        it raised.
        """
        if not self._tasks:
            return False
        landed, _ = await asyncio.wait(self._tasks, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
        self._forget(landed)
        return True

    def _forget(self, landed: set[asyncio.Task[None]]) -> None:
        self._tasks -= landed
        for task in landed:
            task.result()

    async def drop(self) -> None:
        """Cancel those that are under way."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks.clear()
