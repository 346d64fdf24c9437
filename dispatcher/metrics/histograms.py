"""Histograms, and the edges of their buckets."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING

from prometheus_client import Histogram

if TYPE_CHECKING:
    from collections.abc import Mapping

LATENCY_BUCKETS_S = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 900)
"""Upper bounds of latencies; 10, 60 and 300 s are those that the objectives name."""

REQUEST_BUCKETS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)

LAG_BUCKETS_S = (0.001, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 5)
"""Upper bounds of lateness of the event loop; 20 ms is the most that one piece of work may hold it."""


class SummedHistogram(Histogram):
    """A histogram that takes many observations at once: a mass send has too many for one call each."""

    def observe_many(self, amounts: Mapping[float, int]) -> None:
        """Observe each of the amounts as often as the mapping says."""
        self._sum.inc(sum(amount * times for amount, times in amounts.items()))
        for amount, times in amounts.items():
            self._buckets[bisect_left(self._upper_bounds, amount)].inc(times)
