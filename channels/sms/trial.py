"""Sends one message to see how a gateway is asked and what it answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol, runtime_checkable

if TYPE_CHECKING:
    from channels.base import Endpoint, Notice
    from channels.sms.meanings import AnswerMeaning

ANSWER_SHOWN_MAX = 2000
"""Characters of an answer that are shown: it is for a person to read."""


class SmsTrial(NamedTuple):
    """What came of one message. It is for a person's eyes: the answer is a stranger's, and may name the number."""

    request_shown: str
    """The request as it was made, with stars for secrets and most of the number. Empty where none could be made."""
    answer_shown: str
    """The beginning of the answer. Empty where none came."""
    meaning: AnswerMeaning
    code: str
    """The code that a ledger would show."""
    reason: str
    """What decided: a rule, or what happened instead of an answer."""


@runtime_checkable
class TriedCarrier(Protocol):
    """A carrier that can send one message for show."""

    async def try_one(self, notice: Notice, endpoint: Endpoint) -> SmsTrial:
        """Send one message, by the same rules as `Carrier.send`. Raises nothing for what the far side does."""
        ...


def masked(number: str) -> str:
    """Return a number of which nobody is reached, in its form: the country, and the last two digits."""
    return f"{number[:3]}{'x' * max(len(number) - 5, 0)}{number[-2:]}"
