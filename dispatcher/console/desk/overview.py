"""Arrange the alerts of the desk: what waits, what is in force, what was sent, and what was not. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING, Final

from cap.severity import SEVERITY_ORDER
from dispatcher.console.approvals import severity_of
from dispatcher.model.status import owed_recipients
from dispatcher.model.vocabulary import (
    DISPATCHED_STATES,
    ENDS,
    EXERCISE,
    FEED_PREFIX,
    AlertState,
    Reason,
    reasons_held,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from dispatcher.console.desk.readiness import ServiceReadiness
    from dispatcher.model.alerts import StoredAlert
    from dispatcher.model.approval.request import ApprovalRequest
    from dispatcher.model.status import Over, RecipientProgress

ACTUAL: Final = "Actual"
"""CAP's status of what is meant, as an alert of record has it."""
HOUSEKEEPING: Final = frozenset(
    {Reason.ADVANCE, Reason.DUPLICATE, Reason.ELSEWHERE, Reason.NOT_A_WARNING, Reason.NO_WARNING}
)
"""The reasons of which feeds have hundreds a day, and that are nobody's decision: the overview leaves them out, the
list of all that was not sent has them."""
_GRAVEST: Final = {severity.value: rank for rank, severity in enumerate(SEVERITY_ORDER)}


@dataclass(frozen=True, slots=True)
class DeskEntry:
    """One alert of the desk."""

    alert: StoredAlert
    names: tuple[str, ...] = ()
    """Its first municipalities."""
    municipalities: int = 0
    over: Over | None = None
    progress: RecipientProgress | None = None
    """Whom it has reached; None where nothing is sent, or it could not be counted in time."""
    request: ApprovalRequest | None = None
    """What is or was asked of a second person about it."""
    is_correctable: bool = False
    """Whether whoever looks may take it back."""
    is_decidable: bool = False
    """Whether whoever looks may approve it."""

    @property
    def severity(self) -> str:
        """Return its severity, as `severity_…` says it in the catalogue."""
        return severity_of(self.alert)

    @property
    def is_sent(self) -> bool:
        """Whether it goes out, or has gone out."""
        return self.alert.state in DISPATCHED_STATES

    @property
    def is_held(self) -> bool:
        """Whether it waits for a person."""
        return self.alert.state is AlertState.HELD

    @property
    def is_of_a_feed(self) -> bool:
        """Whether it came from a feed, which its own source corrects."""
        return self.alert.source_id.startswith(FEED_PREFIX)

    @property
    def source(self) -> str:
        """Return the control centre, or the feed's name."""
        return self.alert.source_id.removeprefix(FEED_PREFIX)

    @property
    def other_status(self) -> str:
        """Return its CAP status where it is neither a warning nor an exercise, such as Test; else nothing."""
        return "" if self.alert.status in {ACTUAL, EXERCISE} else self.alert.status

    @property
    def held_for(self) -> list[str]:
        """Return each reason for which it waits, as the record has them; behind an audience stand the numbers."""
        return [one.partition(":")[0] for one in reasons_held(self.alert.held_for)]

    @property
    def is_ending(self) -> bool:
        """Whether it ends a warning or an exercise: it holds until no time."""
        return self.alert.reason in ENDS

    @property
    def waiting(self) -> int:
        """Return how many people are still owed it."""
        return owed_recipients(self.progress.waiting) if self.progress else 0

    @property
    def failed(self) -> int:
        """Return how many people are not reached, and will not be by this message."""
        return owed_recipients(self.progress.failed) if self.progress else 0


@dataclass(frozen=True, slots=True)
class DeskList:
    """One list of the page."""

    name: str
    alerts: list[StoredAlert]
    left_out: int = 0
    """How many more were read."""
    is_exact: bool = True
    """Whether there are no more than those."""
    goes_on: bool = False
    """Whether there are others in the list of older ones."""


@dataclass(frozen=True, slots=True)
class DeskReading:
    """What the record says of the alerts of a desk, the same to all who may see them."""

    now: datetime
    lists: tuple[DeskList, ...]
    places: Mapping[str, tuple[list[str], int]] = field(default_factory=dict)
    """By id of the alert the names of its first municipalities, and how many it has."""
    requests: Mapping[str, ApprovalRequest] = field(default_factory=dict)
    stoppers: Mapping[str, StoredAlert] = field(default_factory=dict)
    """What has replaced or ended them, by its id."""
    codes: Mapping[str, set[str]] = field(default_factory=dict)
    """The municipalities (AGS) of those that can be decided upon or corrected."""
    counts: Mapping[str, RecipientProgress] = field(default_factory=dict)

    @property
    def alerts(self) -> list[StoredAlert]:
        """Return the alerts of all lists."""
        return [alert for one in self.lists for alert in one.alerts]


def version_of(reading: DeskReading, ready: ServiceReadiness) -> str:
    """Return what changes with whatever the desk shows, and each minute with the ages that it gives."""
    digest = sha256(f"{reading.now:%Y%m%d%H%M}{ready}".encode())
    for one in reading.lists:
        digest.update(f"{one.name}{one.left_out}{one.goes_on}".encode())
        for alert in one.alerts:
            counted, request = reading.counts.get(alert.id), reading.requests.get(alert.id)
            stands = (alert.id, alert.state, alert.reason, alert.stopped_by, alert.planned_at, alert.expires)
            decided = request and (request.decision, request.decided_at, request.people)
            digest.update(repr((stands, alert.held_for, counted, decided)).encode())
    return digest.hexdigest()[:16]


def is_correctable(alert: StoredAlert, now: datetime) -> bool:
    """Whether anybody may take it back: what is in force, but a feed's alert its own source corrects."""
    is_current = alert.is_in_force(now) or alert.is_open_drill(now)
    return is_current and not alert.source_id.startswith(FEED_PREFIX)


def gravest_first(alerts: Iterable[StoredAlert]) -> list[StoredAlert]:
    """Return alerts in force with the gravest first, of equally grave ones the newest; of those that came at the same
    instant always the same.
    """
    newest = sorted(alerts, key=lambda one: (one.received_at, one.id), reverse=True)
    return sorted(newest, key=lambda one: _GRAVEST[severity_of(one)])


def remarkable(alerts: Iterable[StoredAlert]) -> list[StoredAlert]:
    """Return those of the alerts not sent which somebody may look for: all of a control centre's, and of a feed's what
    a person or a rule decided.
    """
    return [
        one for one in alerts if not one.source_id.startswith(FEED_PREFIX) or one.reason not in HOUSEKEEPING
    ]
