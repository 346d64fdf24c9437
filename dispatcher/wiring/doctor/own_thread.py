"""Call what may hang for ever in a thread that nobody else needs, and that nobody waits for at the end."""

from __future__ import annotations

import asyncio
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

Found = TypeVar("Found")

FILES_S: Final = 20.0
"""How long the file system may take for what is asked of it in one go: to look at the machine, which asks three ports,
too; to read what the settings name, boundaries of all Germany in two seconds. One that is away answers never.
"""


class OwnThread(Generic[Found]):
    """Calls one function, at most once at a time.

    A call into a file system that is away (NFS, mounted `hard`) returns when that is back, and nothing ends its thread
    before. One of `asyncio.to_thread` would be missing from those that all of the process share, one more with each
    call, and would be waited for when the process ends.
    """

    def __init__(self, call: Callable[[], Found]) -> None:
        self._call = call
        self._is_in = False

    async def __call__(self) -> Found:
        """Return what the function returns, or raise what it raises; TimeoutError, and no second call, while an earlier
        one is still in that nobody waits for any more.
        """
        if self._is_in:
            raise TimeoutError
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Found] = loop.create_future()
        # A daemon, as the interpreter's end, and that of an executor, waits for every other thread.
        thread = threading.Thread(target=self._run, args=(loop, answer), daemon=True)
        self._is_in = True
        try:
            thread.start()
        except RuntimeError:  # the machine has no more threads
            self._is_in = False
            raise
        return await answer

    def _run(self, loop: asyncio.AbstractEventLoop, answer: asyncio.Future[Found]) -> None:
        found, error = None, None
        try:
            found = self._call()
        except Exception as raised:  # noqa: BLE001 - whoever waits is told
            error = raised
        self._is_in = False
        with suppress(RuntimeError):  # the loop has ended meanwhile
            loop.call_soon_threadsafe(_give, answer, found, error)


async def within(seconds: float, call: Callable[[], Found]) -> Found:
    """Return what a function returns, called once in a thread of its own, or raise what it raises; TimeoutError where
    it takes longer.
    """
    async with asyncio.timeout(seconds):
        return await OwnThread(call)()


def _give(answer: asyncio.Future[Any], found: object, error: Exception | None) -> None:
    if answer.done():  # given up
        return
    if error is None:
        answer.set_result(found)
    else:
        answer.set_exception(error)
