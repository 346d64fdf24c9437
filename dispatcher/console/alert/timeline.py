"""Put in order what happened to all messages of a graph: when each came, who decided, when people were told. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from dispatcher.access.principals import submitted_by
from dispatcher.model.approval.request import ApprovalDecision
from dispatcher.model.status import DeedKind
from dispatcher.model.vocabulary import ENDS, SENT, Reason

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from dispatcher.model.alerts import StoredAlert
    from dispatcher.model.status import Deed, MessageHistory

MESSAGES_MAX: Final = 50
"""How many messages of a graph are shown, the newest: each has some lines of 200 characters."""


class Happening(StrEnum):
    """What happened to a message: of what is of the same instant in this order. `timeline_…` says it in words."""

    RECEIVED = "received"
    CORRECTION = "correction"
    """It came as the correction of a warning."""
    ASKED = "asked"
    """A second person was asked."""
    APPROVED = "approved"
    REJECTED = "rejected"
    RELEASED = "released"
    """By the policy, for nobody had decided, or nobody had to."""
    LET_GO = "let_go"
    """An operator let it go out that was held."""
    DISCARDED = "discarded"
    WITHDRAWN = "withdrawn"
    """A later message outdated it before anybody was warned."""
    PLANNED = "planned"
    FIRST_TOLD = "first_told"
    LAST_TOLD = "last_told"
    REPLAYED = "replayed"
    STOPPED = "stopped"
    EXPIRED = "expired"


_ORDER: Final = {happening: place for place, happening in enumerate(Happening)}
_DECIDED: Final = {
    ApprovalDecision.APPROVE: Happening.APPROVED,
    ApprovalDecision.REJECT: Happening.REJECTED,
    ApprovalDecision.RELEASE: Happening.RELEASED,
}


@dataclass(frozen=True, slots=True)
class TimelineEvent:
    """One thing that happened to one message."""

    at: datetime
    alert: StoredAlert
    happening: Happening
    who: str = ""
    """The source, or the actor in the trail; empty where nobody is named."""
    why: str = ""
    count: int = 0
    """Of how many recipients."""
    by: StoredAlert | None = None
    """The message that did it."""


@dataclass(frozen=True, slots=True)
class Timeline:
    """What happened, the earliest first, and how many earlier messages are left out."""

    events: tuple[TimelineEvent, ...]
    left_out: int = 0


def timeline(
    chain: Sequence[StoredAlert],
    histories: Mapping[str, MessageHistory],
    now: datetime,
    most: int = MESSAGES_MAX,
) -> Timeline:
    """Return what happened to the messages of a graph, which are in order of arrival."""
    shown = chain[-most:]
    known = {one.id: one for one in chain}
    found = [event for one in shown for event in _events(one, histories[one.id], known, now)]
    rank = {one.id: place for place, one in enumerate(shown)}
    found.sort(key=lambda event: (event.at, rank[event.alert.id], _ORDER[event.happening]))
    return Timeline(tuple(found), len(chain) - len(shown))


def _events(
    alert: StoredAlert, history: MessageHistory, known: Mapping[str, StoredAlert], now: datetime
) -> Iterator[TimelineEvent]:
    corrections = [one.actor for one in history.deeds if one.kind is DeedKind.CORRECTED]
    if corrections:
        yield TimelineEvent(alert.received_at, alert, Happening.CORRECTION, corrections[0])
    else:
        by = next((one.actor for one in history.deeds if one.kind is DeedKind.ACCEPTED), "")
        authors = ", ".join(history.request.authors) if history.request else ""
        who = submitted_by(by, authors or alert.source_id)
        yield TimelineEvent(alert.received_at, alert, Happening.RECEIVED, who)
    yield from _decisions(alert, history, known)
    if alert.planned_at is not None and not _was_planned_before(alert, history):
        yield TimelineEvent(alert.planned_at, alert, Happening.PLANNED, count=alert.audience)
    if history.first_accepted_at is not None:
        yield TimelineEvent(history.first_accepted_at, alert, Happening.FIRST_TOLD)
    if history.last_accepted_at is not None:
        yield TimelineEvent(history.last_accepted_at, alert, Happening.LAST_TOLD)
    for deed in history.deeds:
        if deed.kind is DeedKind.REPLAYED:
            yield TimelineEvent(deed.at, alert, Happening.REPLAYED, deed.actor, count=deed.count)
    yield from _end(alert, known, now)


def _was_planned_before(alert: StoredAlert, history: MessageHistory) -> bool:
    """Whether the record shows that its recipients were settled earlier than it says: planning it again, as what
    replaced it leaves some of them, writes a later time over the first one, which nobody knows any more.
    """
    known = [at for at in (history.first_accepted_at, alert.stopped_at) if at is not None]
    return alert.planned_at is not None and any(at < alert.planned_at for at in known)


def _end(alert: StoredAlert, known: Mapping[str, StoredAlert], now: datetime) -> Iterator[TimelineEvent]:
    """Yield what ended it, or its time where that is over; nothing of what was never sent."""
    if alert.stopped_at is not None and alert.reason in SENT:
        by = known.get(alert.stopped_by or "")
        yield TimelineEvent(alert.stopped_at, alert, Happening.STOPPED, by=by)
    elif alert.reason in SENT - ENDS and alert.expires <= now:
        yield TimelineEvent(alert.expires, alert, Happening.EXPIRED)


def _decisions(
    alert: StoredAlert, history: MessageHistory, known: Mapping[str, StoredAlert]
) -> Iterator[TimelineEvent]:
    """Yield who decided about what was held: by an approval, as an operator, or by a later message."""
    request = history.request
    if request is not None and request.is_needed:
        yield TimelineEvent(request.requested_at, alert, Happening.ASKED)
    if request is not None and request.decision is not None and request.decided_at is not None:
        what = _DECIDED[request.decision]
        yield TimelineEvent(request.decided_at, alert, what, request.decided_by, request.why)
        return
    for deed in history.deeds:
        if deed.kind is DeedKind.CONCLUDED:
            yield TimelineEvent(deed.at, alert, _concluded(deed), deed.actor)
        elif deed.kind is DeedKind.WITHDRAWN:
            by = known.get(alert.stopped_by or "")
            yield TimelineEvent(deed.at, alert, Happening.WITHDRAWN, deed.actor, by=by)


def _concluded(deed: Deed) -> Happening:
    return Happening.DISCARDED if deed.reason is Reason.DISCARDED else Happening.LET_GO
