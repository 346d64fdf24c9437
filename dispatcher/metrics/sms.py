"""Define what is counted of SMS: parts, budgets, gateways that take over."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client import Counter, Gauge

if TYPE_CHECKING:
    from collections.abc import Iterable

    from prometheus_client import CollectorRegistry


class SmsMetrics:
    """What SMS cost, and which gateway took over from which."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.sms_handed_over = Counter(
            "warn_sms_handed_over",
            "Recipients handed over to another SMS gateway, because theirs accepted nothing.",
            ("gateway", "to_gateway"),
            registry=registry,
        )
        self.sms_doubles = Counter(
            "warn_sms_doubles",
            "Recipients of Extreme warnings handed over although their gateway may have reached them.",
            ("gateway",),
            registry=registry,
        )
        self.sms_parts_month = Gauge(
            "warn_sms_parts_month",
            "Parts of SMS that a gateway has taken, or is about to be given, in this calendar month.",
            ("gateway",),
            registry=registry,
        )
        self.sms_budget_used = Gauge(
            "warn_sms_budget_used_ratio",
            "Share of a gateway's parts_per_month that is used.",
            ("gateway",),
            registry=registry,
        )
        self.sms_held = Gauge(
            "warn_sms_held_recipients",
            "Recipients whose SMS waits for a person, because no gateway's budget holds it.",
            registry=registry,
        )

        self.sms_inbound = Counter(
            "warn_sms_inbound",
            "Texts that people have sent to a gateway, by what became of them. Refused are whole requests.",
            ("gateway", "verdict"),
            registry=registry,
        )

    def know_sms_gateways(self, gateways: Iterable[str]) -> None:
        """Show the series of these gateways from the start."""
        names = list(gateways)
        for name in names:
            self.sms_doubles.labels(name)
            for other in names:
                if other != name:
                    self.sms_handed_over.labels(name, other)
