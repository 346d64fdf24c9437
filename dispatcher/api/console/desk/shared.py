"""Share what is read for the desk among all who look at the same moment."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Hashable

READ_EVERY_S: Final = 1.0
"""How old a reading may be that somebody is shown."""
KEPT_MAX: Final = 64
"""How many readings are kept at once: of so many control centres, in two environments."""


class SharedReadings:
    """Reads each thing once in `READ_EVERY_S` seconds, however many ask for it meanwhile."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._readings: dict[Hashable, tuple[float, asyncio.Task[Any]]] = {}

    async def get(self, key: Hashable, read: Callable[[], Awaitable[Any]]) -> Any:
        """Return what is read under this key, by `read` if there is nothing of the last second. Raises what that does.
        Whoever leaves does not end a reading that others wait for.
        """
        now = self._monotonic()
        began, reading = self._readings.get(key, (float("-inf"), None))
        if reading is None or (reading.done() and (now - began >= READ_EVERY_S or reading.exception())):
            reading = asyncio.ensure_future(_task(read))
            self._readings.pop(key, None)
            self._readings[key] = now, reading
            self._forget()
        return await asyncio.shield(reading)

    def _forget(self) -> None:
        """Let go of the oldest readings that have ended."""
        for key in [one for one, (_, reading) in self._readings.items() if reading.done()]:
            if len(self._readings) <= KEPT_MAX:
                break
            del self._readings[key]


async def _task(read: Callable[[], Awaitable[Any]]) -> Any:
    return await read()
