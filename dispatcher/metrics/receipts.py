"""What devices say of messages: how much of it came, how far the messages are, and what that proves of canaries."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from prometheus_client import Counter, Gauge, Histogram

from dispatcher.metrics.channels import CHANNELS
from dispatcher.metrics.histograms import LATENCY_BUCKETS_S
from dispatcher.model.canary.canaries import CanaryStage
from dispatcher.model.reports import ReceiptState
from dispatcher.model.vocabulary import Lane

if TYPE_CHECKING:
    from collections.abc import Iterable

    from prometheus_client import CollectorRegistry

    from dispatcher.model.canary.canaries import Canary


class PostedReceipt(StrEnum):
    """What becomes of a receipt that was posted."""

    TAKEN = "taken"
    """Its token is one of ours: it is written within a second, unless it says nothing new."""
    FORGED = "forged"
    """Its token is none of this deployment: nothing comes of it."""
    REFUSED = "refused"
    """It could not be read, or too many waited to be written."""


class ReceiptMetrics:
    """Shows device receipts."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.receipts_posted = Counter(
            "warn_device_receipts_posted",
            "Device receipts by what became of them; of a request that was refused, one.",
            ("result",),
            registry=registry,
        )
        self.device_receipts = Gauge(
            "warn_device_receipts",
            "Recipients of alerts that have not expired whose device has said so, or for an SMS its gateway; each "
            "state includes the later ones.",
            ("channel", "receipt"),
            registry=registry,
        )
        for result in PostedReceipt:
            self.receipts_posted.labels(result)
        for channel in CHANNELS:
            for state in ReceiptState:
                self.device_receipts.labels(channel, state)


class CanaryMetrics:
    """Shows how the service's tests of itself go. No warning is among these numbers, and no test among those of
    warnings.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        self.canaries_sent = Counter(
            "warn_canaries_sent",
            "Test alerts to the service's own endpoints that were recorded, of each endpoint by itself.",
            ("channel", "lane"),
            registry=registry,
        )
        self.canary_seconds = Histogram(
            "warn_canary_seconds",
            "From the recording of a test alert to its acceptance by the gateway, and to the receipt of its receiver.",
            ("channel", "lane", "stage"),
            buckets=LATENCY_BUCKETS_S,
            registry=registry,
        )
        self.canary_proven = Gauge(
            "warn_canary_proven_timestamp_seconds",
            "When the last test alert was made that reached this endpoint of the service's own, as its receiver says, "
            "or its gateway where no receiver does; before the first one, when the endpoint was added.",
            ("canary", "channel", "lane"),
            registry=registry,
        )
        self.canary_interval = Gauge(
            "warn_canary_interval_seconds",
            "How often a test alert is made for this endpoint of the service's own.",
            ("canary", "channel", "lane"),
            registry=registry,
        )
        for channel in CHANNELS:
            for lane in Lane:
                self.canaries_sent.labels(channel, lane)
                for stage in CanaryStage:
                    self.canary_seconds.labels(channel, lane, stage)

    def show_canaries(self, canaries: Iterable[Canary]) -> None:
        """Show how these stand, and no other."""
        self.canary_proven.clear()
        self.canary_interval.clear()
        for canary in canaries:
            for proof in canary.lanes:
                labels = canary.name, canary.channel, proof.lane
                self.canary_proven.labels(*labels).set(canary.since(proof).timestamp())
                self.canary_interval.labels(*labels).set(canary.lane_every.total_seconds())
