"""Decide in which state an approval is, and whether a decision about it takes effect. Pure."""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from dispatcher.intake.four_eyes.policy import rule_counted
from dispatcher.model.approval.policy import NO_TIMERS
from dispatcher.model.approval.request import ApprovalDecision, ApprovalRequest
from dispatcher.model.vocabulary import AlertState, ApprovalState, Doubt, Reason, reasons_held

if TYPE_CHECKING:
    from datetime import datetime

_DECIDED: Final = {
    ApprovalDecision.APPROVE: ApprovalState.APPROVED,
    ApprovalDecision.REJECT: ApprovalState.REJECTED,
    ApprovalDecision.RELEASE: ApprovalState.RELEASED,
}
RELEASABLE: Final = frozenset({Doubt.APPROVAL, Doubt.SEVERITY, Doubt.STATUS})
"""The doubts with which the policy may release what nobody decided upon: those that a rule of the operator's raised.
Who wrote a message, and whom it is for, no time that goes by can tell."""


class DecisionRefusal(StrEnum):
    """Why a decision takes no effect."""

    NO_REQUEST = "no_request"
    """Nothing waits for a second person under this id. What is here for the policy's timers alone, operators decide."""
    APPROVED = "approved"
    """Another person approved it before."""
    REJECTED = "rejected"
    """Another person rejected it before."""
    RELEASED = "released"
    """The policy released it before."""
    VOID = "void"
    """A later message outdated it, such as a Cancel."""
    EXPIRED = "expired"
    CHANGED = "changed"
    """The message, its places, its target or its texts are not those that were held."""
    NOT_SEEN = "not_seen"
    """What the person saw is not what waits."""
    OWN = "own"
    """The person submitted it, or may have."""
    NOT_DUE = "not_due"
    """The policy releases it later, or never."""
    IN_DOUBT = "in_doubt"
    """It is in doubt for what only a person can settle."""
    NOT_SENDABLE = "not_sendable"
    """It has nothing to say by now: what it updates has ended, or an equal warning was sent."""


_OF_STATE: Final = {
    ApprovalState.APPROVED: DecisionRefusal.APPROVED,
    ApprovalState.REJECTED: DecisionRefusal.REJECTED,
    ApprovalState.RELEASED: DecisionRefusal.RELEASED,
    ApprovalState.VOID: DecisionRefusal.VOID,
    ApprovalState.EXPIRED: DecisionRefusal.EXPIRED,
}


def state_of(request: ApprovalRequest, now: datetime) -> ApprovalState:
    """Return the state of an approval. What waits is what the alert of record says: nothing is held in two places."""
    if request.alert_state is AlertState.HELD:
        return ApprovalState.EXPIRED if request.expires <= now else ApprovalState.WAITING
    if request.decision is not None:
        return _DECIDED[request.decision]
    if request.reason is Reason.DISCARDED:
        return ApprovalState.REJECTED
    return ApprovalState.EXPIRED if request.reason is Reason.EXPIRED else ApprovalState.VOID


def refused_person(request: ApprovalRequest | None, person: str, now: datetime) -> DecisionRefusal | None:
    """Return why a person approves nothing here, whatever it was shown; None if it may."""
    if request is None or not request.is_needed:
        return DecisionRefusal.NO_REQUEST
    if (refusal := _not_waiting(request, now)) is not None:
        return refusal
    return DecisionRefusal.OWN if not person or person in request.authors else None


def refused_approval(
    request: ApprovalRequest | None, person: str, *, seen: str, bound: str, held: str, now: datetime
) -> DecisionRefusal | None:
    """Return why a person's approval takes no effect; None if it does. All three in hex: `seen` is the binding that the
    person was shown, `bound` that of what is in the record now, `held` that of what was held.
    """
    if (refusal := refused_person(request, person, now)) is not None:
        return refusal
    if bound != held:
        return DecisionRefusal.CHANGED
    return DecisionRefusal.NOT_SEEN if seen != held else None


