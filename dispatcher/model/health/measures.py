"""Name what is measured of the service for the page of its health, and how a measure is written in a minute's note."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

SHOWN_MINUTES: Final = 360
"""So far back the page of the health looks: six hours, a night's watch."""
LABEL_MAX: Final = 64
_BETWEEN: Final = "|"


class Measure(StrEnum):
    """What is measured. Counts are added up over all processes; of a state the latest word of its one process holds."""

    REACHED = "reached"
    """Count: recipients whose message a gateway took, by channel."""
    LOST = "lost"
    """Count: recipients whom a message does not reach, by channel."""
    WITHIN = "within"
    """Count: recipients reached, by lane and by the number of the bucket of `LATENCY_BUCKETS_S` in which it came."""
    TAKEN = "taken"
    """Count: what a gateway took, by channel and gateway."""
    REFUSED = "refused"
    """Count: answers of a gateway that were something else, by channel and gateway."""
    WAITING = "waiting"
    """State: seconds for which the oldest batch that is due has waited, by lane."""
    RETRIES = "retries"
    """State: recipients who wait for another attempt, by channel."""
    HELD = "held"
    """State: messages that wait for a person."""
    SMS_HELD = "sms_held"
    """State: recipients whose SMS waits for a budget."""
    FEED_AGE = "feed_age"
    """State: seconds since a feed was last read as a whole, by feed."""


class Reading(NamedTuple):
    """What is measured, and of what."""

    measure: Measure
    labels: tuple[str, ...] = ()

    def field(self) -> str:
        """Return how it is written in a note."""
        return _BETWEEN.join((self.measure, *(one[:LABEL_MAX] for one in self.labels)))


class HealthMinute(NamedTuple):
    """What was measured within one minute; no readings: nobody measured. `started` is when it began, in seconds since
    1970.
    """

    started: int
    readings: Mapping[Reading, float]


def reading_of(field: str) -> Reading | None:
    """Return the reading that a note's field is of; None for one that another version of the service wrote."""
    name, *labels = field.split(_BETWEEN)
    return Reading(Measure(name), tuple(labels)) if name in set(Measure) else None
