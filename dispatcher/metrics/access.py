"""What is counted of credentials: refused ones, and when the next one runs out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client import Counter, Gauge

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry


class AccessMetrics:
    """Counts who was not let in, and shows who will soon be locked out."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.credentials_refused = Counter(
            "warn_credentials_refused",
            "Requests refused for the credential shown, by its kind and what is wrong with it.",
            ("kind", "reason"),
            registry=registry,
        )
        self.key_expiry = Gauge(
            "warn_key_expiry_timestamp_seconds",
            "When the first source, feed, instance or operator loses its last valid key, or the one that it used last; "
            "0 if none does.",
            ("kind",),
            registry=registry,
        )
