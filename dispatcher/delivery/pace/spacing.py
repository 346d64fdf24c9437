"""Spread what a gateway gets evenly over time. Pure: time is a parameter (monotonic seconds).

A token bucket as small as can be: what may leave at once is a hundredth of a second's allowance, so that a gateway that
counts in windows, wherever these begin, never counts more than its rate, and one that counts by a bucket of its own
never finds it empty (Kannel sends a second's allowance in 10 ms and then nothing, `sendsms` of 1.4.5).
"""

from __future__ import annotations

from collections import deque
from math import ceil, inf
from typing import Final

BURST_S: Final = 0.01
"""What may leave at once, in seconds of the rate; at least one unit."""
LATE_S: Final = 0.1
"""For how long what could not be granted in time may be granted later: a busy process looks late each time, and would
else lose that each time."""
HELD_MAX_S: Final = 0.2
"""How many seconds' worth may be claimed and not have left: what is claimed is to leave at once."""
SECOND_S: Final = 1.0
"""Providers count in seconds, of their clock or the last one."""
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
    up does not leave in one burst. What a process that stood still is late with leaves as soon as it may: in no second
    more than a second's worth, and what the last message is larger than a unit.
    """

    def __init__(self) -> None:
        self._free_at = -inf
        self._last: deque[tuple[float, float]] = deque()
        """When in the last second how many units left, the oldest first."""
        self._units = 0.0
        """How many these are together."""

    def wait_s(self, units: float, rate: float, now: float) -> float:
        """Note that so many units are ready to leave, at `rate` units a second. Returns in how many seconds they
        should; first come, first served.
        """
        begins = max(now, self._free_at)
        self._free_at = begins + units / (CATCHES_UP * rate)
        return begins - now

    def crowded_s(self, wanted: float, rate: float, now: float) -> float:
        """Return for how many seconds so many units may not leave together, as the last second is full; 0: they may."""
        most, units, free_at = ceil(CATCHES_UP * rate), self._units, now
        for at, left in self._last:
            if units + wanted <= most:
                break
            units, free_at = units - left, max(now, at + SECOND_S)
        return free_at - now

    def leave(self, units: float, now: float) -> None:
        """Note that so many units leave."""
        while self._last and self._last[0][0] <= now - SECOND_S:
            self._units -= self._last.popleft()[1]
        self._last.append((now, units))
        self._units += units
