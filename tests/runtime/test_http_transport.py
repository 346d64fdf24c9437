"""When a client counts as one that reads nothing."""

import asyncio
from typing import Any

from dispatcher.metrics.http import Ended
from dispatcher.runtime.http_transport import HttpLimits, LingeringTransport
from tests.support.histories import until


class Loops(asyncio.Transport):
    """Stands in for the loop's transport: its buffer is as full as is said."""

    def __init__(self, *waiting: int) -> None:
        super().__init__()
        self.waiting = list(waiting)
        self.aborted = False

    def get_write_buffer_size(self) -> int:
        return self.waiting.pop(0) if len(self.waiting) > 1 else self.waiting[0]

    def is_closing(self) -> bool:
        return self.aborted

    def abort(self) -> None:
        self.aborted = True


async def ended(*waiting: int) -> Any:
    noted: list[Ended] = []
    loops = Loops(*waiting)
    transport = LingeringTransport(loops, HttpLimits(unread_s=0.001), noted.append, lambda: False)
    transport.watch_writing()

    async def decided() -> bool:
        return loops.aborted or transport._unread is None

    await until(decided)
    return noted, loops.waiting


async def test_a_client_that_reads_slowly_is_waited_for() -> None:
    assert await ended(9, 7, 7, 4, 4, 0) == ([], [0])


async def test_a_client_that_reads_nothing_is_not() -> None:
    assert await ended(9, 7, 7, 4, 4, 4, 0) == ([Ended.ANSWER_UNREAD], [0])
