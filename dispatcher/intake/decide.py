"""Decide what becomes of a message, whichever door it came through: a ladder of early returns, each with its reason.
Pure.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from cap import MsgType, Scope, Severity, Status
from cap.severity import SEVERITY_ORDER, highest_severity
from dispatcher.intake.meaning import ACTS_ON_OTHERS
from dispatcher.intake.prepare import OnDoubt
from dispatcher.model.vocabulary import (
    DISPATCHED,
    DRILL_OF,
    ENDS,
    FEED_PREFIX,
    SENT,
    Doubt,
    Environment,
    Reason,
)

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from dispatcher.intake.prepare import IntakeRules, Message
    from dispatcher.intake.related import RelatedState
    from dispatcher.model.alerts import StoredAlert


@dataclass(frozen=True, slots=True)
class Decision:
    """What becomes of a message. `covered_by` is the alert of record that makes it unnecessary, or which superseded it.
    `doubts` are why it is refused or held, or why it has no effect.
    """

    reason: Reason
    expires: datetime
    doubts: tuple[Doubt, ...] = ()
    covered_by: str | None = None

    @property
    def held_for(self) -> str:
        """Return the doubts as the record has them."""
        return ", ".join(self.doubts)

    @property
    def waits_for_approval(self) -> bool:
        """Whether nothing is wrong with it, and a second person must approve it."""
        return self.reason is Reason.HELD and self.doubts == (Doubt.APPROVAL,)


@dataclass(frozen=True, slots=True)
class _Case:
    """A message with what is known of it, as each step of the ladder sees it."""

    message: Message
    known: RelatedState
    on_doubt: OnDoubt
    default_lifetime: timedelta

    def decided(self, reason: Reason, covered_by: str | None = None, *doubts: Doubt) -> Decision:
        return Decision(reason, self.message.expires, doubts, covered_by)

    def in_doubt(self, *doubts: Doubt) -> Decision:
        return self.decided(Reason.HELD, None, *doubts)

    def ends(self, reason: Reason) -> Decision:
        """Decide that it ends what stands. People are notified of the end of a warning for as long as the warning would
        have been in force: many senders let a Cancel expire the moment it is sent. An end itself is in force for no
        longer than a warning may be, and never refused or held for that.
        """
        latest = max(stored.expires for stored in self.known.standing)
        own = min(self.message.expires, self.message.latest_end)
        return Decision(reason, max(own, latest))

    @property
    def means_to_end(self) -> bool:
        """Whether the message says that what stands is over, in whatever form."""
        return self.message.ends or (self.message.facts.not_a_warning and bool(self.known.standing))


def decide(message: Message, known: RelatedState, rules: IntakeRules) -> Decision:
    """Return the reason why the message is sent, is in doubt, or is only recorded."""
    case = _Case(message, known, rules.on_doubt, rules.default_lifetime)
    for step in (
        _powerless,
        _repeated,
        _unfit_reference,
        _unfit_lifetime,
        _not_for_the_public,
        _superseded,
        _ending,
        _over,
        _no_alarm,
        _equal,
    ):
        if (decision := step(case)) is not None:
            return _as_drill(case, decision)
    return _as_drill(case, _alarm(case))


def _as_drill(case: _Case, decision: Decision) -> Decision:
    """Return of an exercise the same decision under the reason of one, so that nothing that asks for warnings finds
    it.
    """
    if case.message.environment is Environment.LIVE or decision.reason not in DRILL_OF:
        return decision
    return replace(decision, reason=DRILL_OF[decision.reason])


def _powerless(case: _Case) -> Decision | None:
    """Hold a message of which it is in doubt who wrote it, or when, before anything is asked of what it says."""
    message, known = case.message, case.known
    if not message.is_doubtful:
        return None
    if known.same is not None and known.same.sha256 == known.digest:
        return case.decided(Reason.DUPLICATE, known.same.id)
    elsewhere = not message.may_concern and not known.graph
    if case.on_doubt is OnDoubt.HOLD and elsewhere and message.alert.infos:
        return case.decided(Reason.ELSEWHERE, None, *message.doubts)
    return case.in_doubt(*message.doubts)


def _repeated(case: _Case) -> Decision | None:
    """Find that the message is here already, from this source or another. One that ended only because its source
    stopped listing it is sent again.
    """
    known, message = case.known, case.message
    same = known.same
    if same is not None and case.on_doubt is OnDoubt.REFUSE and same.sha256 != known.digest:
        return case.in_doubt(Doubt.IDENTITY)
    if same is not None and same.sha256 == known.digest and not _was_delisted(same, known):
        return case.decided(Reason.DUPLICATE, same.id)
    if case.on_doubt is OnDoubt.REFUSE:
        return None
    for copy in known.copies:
        if _stands_for(copy, case) and _prevails(copy):
            return case.decided(Reason.DUPLICATE, copy.id)
    for stored in known.editions:
        if _stands_for(stored, case) and _covers(stored, message) and stored.reason in DISPATCHED:
            return case.decided(Reason.DUPLICATE, stored.id)
    return None


def _stands_for(stored: StoredAlert, case: _Case) -> bool:
    """Whether the same message from elsewhere makes this one unnecessary: it is proved as well, told the same people,
    is as grave, and holds as long as this one does.
    """
    message, known = case.message, case.known
    if stored.proved < message.proved or stored.id not in known.covering or _was_delisted(stored, known):
        return False
    if not stored.source_id.startswith(FEED_PREFIX):
        return True
    gravity = SEVERITY_ORDER.index(highest_severity(message.alert))
    as_grave = not message.alert.infos or SEVERITY_ORDER.index(Severity(stored.severity)) <= gravity
    return as_grave and (stored.expires > known.now or message.expires <= known.now)


def _was_delisted(stored: StoredAlert, known: RelatedState) -> bool:
    """Whether people were notified that the source lists the warning no longer, and of nothing since."""
    by_id = {one.id: one for one in known.graph}
    stopper = by_id.get(stored.stopped_by or "")
    return stopper is not None and stopper.reason is Reason.NO_LONGER_LISTED


def _prevails(copy: StoredAlert) -> bool:
    """Another feed's copy prevails if it was sent; what a control centre submitted here itself for the public always
    does.
    """
    if copy.source_id.startswith(FEED_PREFIX):
        return copy.reason in DISPATCHED
    return copy.reason not in (Reason.NOT_ACTUAL, Reason.NOT_PUBLIC, Reason.NOT_A_WARNING)


def _covers(stored: StoredAlert, message: Message) -> bool:
    """Whether the recorded edition says all that this one does: under another spelling of the identifier always,
    under the same one if it is not older.
    """
    return stored.identifier != message.alert.identifier or stored.sent >= message.sent


def _unfit_reference(case: _Case) -> Decision | None:
    """Find what a control centre can mend in what it refers to. Of a feed nobody would."""
    message = case.message
    if case.on_doubt is not OnDoubt.REFUSE or not message.acts:
        return None
    if {reference.sender for reference in message.alert.references} - {message.alert.sender}:
        return case.in_doubt(Doubt.FOREIGN_REFERENCE)
    if case.known.crossing:
        return case.in_doubt(Doubt.ENVIRONMENT)
    if not case.known.named:
        return case.in_doubt(Doubt.UNKNOWN_REFERENCE)
    return None


def _unfit_lifetime(case: _Case) -> Decision | None:
    """Find that a control centre's message is to hold for too long, an exercise like the real thing. Of a feed it
    matters for what would go out.
    """
    mends = case.on_doubt is OnDoubt.REFUSE and not case.means_to_end
    return case.in_doubt(Doubt.LIFETIME) if mends and Doubt.LIFETIME in case.message.doubts else None


def _not_for_the_public(case: _Case) -> Decision | None:
    alert = case.message.alert
    if alert.msg_type not in (MsgType.ALERT, *ACTS_ON_OTHERS):
        return case.decided(Reason.NOT_A_WARNING)
    if (alert.status is not Status.ACTUAL or case.message.facts.is_test) and not _is_drill(case):
        return case.decided(Reason.NOT_ACTUAL)
    if alert.scope is not Scope.PUBLIC:
        return case.decided(Reason.NOT_PUBLIC)
    return None


def _is_drill(case: _Case) -> bool:
    """Whether it is an exercise for people, of those who warn here themselves: what a feed exercises is recorded. It
    is decided upon as the warning would be that it stands for, among exercises alone.
    """
    message, alert = case.message, case.message.alert
    return (
        case.on_doubt is OnDoubt.REFUSE
        and alert.status is Status.EXERCISE
        and alert.scope is Scope.PUBLIC
        and not message.facts.is_test
    )


def _superseded(case: _Case) -> Decision | None:
    """Find that what replaces or ends this message came before it."""
    later = case.known.later
    return case.decided(Reason.SUPERSEDED, later[-1].id) if later else None


def _ending(case: _Case) -> Decision | None:
    message, known = case.message, case.known
    if not case.means_to_end:
        return None
    if known.standing:
        return case.ends(Reason.CANCEL if message.alert.msg_type is MsgType.CANCEL else Reason.ALL_CLEAR)
    stoppers = {stored.stopped_by for stored in known.replaces}
    if any(stored.id in stoppers and stored.reason in ENDS for stored in known.graph):
        return case.decided(Reason.ALREADY_ENDED)
    if any(stored.reason in SENT for stored in known.replaces):
        return _ends_nothing(case)
    if any(stored.is_in_force(known.now) for stored in known.beyond):
        return case.in_doubt(Doubt.TERRITORY)
    return case.decided(Reason.NOTHING_TO_END)


def _ends_nothing(case: _Case) -> Decision:
    """Decide about the end of what people were warned of and are no longer."""
    successors = case.known.successors
    if not successors:
        return case.decided(Reason.EXPIRED)
    if case.on_doubt is OnDoubt.REFUSE:
        return case.in_doubt(Doubt.REFERENCE_REPLACED)
    return case.decided(Reason.SUPERSEDED, successors[-1].id)


def _over(case: _Case) -> Decision | None:
    """Find that the validity is over. Then it still takes away what it replaces."""
    message, known = case.message, case.known
    if message.expires <= known.now:
        return case.ends(Reason.LAPSED) if known.standing else case.decided(Reason.EXPIRED)
    if message.open_ended and message.sent < known.now - case.default_lifetime and not known.standing:
        return case.decided(Reason.OUTDATED)
    return None


def _no_alarm(case: _Case) -> Decision | None:
    """Find that nobody is to be alarmed; but people who were are told what replaces their warning."""
    message = case.message
    if case.known.standing:
        return None
    reasons = {
        Reason.QUIET: message.facts.quiet,
        Reason.NO_WARNING: message.facts.not_a_warning,
        Reason.ADVANCE: message.facts.advance,
        Reason.ELSEWHERE: not message.places and Doubt.AREA not in message.doubts,
    }
    if case.on_doubt is OnDoubt.REFUSE:  # a control centre submits what it wants to be sent
        reasons = {Reason.QUIET: message.facts.quiet}
    return next((case.decided(reason) for reason, applies in reasons.items() if applies), None)


def _equal(case: _Case) -> Decision | None:
    """Find that people have been told the same by another source, or by a feed's copy of a centre's own message."""
    known = case.known
    equal, doubts = known.equal_to, case.message.doubts
    if equal is None or (set(doubts) - {Doubt.APPROVAL} and case.on_doubt is OnDoubt.REFUSE):
        return None
    replaces_more = {stored.id for stored in known.standing} - {copy.id for copy in known.copies}
    # Its doubts are kept: when it is to speak for itself, a person decides first.
    return None if replaces_more else case.decided(Reason.MERGED, equal.id, *doubts)


def _alarm(case: _Case) -> Decision:
    message, known = case.message, case.known
    if message.doubts:
        return case.in_doubt(*message.doubts)
    updates = bool(known.standing) or message.alert.msg_type is MsgType.UPDATE
    return case.decided(Reason.UPDATE if updates else Reason.FIRST_NOTICE)
