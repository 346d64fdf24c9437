"""Sum up what one batch adds to the metrics: one increment per state and result at each write."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from dispatcher.model.vocabulary import CANARY_PREFIX, UNCERTAIN, State

if TYPE_CHECKING:
    from dispatcher.delivery.outcome import Settlement
    from dispatcher.delivery.pace.pace import Pace
    from dispatcher.metrics import Metrics
    from dispatcher.model.batches import Lease

TERMINAL = tuple(state for state in State if state.terminal)


class DeliveryCounts:
    """Counts for a leased batch. What was not written is not counted. Of canaries the gateway's answers count, and no
    recipients: nobody is told of anything.
    """

    def __init__(self, metrics: Metrics, lease: Lease) -> None:
        self._metrics = metrics
        self._lease = lease
        self._is_canary = lease.alert_id.startswith(CANARY_PREFIX)
        self._gateway = metrics.gateway_label(lease.channel, lease.gateway)
        metrics.retries_withheld.labels(lease.channel, self._gateway)  # shown from the start
        self._before = lease.outcomes
        self._results: Counter[str] = Counter()
        self._latencies: Counter[float] = Counter()

    def note(self, result: Settlement, latency_s: float, answers: int) -> None:
        """Take in answers that are alike; they count with the next write."""
        self._results[result.label] += answers
        if result.is_accepted and not self._is_canary:
            self._latencies[latency_s] += answers

    def written(self, outcomes: bytes) -> None:
        """Count what is in the record now and did not before, and the answers that led there."""
        lease, metrics = self._lease, self._metrics
        for state in TERMINAL:
            new = _count_of(outcomes, state) - _count_of(self._before, state)
            if new and not self._is_canary:
                metrics.deliveries.labels(lease.channel, lease.lane, state.name.lower()).inc(new)
        self._before = outcomes
        for label, count in self._results.items():
            metrics.attempts.labels(lease.channel, self._gateway, label).inc(count)
        self._results.clear()
        metrics.latency.labels(lease.channel, lease.lane).observe_many(self._latencies)
        self._latencies.clear()

    def paused(self, reason: str) -> None:
        """Count that the gateway was paused, by reason."""
        self._metrics.gateway_pauses.labels(self._lease.channel, self._gateway, reason).inc()

    def waited(self, seconds: float) -> None:
        """Count for how long a slice waited for its gateway."""
        self._metrics.gateway_wait.labels(self._lease.channel, self._gateway).inc(seconds)

    def paced(self, pace: Pace) -> None:
        """Show the gateway's rates."""
        for basis, rate in (("configured", pace.configured), ("learnt", pace.learnt)):
            if rate is not None:
                self._metrics.gateway_rate.labels(self._lease.channel, self._gateway, basis).set(rate)

    def withheld(self) -> None:
        """Count that retries have to wait for the budget."""
        self._metrics.retries_withheld.labels(self._lease.channel, self._gateway).inc()

    def removed(self, endpoints: int, *, suspect: bool) -> None:
        """Count the endpoints that were ended, or that they were not because too many are called gone."""
        self._metrics.endpoints_removed.labels(self._lease.channel).inc(endpoints)
        if suspect:
            self._metrics.removals_withheld.labels(self._lease.channel).inc()


def _count_of(outcomes: bytes, state: State) -> int:
    return outcomes.count(state) + outcomes.count(state | UNCERTAIN)
