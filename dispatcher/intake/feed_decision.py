"""Decide what becomes of a feed's message, given what the record knows: a ladder of early returns, each with its
reason. Pure. Unlike a submission nothing is refused: nobody is there to read a refusal.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cap import MsgType, Scope, Severity, Status
from cap.severity import SEVERITY_ORDER
from dispatcher.intake.decide import ACTS_ON_OTHERS
from dispatcher.intake.prepare import AUTHENTICITY_DOUBTS, HoldReason
from dispatcher.intake.similarity import same_window
from dispatcher.model.vocabulary import DISPATCHED, ENDING_REASONS, FEED_PREFIX, Reason

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from dispatcher.intake.prepare import Message
    from dispatcher.model.alerts import StoredAlert

NON_SUPERSEDING_REASONS = frozenset(
    {
        *(Reason.NOT_ACTUAL, Reason.NOT_PUBLIC, Reason.NOT_A_WARNING),
        *(Reason.HELD, Reason.DISCARDED, Reason.QUIET, Reason.ADVANCE, Reason.NO_LONGER_LISTED),
    }
)
"""A message recorded for one of these takes nothing away from the one it names."""


@dataclass(frozen=True, slots=True)
class RelatedState:
    """What the record knows about a message.

    `same` is the newest revision with its sender, identifier and instant. `editions` have its event key and are not
    `same`. `named` is what it refers to. `chain` is everything in the chains of those it continues, in order of
    arrival. `later` is what refers to it. `neighbours` are other sources' warnings in force here, with their
    municipalities.
    """

    now: datetime
    source_id: str
    digest: bytes = b""
    same: StoredAlert | None = None
    editions: Sequence[StoredAlert] = ()
    named: Sequence[StoredAlert] = ()
    chain: Sequence[StoredAlert] = ()
    later: Sequence[StoredAlert] = ()
    neighbours: Sequence[tuple[StoredAlert, set[str]]] = ()

    @property
    def notified(self) -> list[StoredAlert]:
        """The messages of these chains of which people were notified."""
        return [stored for stored in self.chain if stored.reason in DISPATCHED]

    @property
    def was_delisted(self) -> bool:
        """Whether people were notified last that the source lists the warning no longer."""
        return bool(self.notified) and self.notified[-1].reason is Reason.NO_LONGER_LISTED


@dataclass(frozen=True, slots=True)
class FeedDecision:
    """`covered_by` is the alert of record that makes this one unnecessary."""

    reason: Reason
    held_for: str = ""
    covered_by: str | None = None


def continued(known: RelatedState) -> list[StoredAlert]:
    """Return the recorded messages whose chains a message continues: other contents and editions of itself, and what
    it names.
    """
    earlier = [known.same] if known.same is not None else []
    return [*earlier, *known.editions, *known.named]


def decide_feed_message(message: Message, known: RelatedState) -> FeedDecision:
    """Return the reason why the message is sent, is held or is only recorded."""
    return (
        _repeated(message, known)
        or _not_for_the_public(message, known)
        or _outdated(message, known)
        or _ending(message, known)
        or _no_alarm(message, known)
        or _alarm(message, known)
    )


def _repeated(message: Message, known: RelatedState) -> FeedDecision | None:
    """Find that the message is here already, from this feed or another. One that ended only because its source stopped
    listing it is sent again.
    """
    if known.was_delisted:
        return None
    same = known.same
    if same is not None and same.sha256 == known.digest:
        return FeedDecision(Reason.DUPLICATE, covered_by=same.id)
    if same is not None and same.source_id != known.source_id and _prevails(same):
        return FeedDecision(Reason.DUPLICATE, covered_by=same.id)
    for stored in known.editions:
        other = stored.identifier != message.alert.identifier or stored.source_id != known.source_id
        if stored.reason in DISPATCHED and other and _as_new(stored, message):
            return FeedDecision(Reason.DUPLICATE, covered_by=stored.id)
    return None


def _prevails(same: StoredAlert) -> bool:
    """Another feed's copy prevails if it was sent; what a control centre submitted here itself always does."""
    return same.reason in DISPATCHED or not same.source_id.startswith(FEED_PREFIX)


