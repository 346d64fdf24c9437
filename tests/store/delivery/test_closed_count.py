"""Whoever is ended by closing a batch is counted like everybody else."""

from prometheus_client import generate_latest

from dispatcher.metrics import Metrics
from dispatcher.model.vocabulary import State


def test_closed_recipients_are_counted_by_channel_lane_and_state() -> None:
    metrics = Metrics()
    metrics.count_closed(State.SUPERSEDED, {("webpush", "flash"): 3, ("app", "routine"): 1})
    text = generate_latest(metrics.registry).decode()
    assert 'warn_deliveries_total{channel="webpush",lane="flash",outcome="superseded"} 3.0' in text
    assert 'warn_deliveries_total{channel="app",lane="routine",outcome="superseded"} 1.0' in text
