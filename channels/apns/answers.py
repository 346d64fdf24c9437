"""What APNs' answers mean, as a table.

The body says it, as `reason`; the status is the coarser word. Nobody is forgotten unless Apple says of that phone that
it is gone: what has no reason of Apple's is the word of something between, or about us.
"""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Final, NamedTuple

from channels.base import ChannelMisconfigured, DeliveryError, Gone, Permanent, RateLimited, Transient
from channels.http.retry_after import http_date, parse_retry_after
from channels.http_statuses import Meaning, classify

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from channels.http.messages import Answer

MAX_BODY_BYTES: Final = 4_096
"""How much of an answer is read. Apple's have some 60 bytes."""
REASONS: Final = (
    "https://developer.apple.com/documentation/usernotifications/handling-notification-responses-from-apns"
)
"""Read 2026-11-28."""
CLOCK_OFF_S: Final = 300
"""How far our clock may be from an answer's date before that is what we say of a refused token."""
TOKEN_UPDATES_S: Final = 60.0
"""How long is waited where Apple takes neither the new token, as it comes too soon, nor the one before."""
_TIMESTAMP_MAX: Final = 1 << 43
"""Milliseconds, in the year 2248: what is no time ends no sooner."""

_STATUSES: Final[Mapping[int, Meaning]] = {
    # The URL is Apple's and no phone's: without a reason these are about us, and concern everybody.
    **dict.fromkeys((301, 302, 303, 307, 308, 402, 404, 405, 407, 410, 415), ChannelMisconfigured)
}


class ApnsMeaning(StrEnum):
    """What an answer means."""

    GONE = "gone"
    """The app is not there any more, or the device token is none, or another app's or environment's."""
    OURS = "ours"
    """Our request is not as it must be: the phone keeps its place."""
    TOPIC = "topic"
    """The key does not cover the app."""
    KEY = "key"
    """The key is revoked or not the team's, or our clock is ahead."""
    KEY_ENVIRONMENT = "key_environment"
    """The key is of the other environment alone."""
    TOKEN_OLD = "token_old"  # noqa: S105 - a word
    """Our token is too old: another one may be taken."""
    TOKEN_UPDATES = "token_updates"  # noqa: S105 - a word
    """There were too many tokens of this key."""
    OTHER_KEY = "other_key"
    """The connection is another key's."""
    DEVICE_LIMITED = "device_limited"
    """Too many notifications for one phone."""
    LATER = "later"
    """APNs is not available, or closes the connection."""
    ACCOUNT = "account"
    """APNs refuses us, for a reason that is not about the token."""


class ApnsRow(NamedTuple):
    """One line of the table."""

    status: int
    reason: str
    meaning: ApnsMeaning


_M = ApnsMeaning
TABLE: Final = (
    ApnsRow(400, "BadCollapseId", _M.OURS),
    ApnsRow(400, "BadDeviceToken", _M.GONE),
    ApnsRow(400, "BadExpirationDate", _M.OURS),
    ApnsRow(400, "BadMessageId", _M.OURS),
    ApnsRow(400, "BadPriority", _M.OURS),
    ApnsRow(400, "BadTopic", _M.TOPIC),
    ApnsRow(400, "DeviceTokenNotForTopic", _M.GONE),
    ApnsRow(400, "DuplicateHeaders", _M.OURS),
    ApnsRow(400, "IdleTimeout", _M.LATER),
    ApnsRow(400, "InvalidPushType", _M.OURS),
    ApnsRow(400, "MissingDeviceToken", _M.OURS),
    ApnsRow(400, "MissingTopic", _M.OURS),
    ApnsRow(400, "PayloadEmpty", _M.OURS),
    ApnsRow(400, "TopicDisallowed", _M.TOPIC),
    ApnsRow(403, "BadCertificate", _M.ACCOUNT),
    ApnsRow(403, "BadCertificateEnvironment", _M.KEY_ENVIRONMENT),
    ApnsRow(403, "BadEnvironmentKeyIdInToken", _M.KEY_ENVIRONMENT),  # as Apple's page spells it
    ApnsRow(403, "BadEnvironmentKeyInToken", _M.KEY_ENVIRONMENT),  # as its servers do
    ApnsRow(403, "ExpiredProviderToken", _M.TOKEN_OLD),
    ApnsRow(403, "Forbidden", _M.ACCOUNT),
    ApnsRow(403, "InvalidProviderToken", _M.KEY),
    ApnsRow(403, "MissingProviderToken", _M.ACCOUNT),
    ApnsRow(403, "UnrelatedKeyIdInToken", _M.OTHER_KEY),
    ApnsRow(404, "BadPath", _M.ACCOUNT),
    ApnsRow(405, "MethodNotAllowed", _M.ACCOUNT),
    ApnsRow(410, "ExpiredToken", _M.GONE),
    ApnsRow(410, "Unregistered", _M.GONE),
    ApnsRow(413, "PayloadTooLarge", _M.OURS),
    ApnsRow(429, "TooManyProviderTokenUpdates", _M.TOKEN_UPDATES),
    ApnsRow(429, "TooManyRequests", _M.DEVICE_LIMITED),
    ApnsRow(500, "InternalServerError", _M.LATER),
    ApnsRow(503, "ServiceUnavailable", _M.LATER),
    ApnsRow(503, "Shutdown", _M.LATER),
)
"""[S] `REASONS`. What is not in it goes by the general table, with Apple's address as the operator's."""
_ROWS: Final = {(row.status, row.reason): row for row in TABLE}

