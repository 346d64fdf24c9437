"""Define what is asked of a second person about a message, and what was decided."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final, overload

if TYPE_CHECKING:
    from datetime import datetime

    from dispatcher.model.approval.policy import PolicyRule
    from dispatcher.model.vocabulary import AlertState, Reason

WHY_MAX: Final = 500
"""Characters of the reason that a person gives for a decision, in one line."""
GROWTH_FLOOR: Final = 50
GROWTH_PERCENT: Final = 2
"""By how much an audience may grow between what a person was shown and what is sent: people subscribe at any minute,
and one of them must not send an approved warning back. A place or shape that changes is another binding anyway."""


@overload
def most_recipients(people: int) -> int: ...
@overload
def most_recipients(people: int | None) -> int | None: ...
def most_recipients(people: int | None) -> int | None:
    """Return how many recipients are approved by whoever was shown so many. None: whoever was shown no number bounds
    none, and it goes to no more than anything of its source that nobody approves.
    """
    return None if people is None else people + max(GROWTH_FLOOR, people * GROWTH_PERCENT // 100)


class ApprovalDecision(StrEnum):
    """What can be decided."""

    APPROVE = "approve"
    REJECT = "reject"
    RELEASE = "release"
    """By the policy, and by nobody."""


@dataclass(frozen=True, slots=True)
class ApprovalRequest:
    """A message for which a decision is asked, as the record has it, with what has become of the message."""

    alert_id: str
    is_needed: bool
    """Whether a second person must approve it; else the request is for the policy's timers."""
    content_sha256: bytes
    """What was held: message, municipalities, target and texts."""
    people: int | None
    """The number that is shown to whoever decides; None: nobody has been able to count them yet."""
    shown_at: datetime
    """The instant for which its texts are written."""
    requested_at: datetime
    authors: tuple[str, ...]
    """The persons who may have submitted it, by id."""
    alert_state: AlertState
    reason: Reason
    held_for: str
    expires: datetime
    decision: ApprovalDecision | None = None
    decided_at: datetime | None = None
    decided_by: str = ""
    """The actor."""
    why: str = ""
    remind_at: datetime | None = None
    escalate_at: datetime | None = None
    release_at: datetime | None = None
    open_rules: tuple[PolicyRule, ...] = ()
    """The rules of the policy, as it was when the message came, one of which decides once the people are counted."""

    @property
    def is_asked_again(self) -> bool:
        """Whether it was held again, or after it stood behind an equal one: its texts are of an instant before."""
        return self.requested_at != self.shown_at
