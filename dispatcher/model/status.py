"""Define how an alert of record stands: whom it has reached, who is still owed it and why, what ended it, and what
happened to it until then.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from dispatcher.model.vocabulary import ENDS, LASTING, ApprovalState, Reason, State

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from dispatcher.model.alerts import AffectedMunicipality, StoredAlert
    from dispatcher.model.approval.request import ApprovalRequest
    from dispatcher.model.ledger import ChannelSummary
    from dispatcher.model.sms import Quote

OWED_MAX = 50
"""How many lines `waiting` and `failed` have at most: Web Push knows any number of gateways. The rest is one line for
each channel."""
QUIET_HOURS = "quiet_hours"
"""The reason of recipients who want to be told only when their quiet hours are over."""
OTHERS = "others"
"""The gateway and the reason of the line that sums up the rest of a channel."""


class OverReason(StrEnum):
    """Why an alert is no longer in force."""

    EXPIRED = "expired"
    """Its validity is over."""
    CANCELLED = "cancelled"
    """A Cancel took it back."""
    ENDED = "ended"
    """An Update gave the all-clear, or came when its own validity was over."""
    REPLACED = "replaced"
    """A later message says it anew."""
    DELISTED = "delisted"
    """Its feed stopped listing it."""


@dataclass(frozen=True, slots=True)
class Over:
    """Since when and why an alert is no longer in force. `by` is the id of the alert that ended it, if one did."""

    reason: OverReason
    by: str | None
    at: datetime


CANCEL: Final = "Cancel"
"""CAP's msgType, as an alert of record has it."""
_ENDED_BY = {
    Reason.CANCEL: OverReason.CANCELLED,
    Reason.ALL_CLEAR: OverReason.ENDED,
    Reason.LAPSED: OverReason.ENDED,
    Reason.DRILL_END: OverReason.ENDED,
    Reason.NOTHING_TO_END: OverReason.ENDED,
    Reason.NO_LONGER_LISTED: OverReason.DELISTED,
}
_ENDED_OR_CANCELLED = frozenset({Reason.DRILL_END, Reason.NOTHING_TO_END})
"""Reasons that do not say which: an exercise's end, and what has withdrawn a message that had reached nobody."""


def over(alert: StoredAlert, stopper: StoredAlert | None, now: datetime) -> Over | None:
    """Return why the alert is no longer in force; None while it is, and for a message that itself is an end. `stopper`
    is the alert that it is stopped by.
    """
    if stopper is not None:
        reason = _ENDED_BY.get(stopper.reason, OverReason.REPLACED)
        if stopper.reason in _ENDED_OR_CANCELLED and stopper.msg_type == CANCEL:
            reason = OverReason.CANCELLED
        return Over(reason, stopper.id, alert.stopped_at or stopper.received_at)
    if alert.reason not in ENDS and alert.expires <= now:
        return Over(OverReason.EXPIRED, None, alert.expires)
    return None


@dataclass(frozen=True, slots=True)
class Owed:
    """So many recipients behind one gateway that are not reached, for one reason: they wait, or nothing more is tried.

    `reason` of those who wait is `queued`, `in_flight`, or the label of the last error, of the recipient or of the
    paused gateway; of the others it is their final state, or `lasting`. `code` is the last error's.
    """

    channel: str
    gateway: str
    reason: str
    code: str
    recipients: int
    next_attempt_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class RecipientProgress:
    """An alert's recipients, each counted once: `accepted`, `waiting` and `failed` are all there are."""

    accepted: int = 0
    waiting: tuple[Owed, ...] = ()
    failed: tuple[Owed, ...] = ()
    first_accepted_at: datetime | None = None
    last_accepted_at: datetime | None = None
    gone: int = 0
    """How many of the failed have unsubscribed, or have a device that is no more: nothing is owed to them."""
    quiet_past_end: int = 0
    """How many of the failed do not want to be disturbed until after the end: nothing is owed to them either."""

    @property
    def recipients(self) -> int:
        return self.accepted + owed_recipients(self.waiting) + owed_recipients(self.failed)


@dataclass(frozen=True, slots=True)
class RecipientGroup:
    """Recipients of one gateway that stand alike. `label`, `code` and `due` are of the last error, if there was one."""

    channel: str
    gateway: str
    state: State
    recipients: int
    label: str = ""
    code: str = ""
    due: datetime | None = None


@dataclass(frozen=True, slots=True)
class Pause:
    """Why a gateway is left alone, and until when."""

    reason: str
    until: datetime


def owed_recipients(lines: Iterable[Owed]) -> int:
    """Return how many recipients the lines have together."""
    return sum(line.recipients for line in lines)


def progress_of(
    groups: Sequence[RecipientGroup],
    pauses: dict[tuple[str, str], Pause],
    first_at: datetime | None = None,
    last_at: datetime | None = None,
) -> RecipientProgress:
    """Sum the groups up. `pauses` are those of now, by channel and gateway."""
    waiting = [
        _waiting(group, pauses.get((group.channel, group.gateway)))
        for group in groups
        if not group.state.terminal
    ]
    failed = [
        Owed(group.channel, group.gateway, _final_reason(group), group.code, group.recipients)
        for group in groups
        if group.state.terminal and not group.state.reached
    ]
    accepted = sum(group.recipients for group in groups if group.state.reached)
    gone, quiet = (
        sum(group.recipients for group in groups if group.state is state)
        for state in (State.GONE, State.QUIET_PAST_END)
    )
    return RecipientProgress(
        accepted, bounded(merged(waiting)), bounded(merged(failed)), first_at, last_at, gone, quiet
    )


