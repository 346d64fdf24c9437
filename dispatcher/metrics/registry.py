"""All metrics of one process."""

from __future__ import annotations

from prometheus_client import CollectorRegistry

from dispatcher.metrics.access import AccessMetrics
from dispatcher.metrics.delivery import DeliveryMetrics
from dispatcher.metrics.feeds import FeedMetrics
from dispatcher.metrics.http import HttpMetrics
from dispatcher.metrics.intake import IntakeMetrics
from dispatcher.metrics.state import StateMetrics


class Metrics(IntakeMetrics, DeliveryMetrics, StateMetrics, FeedMetrics, AccessMetrics, HttpMetrics):
    """All metrics of one process, in a registry of its own."""

    def __init__(self, registry: CollectorRegistry | None = None) -> None:
        self.registry = registry or CollectorRegistry()
        for part in (IntakeMetrics, DeliveryMetrics, StateMetrics, FeedMetrics, AccessMetrics, HttpMetrics):
            part.__init__(self, self.registry)
