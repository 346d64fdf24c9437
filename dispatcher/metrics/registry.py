"""All metrics of one process."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry

from dispatcher.metrics.access import AccessMetrics, AuditMetrics, DutyMetrics
from dispatcher.metrics.delivery import DeliveryMetrics
from dispatcher.metrics.feeds import FeedMetrics
from dispatcher.metrics.http import HttpMetrics
from dispatcher.metrics.intake import IntakeMetrics
from dispatcher.metrics.message_centres import MessageCentreMetrics
from dispatcher.metrics.process import ProcessMetrics, Restarts
from dispatcher.metrics.reach import ReachMetrics
from dispatcher.metrics.receipts import CanaryMetrics, ReceiptMetrics
from dispatcher.metrics.sms import SmsMetrics
from dispatcher.metrics.state import StateMetrics
from dispatcher.metrics.subscribers import SubscriberMetrics

if TYPE_CHECKING:
    from pathlib import Path


class Metrics(
    IntakeMetrics,
    DeliveryMetrics,
    StateMetrics,
    ReachMetrics,
    FeedMetrics,
    AccessMetrics,
    AuditMetrics,
    DutyMetrics,
    HttpMetrics,
    MessageCentreMetrics,
    SmsMetrics,
    SubscriberMetrics,
    ReceiptMetrics,
    CanaryMetrics,
    ProcessMetrics,
):
    """All metrics of one process, in a registry of its own."""

    def __init__(self, registry: CollectorRegistry | None = None, *, restarts: Path | None = None) -> None:
        """`restarts` is the file in which a supervisor counts what it started again."""
        self.registry = registry or CollectorRegistry()
        for part in Metrics.__bases__:
            part.__init__(self, self.registry)  # type: ignore[misc]
        self.registry.register(Restarts(restarts))