def _final_reason(group: RecipientGroup) -> str:
    """Return the final state; of who failed again and again, that: nobody has refused them."""
    is_lasting = group.state is State.REJECTED and group.label == LASTING
    return LASTING if is_lasting else group.state.name.lower()


def _waiting(group: RecipientGroup, pause: Pause | None) -> Owed:
    reason = group.label
    if not reason:
        reason = "in_flight" if group.state is State.CLAIMED else "queued"
        if pause is not None and group.state is not State.CLAIMED:
            reason = pause.reason
    moments = [moment for moment in (group.due, pause.until if pause else None) if moment is not None]
    return Owed(
        group.channel, group.gateway, reason, group.code, group.recipients, max(moments, default=None)
    )


def merged(lines: Sequence[Owed]) -> list[Owed]:
    """Return one line for each gateway, reason and code, with the earliest next attempt; the largest first."""
    found: dict[tuple[str, str, str, str], Owed] = {}
    for line in lines:
        key = (line.channel, line.gateway, line.reason, line.code)
        before = found.get(key)
        moments = [one.next_attempt_at for one in (line, before) if one is not None and one.next_attempt_at]
        total = line.recipients + (before.recipients if before else 0)
        found[key] = Owed(*key, total, min(moments, default=None))
    return sorted(found.values(), key=lambda one: (-one.recipients, one.channel, one.gateway, one.reason))


def bounded(lines: Sequence[Owed], most: int = OWED_MAX) -> tuple[Owed, ...]:
    """Return the first lines, and the rest summed up by channel: nobody is left out of the count."""
    if len(lines) <= most:
        return tuple(lines)
    rest = [
        Owed(line.channel, OTHERS, OTHERS, "", line.recipients, line.next_attempt_at) for line in lines[most:]
    ]
    return (*lines[:most], *merged(rest))


@dataclass(frozen=True, slots=True)
class CountedAlert:
    """Another alert, and how far it has come."""

    alert: StoredAlert
    progress: RecipientProgress | None
    """None where it could not be counted in time."""


@dataclass(frozen=True, slots=True)
class Decided:
    """Who ended the wait of a message that was held for a person, when, and why."""

    state: ApprovalState
    by: str
    """The actor, as the audit trail has it."""
    at: datetime
    why: str


def decided_as(action: str, reason: str, *, by_policy: bool) -> ApprovalState:
    """Return what an entry of the trail says of a wait that it ended: by another message, a person, or the policy."""
    if action == DeedKind.WITHDRAWN:
        return ApprovalState.VOID
    if reason == Reason.DISCARDED:
        return ApprovalState.REJECTED
    return ApprovalState.RELEASED if by_policy else ApprovalState.APPROVED


@dataclass(frozen=True, slots=True)
class AlertStatus:
    """Everything that is known of how an alert stands."""

    alert: StoredAlert
    progress: RecipientProgress
    over: Over | None = None
    merged_into: CountedAlert | None = None
    """The equal warning of which people are notified in place of this one."""
    channels: Sequence[ChannelSummary] = ()
    municipalities: Sequence[AffectedMunicipality] = ()
    recipients_by_municipality: dict[str, dict[str, int]] | None = field(default_factory=dict)
    """Recipients by municipality (AGS) and state; None where they could not be counted in time."""
    receipts_by_municipality: dict[str, dict[str, int]] | None = field(default_factory=dict)
    """Recipients by municipality (AGS) and `ReceiptState`, each state including the later ones; None as above."""
    sms: Quote | None = None
    """What its SMS have cost, and what those take that wait; None where it has none."""
    template: tuple[str, int] | None = None
    """The template and the version of which it says that it was made; None where it says nothing of it."""
    decided: Decided | None = None
    """Who ended its wait for a person; None where it never waited, still does, or has expired meanwhile."""


def is_merged(alert: StoredAlert) -> bool:
    """Whether people are notified of an equal warning in its place."""
    return alert.reason is Reason.MERGED and alert.merged_into is not None


class DeedKind(StrEnum):
    """What somebody did about a message, as the audit trail names it."""

    ACCEPTED = "alert.accept"
    """Submitted it."""
    CORRECTED = "alert.correct"
    """Took a warning back by this message."""
    CONCLUDED = "alert.conclude"
    """Decided about what was held: `reason` says how."""
    WITHDRAWN = "held.withdraw"
    """Outdated what was held by a later message, before anybody was warned."""
    REPLAYED = "dead_letters.replay"


@dataclass(frozen=True, slots=True)
class Deed:
    """What an actor did about a message, and when."""

    at: datetime
    actor: str
    kind: DeedKind
    count: int = 0
    """Of how many recipients."""
    reason: Reason | None = None
    """What became of the message by it."""


@dataclass(frozen=True, slots=True)
class MessageHistory:
    """The course that one message took."""

    first_accepted_at: datetime | None = None
    last_accepted_at: datetime | None = None
    request: ApprovalRequest | None = None
    """What a second person was asked about it."""
    deeds: tuple[Deed, ...] = ()
    """In the order in which they were done."""
