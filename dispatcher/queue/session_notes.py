"""Let all processes know whether any of them has a session with a gateway, where a contract allows fewer sessions than
there are processes: one without a session leaves its batches to one that has one.

A note lapses by itself, so that one that dies is not waited for. Where the queue is away nobody knows: then another
process is taken to have a session, as a gateway must not be stopped for everybody by one that has none.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from dispatcher.queue.wakeups import UNAVAILABLE, session_name

if TYPE_CHECKING:
    from collections.abc import Collection

    from arq.connections import ArqRedis

LASTS_MS: Final = 3000
"""How long a note holds. It is renewed each second, so that one that is late does no harm."""
TIMEOUT_S: Final = 0.25
"""How long a call may take."""


class SessionNotes:
    """Notes the sessions of this process, and asks for those of all."""

    def __init__(self, queue: ArqRedis) -> None:
        self._queue = queue

    async def note(self, gateways: Collection[str]) -> None:
        """Note that this process has a session with each of these gateways. It may fail: then others do not know."""
        if not gateways:
            return
        try:
            async with asyncio.timeout(TIMEOUT_S), self._queue.pipeline(transaction=False) as pipe:
                for gateway in gateways:
                    pipe.set(session_name(gateway), 1, px=LASTS_MS)
                await pipe.execute()
        except UNAVAILABLE:
            return

    async def is_any(self, gateway: str) -> bool:
        """Whether some process has a session with the gateway, or had one a moment ago, as far as anybody knows."""
        try:
            async with asyncio.timeout(TIMEOUT_S):
                return bool(await self._queue.exists(session_name(gateway)))
        except UNAVAILABLE:
            return True
