"""What is shown of SMPP sessions, and of receipts that could not be tied to a message."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from prometheus_client import Counter, Gauge

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry

UNMATCHED: Final = ("unknown_id", "no_receipt", "id_lost")
"""Why a receipt is not tied: its id was never known; it is a person's text; the record was away for too long."""


class MessageCentreMetrics:
    """Counts by gateway. A process without SMPP gateways shows none."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.smpp_binds = Gauge(
            "warn_smpp_binds",
            "SMPP sessions of this process that are bound.",
            ("gateway",),
            registry=registry,
        )
        self.smpp_binds_planned = Gauge(
            "warn_smpp_binds_planned",
            "SMPP sessions that this process keeps bound while all is well.",
            ("gateway",),
            registry=registry,
        )
        self.smpp_outstanding = Gauge(
            "warn_smpp_outstanding",
            "Messages of this process that a message centre has not answered yet.",
            ("gateway",),
            registry=registry,
        )
        self.smpp_throttled = Counter(
            "warn_smpp_throttled",
            "Answers of a message centre that asked to slow down (0x58, 0x14).",
            ("gateway",),
            registry=registry,
        )
        self.smpp_sessions_ended = Counter(
            "warn_smpp_sessions_ended",
            "SMPP sessions, and attempts to open one, that ended, by reason.",
            ("gateway", "reason"),
            registry=registry,
        )
        self.receipts_unmatched = Counter(
            "warn_smpp_receipts_unmatched",
            "What message centres sent that was tied to no message: unknown_id, no_receipt (a person's text), id_lost.",
            ("gateway", "reason"),
            registry=registry,
        )
        self.receipts_waiting = Gauge(
            "warn_smpp_receipts_waiting",
            "Receipts of message centres that wait for the answer which names their id.",
            registry=registry,
        )

    def know_message_centre(self, gateway: str) -> None:
        """Show a gateway's counters from the start."""
        self.smpp_throttled.labels(gateway)
        for reason in UNMATCHED:
            self.receipts_unmatched.labels(gateway, reason)