def _as_new(stored: StoredAlert, message: Message) -> bool:
    """Whether the recorded edition says all that this one does: under another spelling of the identifier always,
    under the same one if it is not older.
    """
    return stored.identifier != message.alert.identifier or stored.sent >= message.sent


def _not_for_the_public(message: Message, known: RelatedState) -> FeedDecision | None:
    alert = message.alert
    if alert.msg_type not in (MsgType.ALERT, *ACTS_ON_OTHERS):
        return FeedDecision(Reason.NOT_A_WARNING)
    if alert.status is not Status.ACTUAL or message.facts.is_test:
        return FeedDecision(Reason.NOT_ACTUAL)
    if alert.scope is not Scope.PUBLIC:
        return FeedDecision(Reason.NOT_PUBLIC)
    if message.expires <= known.now:
        return FeedDecision(Reason.EXPIRED)
    return None


def _outdated(message: Message, known: RelatedState) -> FeedDecision | None:
    """Find that a later message of the chain is already here, also where it came before this one."""
    if any(_acted_on(message, stored) for stored in known.later):
        return FeedDecision(Reason.SUPERSEDED)
    newer = [stored for stored in known.notified if stored.sent > message.sent]
    if any(stored.reason is not Reason.NO_LONGER_LISTED for stored in newer):
        return FeedDecision(Reason.SUPERSEDED)
    return None


def _acted_on(message: Message, stored: StoredAlert) -> bool:
    if stored.msg_type not in ACTS_ON_OTHERS or stored.reason in NON_SUPERSEDING_REASONS:
        return False
    if stored.identifier == message.alert.identifier and stored.sent == message.sent:
        return False
    return stored.sent >= message.sent


def _ending(message: Message, known: RelatedState) -> FeedDecision | None:
    clears = message.facts.not_a_warning and bool(known.notified)
    if not (message.ends or clears):
        return None
    if not known.notified:
        return FeedDecision(Reason.NOTHING_TO_END)
    if known.notified[-1].reason in ENDING_REASONS:
        return FeedDecision(Reason.ALREADY_ENDED)
    if doubts := [doubt for doubt in message.doubts if doubt in AUTHENTICITY_DOUBTS]:
        return FeedDecision(Reason.HELD, ", ".join(doubts))
    return FeedDecision(Reason.CANCEL if message.alert.msg_type is MsgType.CANCEL else Reason.ALL_CLEAR)


def _no_alarm(message: Message, known: RelatedState) -> FeedDecision | None:
    if message.facts.quiet:
        return FeedDecision(Reason.QUIET)
    if message.facts.not_a_warning:
        return FeedDecision(Reason.NO_WARNING)
    if message.facts.advance and not known.notified:
        return FeedDecision(Reason.ADVANCE)
    if not message.places and not known.notified and HoldReason.AREA not in message.doubts:
        return FeedDecision(Reason.ELSEWHERE)
    return None


def _alarm(message: Message, known: RelatedState) -> FeedDecision:
    for stored, places in known.neighbours:
        if not known.notified and same_event(message, stored, places):
            return FeedDecision(Reason.MERGED, covered_by=stored.id)
    if message.doubts:
        return FeedDecision(Reason.HELD, ", ".join(message.doubts))
    updates = bool(known.notified) or message.alert.msg_type is MsgType.UPDATE
    return FeedDecision(Reason.UPDATE if updates else Reason.FIRST_NOTICE)


def same_event(message: Message, stored: StoredAlert, places: set[str]) -> bool:
    """Whether a citizen would take both for one warning: equal municipalities, event and window, and the new one
    not graver. Where that is uncertain, people are rather notified twice.
    """
    if {place.ags for place in message.places} != places or not message.alert.infos:
        return False
    info = message.alert.infos[0]
    hazards = {f"{hazard.name}:{hazard.value}" for hazard in message.facts.hazards}
    if not (hazards & set(stored.hazards) or info.event.casefold() == stored.event.casefold() != ""):
        return False
    if SEVERITY_ORDER.index(info.severity) < SEVERITY_ORDER.index(Severity(stored.severity)):
        return False
    return same_window(info.onset or info.effective or message.sent, message.expires, stored)
