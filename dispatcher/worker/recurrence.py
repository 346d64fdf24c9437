"""Say when something is due that a task does every so many seconds beside what it does in each round."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class Recurrence:
    """Goes by a clock, not by rounds: a round that takes ten times as long puts off nothing ten times."""

    def __init__(self, every_s: float, clock: Callable[[], float]) -> None:
        """`clock` gives seconds since any instant. The first time is at once."""
        self._every_s = every_s
        self._clock = clock
        self._last: float | None = None

    def falls_due(self) -> bool:
        """Whether it is to be done now; then the next time is `every_s` from now, whatever comes of it."""
        now = self._clock()
        if self._last is not None and now - self._last < self._every_s:
            return False
        self._last = now
        return True
