"""Ends a worker at once that gets no more memory.

Under a limit on its address space (`ulimit -v`, a host without overcommitment) a process is not killed when it has
used it up: allocations fail, here and there, for as long as it lives. Such a worker would go on leasing batches
that it cannot send, and a recipient that was in flight at three deaths gets no further attempt. So it ends as if it had
been killed, which costs no more than its sends in flight, and its supervisor starts another; its batches resume when
their leases have run out.
"""

from __future__ import annotations

import asyncio
import os
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import structlog

from channels.memory import granted

if TYPE_CHECKING:
    from collections.abc import Callable

NEEDED_BYTES = 8 << 20
"""What must be free: what a slice, an answer of the record and a few TLS connections may ask for, several times
over."""
RESERVE_BYTES = 1 << 20
"""What is kept for the log line about the end."""
LOOK_EVERY_S = 1.0

log = structlog.get_logger()


def _end() -> None:
    os._exit(os.EX_OSERR)


@dataclass(slots=True)
class MemoryWatchdog:
    """Watches whether there is memory to work with."""

    end: Callable[[], None] = _end
    """Ends the process. It does nothing orderly: that would need memory."""
    needed_bytes: int = NEEDED_BYTES
    _reserve: bytearray = field(default_factory=lambda: bytearray(RESERVE_BYTES))

    def check(self) -> None:
        """End the process unless what it needs could be had now."""
        if not granted(self.needed_bytes):
            self.exhausted()

    def exhausted(self) -> None:
        """Say that memory was refused, and end the process."""
        self._reserve = bytearray()
        with suppress(
            Exception
        ):  # of memory, of whatever libraries call it, or of a log that nobody reads any more
            log.critical("memory_exhausted")
        self.end()

    async def watch(self) -> None:
        """Check every second, until cancelled."""
        while True:
            self.check()
            await asyncio.sleep(LOOK_EVERY_S)