_MISCONFIGURED: Final[Mapping[ApnsMeaning, tuple[str, str]]] = {
    ApnsMeaning.TOPIC: ("topic_refused", "the key does not cover the app"),
    ApnsMeaning.KEY: (
        "key_refused",
        "the key is revoked or not the team's, or this machine's clock is ahead",
    ),
    ApnsMeaning.KEY_ENVIRONMENT: ("key_environment", "the key is of the other environment alone"),
    ApnsMeaning.TOKEN_OLD: ("token_clock", "this machine's clock is behind"),
}
"""Code and detail of what only a person mends."""


class TokenTooOld(Exception):
    """Apple calls our token too old. The message is its word for it."""


class TokenTooSoon(Exception):
    """Apple says that our token is new too soon after the last one. The message is its word for it."""


def row_of(answer: Answer) -> ApnsRow | None:
    """Return the row that fits a refusal."""
    return _ROWS.get((answer.status, str(answer.members(MAX_BODY_BYTES).get("reason"))))


def apns_error(
    answer: Answer,
    now: Callable[[], datetime],
    *,
    is_last: bool = False,
    ahead: bool = False,
    earlier: bool = False,
) -> DeliveryError | ChannelMisconfigured | TokenTooOld | TokenTooSoon | None:
    """Return the error that an answer stands for, None for an acceptance. Its code is the status, or our word for what
    a person has to mend; its detail Apple's word, of those in the table. `is_last`: no other token is tried now;
    `ahead` and `earlier` say which one was shown, see `ProviderToken`.
    """
    if 200 <= answer.status < 300:
        return None
    row = row_of(answer)
    if row is None:
        return classify(answer, now, _STATUSES)
    names_clock = ahead and not earlier
    if row.meaning is ApnsMeaning.TOKEN_UPDATES or (row.meaning is ApnsMeaning.TOKEN_OLD and not names_clock):
        if is_last or earlier:
            return RateLimited(str(answer.status), row.reason, retry_after=TOKEN_UPDATES_S)
        return (TokenTooSoon if row.meaning is ApnsMeaning.TOKEN_UPDATES else TokenTooOld)(row.reason)
    if row.meaning is ApnsMeaning.ACCOUNT or row.meaning in _MISCONFIGURED:
        return _misconfigured(answer, row, now())
    return _of_message(answer, row, now)


def _of_message(answer: Answer, row: ApnsRow, now: Callable[[], datetime]) -> DeliveryError:
    status, reason = str(answer.status), row.reason
    if row.meaning is ApnsMeaning.GONE:
        return Gone(status, reason, since=_since(answer))
    if row.meaning is ApnsMeaning.OURS:
        return Permanent(status, reason)
    retry_after = parse_retry_after(answer.header("retry-after"), now())
    # 503 with Retry-After is the older way to say 429 (RFC 9110 section 15.6.4).
    limited = row.meaning is ApnsMeaning.DEVICE_LIMITED or (answer.status == 503 and retry_after is not None)
    return (RateLimited if limited else Transient)(status, reason, retry_after=retry_after)


def _misconfigured(answer: Answer, row: ApnsRow, now: datetime) -> ChannelMisconfigured:
    if row.meaning is ApnsMeaning.ACCOUNT:
        return ChannelMisconfigured(str(answer.status), row.reason)
    code, detail = _MISCONFIGURED[row.meaning]
    if row.meaning is ApnsMeaning.KEY and (seconds := _clock_off_s(answer, now)):
        code, detail = "token_clock", f"this machine's clock is {seconds:+} s off"
    return ChannelMisconfigured(code, f"{detail} ({row.reason})")


def _clock_off_s(answer: Answer, now: datetime) -> int:
    """Return by how many seconds our clock is ahead of the answer's date, where that is more than clocks differ; 0
    where the answer has none, as Apple's may.
    """
    date = http_date(answer.header("date") or "")
    if date is None:
        return 0
    off = round((now - date).total_seconds())
    return off if abs(off) > CLOCK_OFF_S else 0


def _since(answer: Answer) -> datetime | None:
    """Return since when a device token is none, where Apple says so."""
    milliseconds = answer.members(MAX_BODY_BYTES).get("timestamp")
    if not isinstance(milliseconds, int) or not 0 < milliseconds < _TIMESTAMP_MAX:
        return None
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
