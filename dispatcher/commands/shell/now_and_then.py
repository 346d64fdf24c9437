"""Say how far something is now and then, and at the end."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

EVERY_S: Final = 1.0


class NowAndThen:
    """Hands on to `say` how much is done of how much: once a second, and when all is."""

    def __init__(
        self, say: Callable[[int, int], object], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._say = say
        self._clock = clock
        self._said_at = clock()

    def __call__(self, done: int, of: int) -> None:
        """Note that so much is done."""
        now = self._clock()
        if done >= of or now >= self._said_at + EVERY_S:
            self._said_at = now
            self._say(done, of)
