"""Define what the ledger says when it is read: sums by channel, a line for each recipient, dead letters."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from dispatcher.model.reports import no_receipts

if TYPE_CHECKING:
    from datetime import datetime


@dataclass(frozen=True, slots=True)
class ChannelSummary:
    """One channel's share of an alert: recipients by state, and when its gateways accepted first and last."""

    channel: str
    kind: str
    states: dict[str, int]
    first_at: datetime | None
    last_at: datetime | None
    reports: dict[str, int] = field(default_factory=dict)
    """Recipients by what their gateway reported afterwards: `delivered`, `failed`, `partial`. It changes no state."""
    receipts: dict[str, int] = field(default_factory=no_receipts)
    """Recipients by `ReceiptState`, each state including the later ones. What a gateway reported as delivered is
    `delivered` here, too."""


@dataclass(frozen=True, slots=True)
class LedgerLine:
    """One recipient's line in the ledger."""

    alert_id: str
    kind: str
    channel: str
    gateway: str
    recipient: int
    ref: str | None
    state: str
    uncertain: bool
    """A request left us and no answer was recorded: the person may have been reached all the same."""
    report: str | None
    """What the gateway reported afterwards: `delivered`, `failed` or `partial`, and with which code of its own."""
    report_code: str | None
    reported_at: datetime | None
    last_attempt_at: datetime | None = None
    """When an attempt last came to something. Each failure is timed; of those accepted at once it is known only when
    the last of their batch was."""
    reason: str = ""
    """The kind of the last error, as `transient` or `permanent`; empty where there was none."""
    code: str = ""
    """The last error's code: an HTTP status or a name."""
    receipt: str | None = None
    """The furthest `ReceiptState` that the device has said, or for an SMS its gateway; None where neither has."""
    handed_over_from: str | None = None
    """The SMS gateway that accepted nothing, so that `gateway` took over."""


class Fate(StrEnum):
    """What becomes of a dead letter that is to be replayed."""

    REPLAYED = "replayed"
    UNKNOWN = "unknown"
    """There is no such dead letter, or not any more."""
    EXPIRED = "expired"
    """The warning's time is over: nothing is sent any more."""
    SUPERSEDED = "superseded"
    """A later message has replaced or ended the warning."""
    ENDED = "ended"
    """The subscription has ended."""
    IN_FLIGHT = "in_flight"
    """A worker holds the batch just now: try again."""


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A recipient that could not be served, and why. It does not hold the address."""

    id: str
    """`<batch>-<position>`."""
    alert_id: str
    channel: str
    gateway: str
    recipient: int
    label: str
    code: str
    detail: str
    attempts: int
    at: datetime


@dataclass(frozen=True, slots=True)
class DeadLetterGroup:
    """So many recipients of one alert that could not be served, for one reason. It holds nobody's name."""

    channel: str
    label: str
    code: str
    ags: str | None
    """The municipality that they follow; None where they follow none of the alert's any more."""
    recipients: int


@dataclass(frozen=True, slots=True)
class OpenedLetter:
    """A dead letter with what it was about, and what a replay would come to now."""

    letter: DeadLetter
    identifier: str
    headline: str
    kind: str
    language: str
    ref: str | None
    crashes: int
    uncertain: bool
    """Whether the recipient may have been reached all the same."""
    expires: datetime
    replay: Fate
