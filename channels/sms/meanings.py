"""What a gateway's answer to one message can mean, in whatever protocol it comes."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Final

from channels.base import (
    AccountRefused,
    ChannelError,
    DeliveryError,
    Gone,
    Permanent,
    RateLimited,
    Transient,
    Uncertain,
)
from channels.base import ChannelMisconfigured as Misconfigured

if TYPE_CHECKING:
    from collections.abc import Mapping


class AnswerMeaning(StrEnum):
    """What a provider's answer to one message means."""

    ACCEPTED = "accepted"
    REJECTED = "rejected"
    """This recipient will never get it."""
    GONE = "gone"
    """The number is no more: the recipient is removed."""
    RATE_LIMITED = "rate_limited"
    MISCONFIGURED = "misconfigured"
    """Nobody gets anything until a person acts: account, credit, contract, sender."""
    TRANSIENT = "transient"
    """It was not taken; it is sent again."""
    UNCERTAIN = "uncertain"
    """Whether it was taken is unknown: sent again, a phone may get it twice."""


class DecidedBy(StrEnum):
    """What decided what one message came to."""

    RULE = "rule"
    """A rule of the gateway's settings."""
    BROKEN_OFF = "broken_off"
    """A rule would have, had the answer not broken off."""
    OVERSIZED = "oversized"
    """A rule would have, had the answer not been longer than is read of any."""
    NO_RULE = "no_rule"
    """An answer with 2xx that no rule fits."""
    STATUSES = "statuses"
    """The general table of HTTP statuses."""
    COMMAND_STATUS = "command_status"
    """The status of SMPP."""
    NO_SESSION = "no_session"
    NO_ANSWER = "no_answer"
    NO_REQUEST = "no_request"
    """No request could be made."""
    NOT_ALLOWED = "not_allowed"
    """Our own policy forbids the address."""


_ERRORS: Final[Mapping[AnswerMeaning, type[DeliveryError]]] = {
    AnswerMeaning.REJECTED: Permanent,
    AnswerMeaning.GONE: Gone,
    AnswerMeaning.RATE_LIMITED: RateLimited,
    AnswerMeaning.TRANSIENT: Transient,
    AnswerMeaning.UNCERTAIN: Uncertain,
}
_MEANINGS: Final = {error: meaning for meaning, error in _ERRORS.items()}


def error_of(
    meaning: AnswerMeaning, code: str, retry_after: float | None = None
) -> DeliveryError | Misconfigured | None:
    """Return the error that a meaning is to a delivery, None for an accepted message."""
    if meaning is AnswerMeaning.ACCEPTED:
        return None
    if meaning is AnswerMeaning.MISCONFIGURED:
        return Misconfigured(code)
    return _ERRORS[meaning](code, retry_after=retry_after)


def meaning_of(error: DeliveryError | ChannelError | None) -> AnswerMeaning:
    """Return what an error of a delivery means; one that is about no answer is transient, or of the whole gateway."""
    if error is None:
        return AnswerMeaning.ACCEPTED
    if isinstance(error, Misconfigured | AccountRefused):
        return AnswerMeaning.MISCONFIGURED
    return (
        _MEANINGS.get(type(error), AnswerMeaning.TRANSIENT)
        if isinstance(error, DeliveryError)
        else AnswerMeaning.TRANSIENT
    )
