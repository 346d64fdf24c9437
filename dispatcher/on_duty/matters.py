"""Name what waits for a decision, and the occasions on which people on duty are told of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import IntEnum, StrEnum
from typing import TYPE_CHECKING, Final

from dispatcher.access.roles import Role
from dispatcher.model.approval.request import ApprovalDecision
from dispatcher.model.vocabulary import EXTREME, AlertState, Reason

if TYPE_CHECKING:
    from datetime import datetime

    from dispatcher.model.vocabulary import Environment


class DutyChannel(StrEnum):
    """The ways to people on duty."""

    WEBPUSH = "webpush"
    SMS = "sms"
    EMAIL = "email"


class Occasion(StrEnum):
    """What a message to a person on duty is about."""

    DUE = "due"
    """A decision is asked of whoever is on duty."""
    REMINDER = "reminder"
    """Nobody has decided for as long as the policy allows until it reminds."""
    ESCALATION = "escalation"
    """Those on duty have not decided, or there is nobody on duty: others are told."""
    DONE = "done"
    """It is decided, or nothing is to be decided any more."""
    CODE = "code"
    """A code that is brought back: it proves the endpoint."""


class DutyLevel(IntEnum):
    """How far a matter has got among people."""

    ON_DUTY = 0
    """Those whose role holds now."""
    OFF_CALL = 1
    """Those who have the role, outside their windows of the week too."""
    ADMIN = 2
    """Those who can let others in."""


class MatterEnding(StrEnum):
    """What became of a matter."""

    APPROVED = "approved"
    REJECTED = "rejected"
    RELEASED = "released"
    """By the policy, as nobody decided."""
    EXPIRED = "expired"
    VOID = "void"
    """A later message has outdated it."""


@dataclass(frozen=True, slots=True)
class Matter:
    """A message that waits for a person. Times are aware."""

    alert_id: str
    asked_at: datetime
    """Since when this decision is asked: held again it is another one."""
    environment: Environment
    asked: Role
    """Who decides: approvers what needs a second person, operators what is held for another doubt."""
    source_id: str
    headline: str
    severity: str
    expires: datetime
    places: tuple[str, ...] = ()
    """The AGS of its municipalities."""
    authors: tuple[str, ...] = ()
    """The persons, by id, who may have written it."""
    people: int | None = None
    """How many it would reach; None: not counted."""
    may_go_when_counted: bool = False
    """Whether it goes out by itself once it is counted, where so many need no second person."""
    remind_at: datetime | None = None
    reminded_at: datetime | None = None
    """When the policy's reminder was due and noted."""
    escalate_at: datetime | None = None
    escalated_at: datetime | None = None
    release_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class MatterProgress:
    """What is to happen about a matter by now."""

    is_due: bool
    """Whether somebody is to be told at all."""
    due_at: datetime | None
    """Since or from when; None: nobody is ever told."""
    level: DutyLevel
    is_reminded: bool


LEAST_STEP: Final = timedelta(minutes=1)
"""The shortest time between two levels: a phone has to be picked up."""


def progress(matter: Matter, now: datetime, held_after: timedelta) -> MatterProgress:
    """Return what is to happen about a matter at `now`. `held_after`: how long an Extreme may be held for another doubt
    without a decision. What is less grave is told when the policy reminds of it.

    Approvals are reminded of and escalated as the policy says, and admins are told as long after the escalation as that
    came after the request. An Extreme for which the policy has no times is reminded of, and escalated, after as long
    again each time.
    """
    due_at = _due_at(matter, held_after)
    if due_at is None:
        return MatterProgress(is_due=False, due_at=None, level=DutyLevel.ON_DUTY, is_reminded=False)
    reminded, escalated, step = matter.reminded_at, matter.escalated_at, LEAST_STEP
    if matter.escalate_at is not None:
        step = max(matter.escalate_at - matter.asked_at, LEAST_STEP)
    elif matter.asked is not Role.APPROVER:
        step = max(held_after, LEAST_STEP)
        escalated = due_at + step
    if matter.remind_at is None and matter.asked is not Role.APPROVER:
        reminded = due_at + step
    return MatterProgress(
        is_due=due_at <= now,
        due_at=due_at,
        level=_level(escalated, step, now),
        is_reminded=reminded is not None and max(reminded, due_at) <= now and reminded > due_at,
    )


def _due_at(matter: Matter, held_after: timedelta) -> datetime | None:
    if matter.asked is Role.APPROVER:
        return matter.asked_at
    if matter.severity == EXTREME:
        return matter.asked_at + held_after
    return matter.reminded_at


def _level(escalated: datetime | None, step: timedelta, now: datetime) -> DutyLevel:
    if escalated is None or escalated > now:
        return DutyLevel.ON_DUTY
    return DutyLevel.OFF_CALL if escalated + step > now else DutyLevel.ADMIN


@dataclass(frozen=True, slots=True)
class MatterOutcome:
    """What the record says of a message that waits no more, or may."""

    state: AlertState
    reason: Reason
    decision: ApprovalDecision | None
    expires: datetime


def ending(outcome: MatterOutcome, now: datetime) -> MatterEnding | None:
    """Return what became of a matter; None: it waits."""
    if outcome.state is AlertState.HELD:
        return MatterEnding.EXPIRED if outcome.expires <= now else None
    if outcome.decision is not None:
        return _DECIDED[outcome.decision]
    if outcome.state is not AlertState.RECORDED:
        return MatterEnding.APPROVED
    return _RECORDED.get(outcome.reason, MatterEnding.VOID)


_DECIDED: Final = {
    ApprovalDecision.APPROVE: MatterEnding.APPROVED,
    ApprovalDecision.REJECT: MatterEnding.REJECTED,
    ApprovalDecision.RELEASE: MatterEnding.RELEASED,
}
_RECORDED: Final = {Reason.DISCARDED: MatterEnding.REJECTED, Reason.EXPIRED: MatterEnding.EXPIRED}
