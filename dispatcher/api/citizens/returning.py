"""Tell each of a crowd when to come back, one after the other, as fast as what they ask for is done.

Whoever is told a time by chance comes back among as many as before, and asks five times. In a row that grows with the
crowd nearly everybody asks once more, and what it costs to turn people away is not taken from those whose turn it is.
Who comes back later than told, or never, stands in nobody's way; and one address that asks for thousands makes the row
no longer than a carrier's, behind which are many phones.
"""

from __future__ import annotations

import math
import time
from collections import Counter
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

LEAST_S: Final = 5
LONGEST_S: Final = 300
"""Nobody is told to come back later than in five minutes: they would have left."""
TURNS_OF_ONE: Final = 3
"""How often one who signs up waits for a turn: with the wish, with the token, and with the code."""
SPARE: Final = 1.15
"""By how much longer than its turns one is apart from the next: in a row that leaves no time, who finds no place for a
moment finds none when they come back.
"""
PLACES_OF_ONE: Final = 64
"""By how many places one client makes the row longer."""
CLIENTS: Final = 20_000
"""Of how many it is known how many places they have; then that begins anew."""
FIRST_TURN_S: Final = 0.01
"""How long after a turn the next one ends, before that was measured."""
LONGEST_TURN_S: Final = 0.2
WEIGHT: Final = 0.02
"""Of the newest turn in the mean: some fifty turns count, half a second of a crowd."""


class Returns:
    """The times at which those come back who found no place."""

    def __init__(self, elapsed: Callable[[], float] = time.monotonic) -> None:
        self._elapsed = elapsed
        self._turn_s = FIRST_TURN_S
        self._ended: float | None = None
        """When the last turn ended behind which others waited."""
        self._last = 0.0
        """When the last who was sent away comes back."""
        self._places: Counter[Hashable] = Counter()

    def turn_ended(self, *, others_wait: bool) -> None:
        """Note that a turn has ended. How long one takes is measured only where the next one begins at once."""
        now = self._elapsed()
        if self._ended is not None:
            taken = min(now - self._ended, LONGEST_TURN_S)
            self._turn_s += WEIGHT * (taken - self._turn_s)
        self._ended = now if others_wait else None

    def next_s(self, client: Hashable) -> int:
        """Return in how many seconds the next one, of this client, is to come back, `LONGEST_S` at most."""
        now = self._elapsed()
        if self._last <= now + LEAST_S or len(self._places) >= CLIENTS:
            self._places.clear()
        self._last = max(self._last, now + LEAST_S)
        if self._places[client] < PLACES_OF_ONE:
            self._places[client] += 1
            self._last = min(self._last + SPARE * TURNS_OF_ONE * self._turn_s, now + LONGEST_S)
        return math.ceil(self._last - now)
