"""Look up where names lead, without taking the threads by which the rest of the process does."""

from __future__ import annotations

import asyncio
import socket
from functools import partial
from typing import Final

from dispatcher.wiring.doctor.own_thread import OwnThread

AT_ONCE: Final = 10
"""How many names are looked up at once, and peers connected to."""


class Names:
    """Looks names up, so many at once, each in a thread of its own.

    Whoever waits gives up the waiting, not the look-up, which lasts for as long as the resolver's own time-outs: half a
    minute, and more with several servers (resolv.conf(5), `timeout`, `attempts`). Of the threads that look names up for
    a loop there are few, with uvloop two of libuv's four (`slow_work_thread_threshold` in its src/threadpool.c): two
    such names, and nobody else in the process finds a gateway, the record or the queue.
    """

    def __init__(self, at_once: int = AT_ONCE) -> None:
        self._turns = asyncio.Semaphore(at_once)

    async def addresses(self, host: str, port: int) -> list[str]:
        """Return the addresses, each once. Waits for a turn, which lasts until the thread has ended, whether or not
        somebody still waits for it. Raises OSError, and UnicodeError for what is no name.
        """
        await self._turns.acquire()
        looking = asyncio.ensure_future(OwnThread(partial(_addresses, host, port))())
        looking.add_done_callback(self._ended)
        return await asyncio.shield(looking)

    def _ended(self, looking: asyncio.Future[list[str]]) -> None:
        self._turns.release()
        if not looking.cancelled():
            looking.exception()  # so that it counts as told where nobody waits any more


def _addresses(host: str, port: int) -> list[str]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(one[4][0]) for one in found))
