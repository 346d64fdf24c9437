"""Define what is sent to one endpoint at once, and decide what follows from the answer. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from channels.base import Consequence
from dispatcher.on_duty.matters import Occasion

if TYPE_CHECKING:
    from datetime import datetime

    from channels.base import Endpoint
    from dispatcher.on_duty.matters import DutyChannel

SENDING: Final = timedelta(minutes=1)
"""How long an endpoint is its worker's business. After that the worker must be dead, and another one sends."""
GAP: Final = timedelta(seconds=20)
"""The time between two messages to an endpoint: what becomes due meanwhile is said in one, so that a flood of held
messages is no flood of calls at night."""
FIRST_RETRY: Final = timedelta(seconds=5)
LONGEST_RETRY: Final = timedelta(minutes=1)
CODE_ATTEMPTS: Final = 5
"""How often a code is tried: whoever waits for it asks for another one."""
ACCEPTED: Final = "accepted"


class DutyDropped(StrEnum):
    """Why a message is not sent any more, as its answer of record."""

    DECIDED = "decided"
    """What it asks for was decided."""
    DISABLED = "person_disabled"
    GONE = "endpoint_gone"
    UNPROVEN = "endpoint_unproven"


class DutyResult(StrEnum):
    """What came of an attempt, as it is counted."""

    ACCEPTED = "accepted"
    AGAIN = "again"
    """It is tried again."""
    REFUSED = "refused"
    """It never will be accepted, or is tried no more."""
    GONE = "gone"
    """There is no such endpoint any more."""
    DROPPED = "dropped"
    """Nothing was sent: see `DutyDropped`."""


@dataclass(frozen=True, slots=True)
class DutyMessage:
    """A message of record. `alert_id` and `asked_at` are None of a code."""

    id: int
    occasion: Occasion
    alert_id: str | None
    asked_at: datetime | None
    attempts: int


@dataclass(frozen=True, slots=True)
class DueMessages:
    """What is due to one endpoint now, and is said in one message."""

    endpoint: Endpoint = field(repr=False)
    person_id: str
    channel: DutyChannel
    busy_until: datetime
    """Until when no other process sends to it."""
    messages: tuple[DutyMessage, ...]
    code: str = field(default="", repr=False)
    """The code that it carries; then there is one message."""

    @property
    def attempt(self) -> int:
        """Return which attempt it is for the message that was tried most often, from 1 on."""
        return 1 + max(one.attempts for one in self.messages)


@dataclass(frozen=True, slots=True)
class Following:
    """What follows from an attempt."""

    result: DutyResult
    retry_after: timedelta | None = None
    """None: it is tried no more."""
    pause: timedelta = timedelta()
    """How long nothing more is sent to the endpoint."""


def following(due: DueMessages, answer: str, consequence: Consequence | None) -> Following:
    """Return what follows. What may have been sent is sent again: to hear of a decision twice costs less than never.
    It is tried until it is accepted or decided; a code only some times.
    """
    is_code = due.messages[0].occasion is Occasion.CODE
    if answer == ACCEPTED:
        return Following(DutyResult.ACCEPTED, pause=timedelta() if is_code else GAP)
    if consequence is Consequence.REMOVE:
        return Following(DutyResult.GONE)
    is_final = consequence in {Consequence.REJECT, Consequence.EXPIRE}
    if is_final or (is_code and due.attempt >= CODE_ATTEMPTS):
        return Following(DutyResult.REFUSED)
    return Following(DutyResult.AGAIN, min(FIRST_RETRY * 2 ** min(due.attempt - 1, 10), LONGEST_RETRY))
