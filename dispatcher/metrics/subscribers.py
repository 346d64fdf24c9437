"""What is counted of subscribers: who signs up, whose codes come back, who ends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from prometheus_client import Counter

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry

SIGN_UPS: Final = ("enrolled", "limited", "closed")
ROUND_TRIPS: Final = ("confirmed", "refused")
ENDS: Final = ("left", "expired", "erased")


class SubscriberMetrics:
    """Counts subscribers' comings and goings."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.sign_ups = Counter(
            "warn_sign_ups",
            "Requests to subscribe: with a new subscriber, refused as there were too many, or as Redis did not answer.",
            ("result",),
            registry=registry,
        )
        self.round_trips = Counter(
            "warn_round_trips",
            "Codes that came back from endpoints, right ones and others.",
            ("result",),
            registry=registry,
        )
        self.round_trip_messages = Counter(
            "warn_round_trip_messages",
            "Messages with a code to endpoints, by what they are for and what the gateway said.",
            ("channel", "purpose", "result"),
            registry=registry,
        )
        self.subscribers_ended = Counter(
            "warn_subscribers_ended",
            "Subscribers who left or whose end date came, and rows that were erased after the time to keep them.",
            ("reason",),
            registry=registry,
        )
        for counter, results in (
            (self.sign_ups, SIGN_UPS),
            (self.round_trips, ROUND_TRIPS),
            (self.subscribers_ended, ENDS),
        ):
            for result in results:
                counter.labels(result)
