"""Gives each app instance, and each operator, its share of an API process: its callers take no more of it, whatever
they do.

Reads have places besides (`dispatcher.api.shedding`): of these one principal has few at once. A share bounds how many
requests there are over time, of every kind, before any work is done for them.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class InstanceShares:
    """One bucket for each of them: it holds the requests of a minute, and fills evenly."""

    def __init__(self, per_minute: int, monotonic: Callable[[], float] = time.monotonic) -> None:
        """`per_minute` is the share of whoever has none of its own, 0 for any; `monotonic` gives seconds."""
        self._per_minute = per_minute
        self._monotonic = monotonic
        self._left: dict[str, tuple[float, float]] = {}
        """What is left of each bucket, and when it was so; by what good keys are of, so no more than these."""

    def take(self, actor: str, quota: int | None) -> float:
        """Take one request from a principal's share, which is `quota` a minute where it has its own. Returns 0, or in
        how many seconds there is one: then nothing was taken.
        """
        most = self._per_minute if quota is None else quota
        if most == 0:
            return 0.0
        now = self._monotonic()
        left, at = self._left.get(actor, (float(most), now))
        left = min(float(most), left + (now - at) * most / 60)
        if left < 1:
            self._left[actor] = (left, now)
            return (1 - left) * 60 / most
        self._left[actor] = (left - 1, now)
        return 0.0
