"""A process that stands still: what its clock shows, and what its sockets look like meanwhile."""

import asyncio
import os
import select
import socket
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from channels.clock import elapsed

PATIENCE_S = 10.0


@dataclass
class Clock:
    """`ahead` is for how many seconds the process stood still, as far as any timer can tell without having run."""

    ahead: float = 0.0

    def __call__(self) -> float:
        return elapsed() + self.ahead


def narrow(sock: Any) -> None:
    """Have the kernel keep as little as it can on its way out."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1)


def arrived(sock: Any, patience_s: float = PATIENCE_S) -> bool:
    """Whether the kernel has something that came in for this socket, without any event loop having to run."""
    twin = os.dup(sock.fileno())
    try:
        return bool(select.select([twin], [], [], patience_s)[0])
    finally:
        os.close(twin)


async def until(condition: Callable[[], object]) -> None:
    """Let the loop go round until it is so. What this waits for is the kernel's or libcurl's, who tell nobody."""
    async with asyncio.timeout(PATIENCE_S):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0)
