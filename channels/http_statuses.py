"""What an HTTP answer means for one delivery, unless a channel knows better.

The general table follows RFC 9110 section 15 and RFC 8030 section 5; a channel overrides single statuses
beside the page of its provider.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias

from channels.base import (
    ChannelMisconfigured,
    DeliveryError,
    Gone,
    Permanent,
    RateLimited,
    Transient,
    Uncertain,
)
from channels.http.messages import Answer, HttpError, NotSent, Refused
from channels.http.retry_after import parse_retry_after

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

Meaning: TypeAlias = type[DeliveryError] | type[ChannelMisconfigured]

_MEANINGS: Final[Mapping[int, Meaning]] = {
    401: ChannelMisconfigured,
    403: ChannelMisconfigured,
    404: Gone,
    408: Transient,
    410: Gone,
    429: RateLimited,
}
_BY_CLASS: Final[Mapping[int, Meaning]] = {3: Permanent, 4: Permanent, 5: Transient}


def meaning_of(status: int, overrides: Mapping[int, Meaning]) -> Meaning | None:
    """Return the error type of a final status, None for an accepted message.

    What is no HTTP status (below 200, 600 and above) leaves open what happened: `Uncertain`.
    """
    if status in overrides:
        return overrides[status]
    if 200 <= status < 300:
        return None
    return _MEANINGS.get(status) or _BY_CLASS.get(status // 100, Uncertain)


def classify(
    answer: Answer, now: Callable[[], datetime], overrides: Mapping[int, Meaning]
) -> DeliveryError | ChannelMisconfigured | None:
    """Return the error that an answer stands for, None if the message was accepted. Its code is the status.

    `now` is asked only where the answer says when to come again: nearly all are acceptances.
    """
    meaning = meaning_of(answer.status, overrides)
    if meaning is None:
        return None
    code = str(answer.status)
    if issubclass(meaning, ChannelMisconfigured):
        return meaning(code)
    if meaning in (Transient, RateLimited):
        retry_after = parse_retry_after(answer.header("retry-after"), now())
        # 503 with Retry-After is the older way to say 429 (RFC 9110 section 15.6.4).
        if answer.status == 503 and retry_after is not None:
            meaning = RateLimited
        return meaning(code, retry_after=retry_after)
    return meaning(code, "redirect refused" if code[0] == "3" else "")


def transport_error(error: HttpError) -> DeliveryError:
    """Return what it means for a delivery that the HTTP client got no usable answer. The URL is the recipient's; where
    it is the operator's, `refused_gateway` comes first.
    """
    if isinstance(error, Refused):
        return Permanent(error.code, error.origin)
    if isinstance(error, NotSent):
        return Transient(error.code, error.origin)
    return Uncertain(error.code, error.origin)


def refused_gateway(error: HttpError) -> ChannelMisconfigured | None:
    """Return what it means for a gateway whose URL is the operator's that our own policy forbids it; None where it was
    something else.
    """
    return ChannelMisconfigured(error.code, error.origin) if isinstance(error, Refused) else None
