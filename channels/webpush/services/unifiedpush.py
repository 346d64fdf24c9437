"""The push servers of UnifiedPush, which anybody may run: ntfy, NextPush, and any that nothing is known of.

The specification has no errors of its own: RFC 8030 holds.
"""

from __future__ import annotations

from typing import Final

from channels.webpush.services.answers import Citation, Hint, Judgement, Place, Row
from channels.webpush.services.browsers import MOZILLA
from channels.webpush.services.push_service import PushService

_NTFY: Final = Citation(
    "ntfy, server/errors.go",
    "https://github.com/binwiederhier/ntfy/blob/6bfe4a97797bcb3f513f63b5dcc944decb60d926/server/errors.go",
    "2026-11-28",
)
_NEXTPUSH: Final = Citation(
    "NextPush server-app, UnifiedPushProviderController.php",
    "https://github.com/UP-NextPush/server-app/blob/03eddb1738f785716c280b79141242b126e0bf26/lib/Controller/UnifiedPushProviderController.php",
    "2026-11-28",
)
_NEXTPUSH_LOG: Final = Citation(
    "an access log in balzack/databag #181",
    "https://github.com/balzack/databag/issues/181",
    "2025-12-30",
    verified=False,
)


def _code(number: int) -> Hint:
    return Hint(Place.JSON, "code", str(number))


_UNKNOWN_TOKEN: Final = Hint(Place.JSON, "success", "false")

_OF_NTFY: Final = (
    Row(400, Judgement.REJECTED, _NTFY, _code(40009), "topic invalid"),
    Row(400, Judgement.REJECTED, _NTFY, _code(40010), "topic not allowed"),
    Row(401, Judgement.UNAUTHORIZED, _NTFY, _code(40101), "the topic has an owner"),
    Row(403, Judgement.UNAUTHORIZED, _NTFY, _code(40301), "the topic is not for us"),
    Row(413, Judgement.REJECTED, _NTFY, _code(41301)),
    Row(429, Judgement.RATE_LIMITED, _NTFY, _code(42901), "too many requests"),
    Row(429, Judgement.TRANSIENT, _NTFY, _code(42908), "the subscriber's messages of the day are used up"),
    Row(500, Judgement.TRANSIENT, _NTFY, _code(50001)),
    Row(507, Judgement.ABSENT, _NTFY, _code(50701), "no device has listened for long"),
)
_OF_NEXTPUSH: Final = (
    Row(200, Judgement.ACCEPTED, _NEXTPUSH, Hint(Place.JSON, "success", "true")),
    Row(401, Judgement.GONE, _NEXTPUSH, _UNKNOWN_TOKEN, "older ones, which know no VAPID: an unknown token"),
    Row(404, Judgement.GONE, _NEXTPUSH_LOG, note="newer ones"),
)

NTFY: Final = PushService(
    name="ntfy",
    title="ntfy",
    hosts=("ntfy.sh",),
    table=(*_OF_NTFY, Row(507, Judgement.TRANSIENT, _NTFY)),
)
NEXTPUSH: Final = PushService(name="nextpush", title="NextPush", hosts=(), table=_OF_NEXTPUSH)
UNIFIEDPUSH: Final = PushService(
    name="unifiedpush",
    title="any other server of UnifiedPush",
    hosts=(),
    # It may be any of them: what names itself by a number of its own is taken at its word.
    table=(*MOZILLA.table, *_OF_NTFY, *_OF_NEXTPUSH, Row(507, Judgement.TRANSIENT, _NTFY)),
    withdraws=True,
)
