"""What FCM's answers mean, as a table.

`error.status` is only gRPC's word for it: what counts stands in `error.details`, as an `FcmError`, as fields that are
violated, and as quotas that are used up. Nobody is forgotten unless FCM says of that phone that it is gone: a bare 404
or 403 is about project, key or API.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from channels.base import (
    ChannelMisconfigured,
    DeliveryError,
    Gone,
    OwnKeyRefused,
    Permanent,
    RateLimited,
    Transient,
)
from channels.http.retry_after import parse_retry_after
from channels.http_statuses import Meaning, classify

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from channels.http.messages import Answer

MAX_BODY_BYTES: Final = 16_384
"""How much of an answer is read. Errors have some hundred bytes."""
FCM_ERROR: Final = "type.googleapis.com/google.firebase.fcm.v1.FcmError"
BAD_REQUEST: Final = "type.googleapis.com/google.rpc.BadRequest"
QUOTA_FAILURE: Final = "type.googleapis.com/google.rpc.QuotaFailure"
ERROR_CODES: Final = "https://firebase.google.com/docs/reference/fcm/rest/v1/ErrorCode"
"""Read 2026-11-28."""

_TARGET_FIELDS: Final = frozenset({"message.token", "message.fid"})
_TARGET_WORDS: Final = "not a valid fcm registration token"
_DEVICE_WORDS: Final = "device"
_STATUSES: Final[Mapping[int, Meaning]] = {
    # The URL is Google's and no phone's: these are about us, and concern everybody.
    **dict.fromkeys((301, 302, 303, 307, 308, 402, 404, 405, 407, 410, 415), ChannelMisconfigured)
}


class About(StrEnum):
    """What an error is about, where its code does not say."""

    ANYTHING = "anything"
    TARGET = "target"
    """The token or installation ID."""
    DEVICE = "device"
    """The quota of one phone."""


class FcmMeaning(StrEnum):
    """What an answer means."""

    GONE = "gone"
    """The app is not there any more, or the address is none, or another project's."""
    OURS = "ours"
    """Our message is not as it must be: the phone keeps its place."""
    ACCESS_TOKEN = "access_token"  # noqa: S105 - a word
    """Our access token is not taken: another one may be."""
    ONWARD_KEY = "onward_key"
    """The key in the Firebase console by which FCM reaches iPhones or browsers is bad: that is about those alone."""
    LIMITED = "limited"
    """The project's messages of this minute are used up."""
    DEVICE_LIMITED = "device_limited"
    """Too many messages for one phone."""
    LATER = "later"
    """FCM is not available, or overloaded."""


class FcmRow(NamedTuple):
    """One line of the table: the first that fits holds."""

    status: int
    code: str
    """`errorCode` of the `FcmError`; empty: whatever there is."""
    meaning: FcmMeaning
    about: About = About.ANYTHING

    def fits(self, status: int, said: ErrorSaid) -> bool:
        """Whether an answer is this."""
        return (
            self.status == status
            and self.code in ("", said.code)
            and (self.about is About.ANYTHING or self.about is said.about)
        )


TABLE: Final = (
    FcmRow(404, "UNREGISTERED", FcmMeaning.GONE),
    FcmRow(403, "SENDER_ID_MISMATCH", FcmMeaning.GONE),
    FcmRow(400, "INVALID_ARGUMENT", FcmMeaning.GONE, About.TARGET),
    FcmRow(400, "INVALID_ARGUMENT", FcmMeaning.OURS),
    FcmRow(401, "THIRD_PARTY_AUTH_ERROR", FcmMeaning.ONWARD_KEY),
    FcmRow(401, "APNS_AUTH_ERROR", FcmMeaning.ONWARD_KEY),  # the older name
    FcmRow(401, "", FcmMeaning.ACCESS_TOKEN),
    FcmRow(429, "QUOTA_EXCEEDED", FcmMeaning.DEVICE_LIMITED, About.DEVICE),
    FcmRow(429, "", FcmMeaning.LIMITED),
    FcmRow(500, "INTERNAL", FcmMeaning.LATER),
    FcmRow(503, "UNAVAILABLE", FcmMeaning.LATER),
)
"""[S] `ERROR_CODES`. What is not in it goes by the general table, with Google's address as the operator's."""


class ErrorSaid(NamedTuple):
    """What an error says in words that are known; nothing of it is passed on but the code of a row."""

    code: str = ""
    about: About = About.ANYTHING


def read(answer: Answer) -> ErrorSaid:
    """Return what an error says; nothing where it is no error of FCM's, as the HTML of something between."""
    error = _members(answer.members(MAX_BODY_BYTES).get("error"))
    details = [_members(one) for one in _list(error.get("details"))]
    codes = [one.get("errorCode") for one in details if one.get("@type") == FCM_ERROR]
    code = next((one for one in codes if isinstance(one, str)), "")
    return ErrorSaid(code, _about(str(error.get("message")), details))


def _about(message: str, details: list[dict[str, Any]]) -> About:
    fields = [str(one.get("field")) for one in _violations(details, BAD_REQUEST, "fieldViolations")]
    quotas = _violations(details, QUOTA_FAILURE, "violations")
    # An argument is invalid in two ways: it is no address of a phone, or our message is wrong, which says its fields.
    if all(field in _TARGET_FIELDS for field in fields) if fields else _TARGET_WORDS in message.lower():
        return About.TARGET
    if any(_DEVICE_WORDS in f"{one.get('subject')} {one.get('description')}".lower() for one in quotas):
        return About.DEVICE
    return About.ANYTHING


def _violations(details: list[dict[str, Any]], kind: str, member: str) -> list[dict[str, Any]]:
    return [
        _members(one)
        for detail in details
        if detail.get("@type") == kind
        for one in _list(detail.get(member))
    ]


def _members(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def row_of(answer: Answer) -> FcmRow | None:
    """Return the first row that fits a refusal."""
    said = read(answer)
    return next((row for row in TABLE if row.fits(answer.status, said)), None)


_KINDS: Final[Mapping[FcmMeaning, type[DeliveryError]]] = {
    FcmMeaning.GONE: Gone,
    FcmMeaning.OURS: Permanent,
    FcmMeaning.ONWARD_KEY: OwnKeyRefused,
    # A time to wait would be the whole project's.
    FcmMeaning.DEVICE_LIMITED: Transient,
}
"""The error of each meaning that is one phone's."""


class AccessTokenRefused(Exception):
    """FCM does not take our access token. The message is the status alone."""


def fcm_error(
    answer: Answer, now: Callable[[], datetime]
) -> DeliveryError | ChannelMisconfigured | AccessTokenRefused | None:
    """Return the error that an answer stands for, None for an acceptance. Its code is the status, its detail FCM's own
    word, of those in the table.
    """
    if 200 <= answer.status < 300:
        return None
    row = row_of(answer)
    if row is None:
        return classify(answer, now, _STATUSES)
    status, detail = str(answer.status), row.code
    if row.meaning is FcmMeaning.ACCESS_TOKEN:
        return AccessTokenRefused(status)
    kind = _KINDS.get(row.meaning)
    if kind is not None:
        return kind(status, detail)
    retry_after = parse_retry_after(answer.header("retry-after"), now())
    # 503 with Retry-After is the older way to say 429 (RFC 9110 section 15.6.4).
    limited = row.meaning is FcmMeaning.LIMITED or (answer.status == 503 and retry_after is not None)
    return (RateLimited if limited else Transient)(status, detail, retry_after=retry_after)
