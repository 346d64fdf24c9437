"""What is counted of subscribers: who signs up, whose codes come back, who ends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from prometheus_client import Counter

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry

SIGN_UPS: Final = ("enrolled", "limited", "closed")
ROUND_TRIPS: Final = ("confirmed", "refused")
ENDS: Final = ("left", "expired", "erased", "opted_out", "unproven")
NUMBERS: Final = (
    "sent",
    "confirmed",
    "limit_number",
    "limit_prefix",
    "limit_instance",
    "limit_address",
    "limit_month",
    "number_invalid",
    "number_foreign",
    "number_not_mobile",
)


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
            "Subscribers who left, whose date came or who proved nothing for a day; numbers with STOP; rows erased.",
            ("reason",),
            registry=registry,
        )
        self.sms_codes = Counter(
            "warn_sms_codes",
            "Codes by SMS: asked for and sent, brought back, not sent for a limit; and numbers that are not taken.",
            ("result",),
            registry=registry,
        )
        for counter, results in (
            (self.sms_codes, NUMBERS),
            (self.sign_ups, SIGN_UPS),
            (self.round_trips, ROUND_TRIPS),
            (self.subscribers_ended, ENDS),
        ):
            for result in results:
                counter.labels(result)
