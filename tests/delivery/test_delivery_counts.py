"""What a batch adds to the metrics."""

from dataclasses import replace
from typing import Any

from dispatcher.delivery.delivery_counts import DeliveryCounts
from dispatcher.delivery.leased_batch import ACCEPTED
from dispatcher.delivery.pace.pace import Pace
from dispatcher.metrics import Metrics
from dispatcher.model.vocabulary import UNCERTAIN, State
from tests.delivery.test_leased_batch import lease
from tests.metrics.test_registry import samples

PUSH = "https://push.example"


def counted(metrics: Any, name: Any, **labels: Any) -> Any:
    return samples(metrics)[name, frozenset(labels.items())]


def test_only_what_is_written_counts_and_each_recipient_once() -> None:
    metrics = Metrics()
    counts = DeliveryCounts(metrics, lease([State.PENDING] * 3 + [State.GONE]))
    refused = replace(ACCEPTED, outcome=State.REJECTED, label="permanent")
    counts.note(ACCEPTED, 0.5, 2)
    counts.note(refused, 0.5, 1)
    assert (
        counted(metrics, "warn_deliveries_total", channel="webpush", lane="priority", outcome="accepted") == 0
    )
    outcomes = bytes([State.ACCEPTED, State.ACCEPTED | UNCERTAIN, State.REJECTED, State.GONE])
    for _ in range(2):
        counts.written(outcomes)
    states = {
        state: counted(metrics, "warn_deliveries_total", channel="webpush", lane="priority", outcome=state)
        for state in ("accepted", "rejected", "gone")
    }
    assert states == {"accepted": 2, "rejected": 1, "gone": 0}, "gone was on record before"
    results = {
        label: counted(metrics, "warn_delivery_attempts_total", channel="webpush", gateway=PUSH, result=label)
        for label in ("accepted", "permanent")
    }
    assert results == {"accepted": 2, "permanent": 1}
    assert counted(metrics, "warn_delivery_latency_seconds_count", channel="webpush", lane="priority") == 2


def test_removals_and_pauses_are_counted_as_they_come() -> None:
    metrics = Metrics()
    counts = DeliveryCounts(metrics, lease([State.PENDING]))
    counts.removed(3, suspect=False)
    counts.removed(0, suspect=True)
    counts.paused("breaker")
    counts.withheld()
    assert counted(metrics, "warn_endpoints_removed_total", channel="webpush") == 3
    assert counted(metrics, "warn_endpoint_removals_withheld_total", channel="webpush") == 1
    assert (
        counted(metrics, "warn_gateway_pauses_total", channel="webpush", gateway=PUSH, reason="breaker") == 1
    )
    assert counted(metrics, "warn_retries_withheld_total", channel="webpush", gateway=PUSH) == 1


def test_a_gateways_rates_and_the_waits_for_them_are_shown() -> None:
    metrics = Metrics()
    counts = DeliveryCounts(metrics, lease([State.PENDING]))
    counts.waited(0.5)
    counts.waited(0.25)
    assert counted(metrics, "warn_gateway_wait_seconds_total", channel="webpush", gateway=PUSH) == 0.75
    pace = Pace(50.0)
    pace.accepted(10, 0.0)
    pace.refused(0.0, 0.1)
    counts.paced(pace)
    for basis, rate in (("configured", 49.0), ("learnt", 25.0)):
        labels = {"channel": "webpush", "gateway": PUSH, "basis": basis}
        assert counted(metrics, "warn_gateway_rate_per_second", **labels) == rate
    counts.paced(Pace())
