"""What a push service's answer means: by the first row of its table that fits, else by RFC 9110 and 8030.

An answer is a stranger's: a hint in it is looked for in a bounded part of it, once, and never repeated elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from channels.base import (
    Absent,
    ChannelMisconfigured,
    DeliveryError,
    Gone,
    Permanent,
    RateLimited,
    Transient,
    Unauthorized,
    Uncertain,
)
from channels.http.retry_after import parse_retry_after
from channels.http_statuses import classify, meaning_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from channels.http.messages import Answer

MAX_HINT_BYTES: Final = 4096
"""How much of a body is read for a hint. Those of push services have some hundred bytes."""
ACCEPTANCES: Final = 2
"""In place of a status: any of 200 to 299."""


class Judgement(StrEnum):
    """What an answer means, in the words that all channels share."""

    ACCEPTED = "accepted"
    REJECTED = "rejected"
    """This notice, or this endpoint, never."""
    GONE = "gone"
    """The subscription does not exist any more."""
    RATE_LIMITED = "rate_limited"
    """All of us are to slow down."""
    MISCONFIGURED = "misconfigured"
    """The service refuses us: our key, our subject, our clock."""
    UNAUTHORIZED = "unauthorized"
    """The service refuses our key for this subscription, which was made with another."""
    TRANSIENT = "transient"
    """Not now, for this endpoint."""
    ABSENT = "absent"
    """No device is there for the endpoint now, and nothing is kept for it."""
    UNCERTAIN = "uncertain"


class Place(StrEnum):
    """Where an answer says more than its status does."""

    STATUS = "status"
    """Nowhere: the status is all."""
    JSON = "json"
    """A member of the JSON object in the body."""
    HEADER = "header"
    TEXT = "text"
    """Some words in the body."""


@dataclass(frozen=True, slots=True)
class Hint:
    """A member or header and its value in lower case, or words of the body."""

    place: Place
    name: str
    value: str = ""


STATUS_ALONE: Final = Hint(Place.STATUS, "")


@dataclass(frozen=True, slots=True)
class Citation:
    """Where it was read what an answer means."""

    title: str
    url: str
    date: str
    """When it was read, or written where that is known: YYYY-MM-DD."""
    verified: bool = True
    """Whether the service itself says so; else others saw it."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a push service's table."""

    status: int
    """An HTTP status, `ACCEPTANCES`, or 0 for any refusal."""
    meaning: Judgement
    source: Citation
    hint: Hint = STATUS_ALONE
    note: str = ""

    def fits(self, status: int) -> bool:
        """Whether the row is about answers with this status, as far as that goes."""
        if self.status == ACCEPTANCES:
            return 200 <= status < 300
        return self.status == status or (self.status == 0 and 400 <= status < 600)


class _Hints:
    """What one answer says besides its status, read when it is first asked for."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer
        self._document: Mapping[str, object] | None = None

    def has(self, hint: Hint) -> bool:
        if hint.place is Place.STATUS:
            return True
        if hint.place is Place.HEADER:
            return (self._answer.header(hint.name) or "").strip().lower() == hint.value
        if hint.place is Place.TEXT:
            return hint.name.encode() in self._answer.body[:MAX_HINT_BYTES].lower()
        return _plain(self._members().get(hint.name)) == hint.value

    def _members(self) -> Mapping[str, object]:
        if self._document is None:
            self._document = self._answer.members(MAX_HINT_BYTES)
        return self._document


def _plain(value: object) -> str:
    """Return a text, a number or a truth value as a hint has it."""
    return str(value).lower() if isinstance(value, (str, int)) else ""


def row_of(answer: Answer, table: tuple[Row, ...]) -> Row | None:
    """Return the first row that fits an answer."""
    hints = _Hints(answer)
    return next((row for row in table if row.fits(answer.status) and hints.has(row.hint)), None)


_ERRORS: Final[Mapping[Judgement, type[DeliveryError | ChannelMisconfigured]]] = {
    Judgement.REJECTED: Permanent,
    Judgement.GONE: Gone,
    Judgement.RATE_LIMITED: RateLimited,
    Judgement.MISCONFIGURED: ChannelMisconfigured,
    Judgement.UNAUTHORIZED: Unauthorized,
    Judgement.TRANSIENT: Transient,
    Judgement.ABSENT: Absent,
    Judgement.UNCERTAIN: Uncertain,
}
"""The error of each meaning but the acceptance."""
_MEANINGS: Final = {error: meaning for meaning, error in _ERRORS.items()}


def meant(answer: Answer, table: tuple[Row, ...]) -> Judgement:
    """Return what an answer means, by the table or else by the RFCs."""
    row = row_of(answer, table)
    if row is not None:
        return row.meaning
    error = meaning_of(answer.status, {})
    return Judgement.ACCEPTED if error is None else _MEANINGS[error]


def judged(
    answer: Answer, table: tuple[Row, ...], now: Callable[[], datetime]
) -> DeliveryError | ChannelMisconfigured | None:
    """Return the error that an answer stands for, None if the message was accepted. Its code is the status."""
    row = row_of(answer, table)
    if row is None:
        return classify(answer, now, {})
    if row.meaning is Judgement.ACCEPTED:
        return None
    error, code = _ERRORS[row.meaning], str(answer.status)
    if issubclass(error, ChannelMisconfigured):
        return error(code)
    if row.meaning in (Judgement.TRANSIENT, Judgement.RATE_LIMITED):
        retry_after = parse_retry_after(answer.header("retry-after"), now())
        # 503 with Retry-After is the older way to say 429 (RFC 9110 section 15.6.4).
        if row.meaning is Judgement.RATE_LIMITED or (answer.status == 503 and retry_after is not None):
            return RateLimited(code, retry_after=retry_after)
        # What is about one endpoint must not pause the gateway for all, as a time to wait would.
        return Transient(code)
    return error(code, "redirect refused" if code[0] == "3" else "")