def refused_rejection(request: ApprovalRequest | None, now: datetime) -> DecisionRefusal | None:
    """Return why a rejection takes no effect; None if it does. Whoever submitted it may take it back."""
    if request is None or not request.is_needed:
        return DecisionRefusal.NO_REQUEST
    return _not_waiting(request, now)


def refused_release(
    request: ApprovalRequest | None, *, bound: str, held: str, now: datetime
) -> DecisionRefusal | None:
    """Return why the policy does not release the message; None if it does."""
    if request is None:
        return DecisionRefusal.NO_REQUEST
    if (refusal := _not_waiting(request, now)) is not None:
        return refusal
    if request.release_at is None or request.release_at > now:
        return DecisionRefusal.NOT_DUE
    if not _is_releasable(request.held_for):
        return DecisionRefusal.IN_DOUBT
    return DecisionRefusal.CHANGED if bound != held else None


def is_uncounted(request: ApprovalRequest | None, now: datetime) -> bool:
    """Whether it waits while nobody knows how many people it would warn."""
    return request is not None and request.people is None and _not_waiting(request, now) is None


def counted(request: ApprovalRequest, people: int) -> ApprovalRequest:
    """Return what is asked of a message that waits, now that it is known how many people it would warn. Its times count
    from when it was held, by the rule that decides about so many; one that was asked about again is never released by
    itself. Where it needs no second person it waits for its other doubts alone, if it has any.
    """
    rule = rule_counted(request.open_rules, people)
    is_needed = rule is not None and rule.is_needed
    others = [one for one in reasons_held(request.held_for) if one != Doubt.APPROVAL]
    timers = NO_TIMERS if rule is None else rule.timers
    remind, escalate, release = (
        None if delay is None else request.requested_at + delay
        for delay in (timers.remind, timers.escalate, timers.release)
    )
    return replace(
        request,
        people=people,
        open_rules=(),
        is_needed=is_needed,
        held_for=", ".join(others) if others and not is_needed else request.held_for,
        remind_at=remind,
        escalate_at=escalate,
        release_at=None
        if request.is_asked_again
        else release_time(release, request.held_for, request.expires),
    )


def waits_for_nobody(request: ApprovalRequest) -> bool:
    """Whether a message that was just counted was held for nothing but that: then the policy sends it at once, as it
    would have at first.
    """
    return not request.is_needed and _is_held_for_that_alone(request)


def may_go_when_counted(request: ApprovalRequest) -> bool:
    """Whether a message that waits may go out by itself as soon as it is counted."""
    return request.people is None and request.is_needed and _is_held_for_that_alone(request)


def _is_held_for_that_alone(request: ApprovalRequest) -> bool:
    return set(reasons_held(request.held_for)) == {Doubt.APPROVAL}


def kept_for_a_person(before: ApprovalRequest, counted_now: ApprovalRequest) -> ApprovalRequest:
    """Return what is asked of a message that no number sends, as it has nothing to say any more or is not what was
    held: a person is to see why, is told of it when it would have been `before`, and nothing goes out by itself.
    """
    return replace(
        counted_now,
        is_needed=True,
        remind_at=before.remind_at,
        escalate_at=before.escalate_at,
        release_at=None,
    )


def release_time(at: datetime | None, held_for: str, expires: datetime) -> datetime | None:
    """Return when the policy, which would release a message at this instant, does; None where it never will: only a
    person can settle why it is held, or it has expired by then. Whoever decides is told no other time.
    """
    return at if at is not None and at < expires and _is_releasable(held_for) else None


def _is_releasable(held_for: str) -> bool:
    return set(reasons_held(held_for)) <= RELEASABLE


def _not_waiting(request: ApprovalRequest, now: datetime) -> DecisionRefusal | None:
    return _OF_STATE.get(state_of(request, now))
