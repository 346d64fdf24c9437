"""Spread what a gateway gets evenly over time. Pure: time is a parameter (monotonic seconds).

A token bucket as small as can be: what may leave at once is a hundredth of a second's allowance, so that a gateway that
counts in windows, wherever these begin, never counts more than its rate, and one that counts by a bucket of its own
never finds it empty (Kannel sends a second's allowance in 10 ms and then nothing, `sendsms` of 1.4.5).
"""

from __future__ import annotations

from math import inf
from typing import Final

BURST_S: Final = 0.01
"""What may leave at once, in seconds of the rate; at least one unit."""
LATE_S: Final = 0.1
"""For how long what could not be granted in time may be granted later: a busy process looks late each time, and would
else lose that each time."""
HELD_MAX_S: Final = 0.2
"""For how long a departure is held back at most: what is claimed is to leave at once."""
CATCHES_UP: Final = 1.01
"""How much faster than the rate departures follow one another at most, to make good what a process was late."""
_NEARLY: Final = 1e-6
"""What rounding may take from a unit."""


class Spacing:
    """Lets `rate` units a second leave: within any t seconds at most rate * t and one burst, and what the last message
    is larger than a unit, since a message leaves as a whole.
    """

    def __init__(self, rate: float, now: float, late_s: float = 0.0) -> None:
        """`rate` is in units a second. What could have left in the last `late_s` may leave later."""
        self.rate = rate
        self._late_s = late_s
        self._level = self.burst
        self._at = now

    @property
    def burst(self) -> float:
        """Return how many units may leave at once."""
        return max(1.0, BURST_S * self.rate)

    def ready(self, now: float) -> float:
        """Return how many units may leave now: at least one, or none (0)."""
        self._refill(now)
        return max(1.0, self._level) if self._level >= 1.0 - _NEARLY else 0.0

    def wait_s(self, now: float) -> float:
        """Return in how many seconds a unit may leave; 0: now."""
        self._refill(now)
        return max(0.0, (1.0 - self._level) / self.rate)

    def spend(self, units: float, now: float) -> None:
        """Note that so many units leave now; more than are ready are owed."""
        self._refill(now)
        self._level -= units

    def change(self, rate: float, now: float) -> None:
        """Go on at another rate."""
        self._refill(now)
        self.rate = rate
        self._level = min(self._level, self._most)

    @property
    def _most(self) -> float:
        return self.burst + self._late_s * self.rate

    def _refill(self, now: float) -> None:
        self._level = min(self._most, self._level + self.rate * max(0.0, now - self._at))
        self._at = max(self._at, now)


class Departures:
    """Spaces what leaves for a second time, after it was written down as claimed: what a late look or a slow write held
    up does not leave in one burst. First come, first served.
    """

    def __init__(self) -> None:
        self._free_at = -inf

    def wait_s(self, units: float, rate: float, now: float) -> float:
        """Note that so many units are ready to leave. Returns in how many seconds they may: soon, whatever the rate has
        become meanwhile.
        """
        takes_s = units / (CATCHES_UP * rate)
        begins = max(now, self._free_at)
        self._free_at = min(begins + takes_s, now + max(takes_s, HELD_MAX_S))
        return begins - now
