"""How many of a gateway's requests a slice may hold, so that a graver warning does not wait behind what is under way.

What has been handed to a gateway cannot be taken back. One that is at its limit answers a slice one by one, and
whoever comes next waits for all of it: so slices shrink until the answers to one come within `SPREAD_S`. A gateway that
is merely far away answers late, but all at about the same time, and keeps its full slices. Pure.
"""

from __future__ import annotations

SPREAD_S = 0.04
"""Between the first and the last answer of a slice. With four batches in each of two workers a warning that overtakes
waits for about this at the gateway, and not for eight hundred of theirs."""
LEAST = 5
GROWTH = 2


class Pace:
    """One gateway's, as seen by one process."""

    def __init__(self) -> None:
        self._size: float | None = None

    def size(self, most: int) -> int:
        """How many to start at once, of at most `most`."""
        return most if self._size is None else max(1, min(most, int(self._size)))

    def note(self, started: int, spread_s: float) -> None:
        """So many were answered, the last so long after the first."""
        if started < LEAST:
            return
        if spread_s > SPREAD_S:
            self._size = max(float(LEAST), started * SPREAD_S / spread_s)
        elif self._size is not None:
            self._size *= GROWTH
