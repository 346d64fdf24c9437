"""What devices say of messages: how much of it came, and how far the messages are."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from prometheus_client import Counter, Gauge

from dispatcher.metrics.channels import CHANNELS
from dispatcher.model.reports import ReceiptState

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry


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
