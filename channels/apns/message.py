"""Write a notice as APNs takes it: what iPhones show by themselves, and beside it the document that Web Push carries.

[S] https://developer.apple.com/documentation/usernotifications/sending-notification-requests-to-apns and
.../generating-a-remote-notification
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

from channels.base import Endpoint, Permanent, Urgency
from channels.device_receipt import MEMBER_BYTES
from channels.json_texts import as_json, json_length, shorten

if TYPE_CHECKING:
    from datetime import datetime

    from channels.base import Notice

MEMBER: Final = "notice"
"""The member that has the document, beside Apple's own `aps`."""
PAYLOAD_BYTES: Final = 4_096
"""[S] What APNs takes of a notification, in UTF-8."""
KEPT: Final = timedelta(days=30)
"""[S] The longest that APNs keeps a notification: one for each app on a phone, whatever their `apns-collapse-id`."""
COLLAPSE_ID_BYTES: Final = 64

TOPIC: Final = "topic"
"""The member of `Endpoint.keys` that names the app, by its bundle ID."""
ENVIRONMENT: Final = "environment"
"""The member of `Endpoint.keys` that says from where the app was installed, one of `ENVIRONMENTS`."""
ENVIRONMENTS: Final = ("production", "sandbox")
"""From the App Store or by TestFlight, and by Xcode. The first is the default."""

_TOPIC: Final = re.compile(r"[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")
_TOPIC_MAX: Final = 155
"""[S] The longest bundle ID of App Store Connect."""
_TOKEN: Final = re.compile(r"[0-9a-f]{32,400}")
"""A device token, in hexadecimal. Apple: "don't hard-code their size", which is 32 bytes today."""
_ENDS: Final = frozenset({"cancel", "delisted", "no_longer_affected"})


class Interruption(StrEnum):
    """How far a notification may interrupt (`interruption-level`), the least first."""

    ACTIVE = "active"
    """It sounds as the phone's owner allows."""
    TIME_SENSITIVE = "time-sensitive"
    """Through Focus and the summary; a capability of the app."""
    CRITICAL = "critical"
    """Through Focus and the mute switch; an entitlement that Apple grants on application."""


def is_topic(name: str) -> bool:
    """Return whether that is a bundle ID."""
    return len(name) <= _TOPIC_MAX and _TOPIC.fullmatch(name) is not None


def gateway_name(environment: str, topic: str) -> str:
    """Return the name of the gateway behind which an app's phones are."""
    return f"{environment}/{topic}"


def require_gateway(endpoint: Endpoint) -> str:
    """Return the gateway of an endpoint. Raises `Permanent` where it names no app or no environment."""
    topic, environment = endpoint.keys.get(TOPIC), endpoint.keys.get(ENVIRONMENT, ENVIRONMENTS[0])
    if topic is None:
        raise Permanent("topic_missing")
    if not is_topic(topic):
        raise Permanent("topic_invalid")
    if environment not in ENVIRONMENTS:
        raise Permanent("environment_invalid")
    return gateway_name(environment, topic)


def require_token(endpoint: Endpoint) -> str:
    """Return the device token of an endpoint. Raises `Permanent` for what is none."""
    if not _TOKEN.fullmatch(endpoint.address) or len(endpoint.address) % 2:
        raise Permanent("device_token_invalid")
    return endpoint.address


def expiration(notice: Notice, now: datetime) -> int:
    """Return until when APNs keeps a notice, in Unix time: a second from now at least, as 0 means now or never, and
    where there is none Apple decides.
    """
    until = min(notice.deadline, now + KEPT).timestamp()
    return max(int(until), int(now.timestamp()) + 1)


def headers(notice: Notice, topic: str, now: datetime) -> dict[str, str]:
    """Return all that Apple would decide by itself where we did not."""
    return {
        "apns-topic": topic,
        "apns-push-type": "alert",
        "apns-priority": "10" if notice.urgency is Urgency.HIGH else "5",
        "apns-expiration": str(expiration(notice, now)),
        "apns-collapse-id": collapse_id(notice.collapse_key),
        "content-type": "application/json",
    }


def collapse_id(collapse_key: str) -> str:
    """Return a collapse key as Apple takes it: itself, or the digest of one that is too long, for which no warning is
    kept back.
    """
    if len(collapse_key.encode()) <= COLLAPSE_ID_BYTES:
        return collapse_key
    return sha256(collapse_key.encode()).hexdigest()


class MessageIds:
    """The `apns-id` of each phone's message of one notice: known from the record, and the same when it goes again."""

    def __init__(self, alert_id: str) -> None:
        digest = sha256(alert_id.encode()).hexdigest()
        # A UUID of version 8 (RFC 9562 section 5.8), whose last 48 bits are the endpoint's number.
        self._beginning = f"{digest[:8]}-{digest[8:12]}-8{digest[12:15]}-8{digest[15:18]}-"

    def of(self, endpoint_id: int) -> str:
        """Return that of an endpoint."""
        return f"{self._beginning}{endpoint_id % (1 << 48):012x}"


@dataclass(frozen=True, slots=True)
class PayloadTemplate:
    """The payload of one notice, made once for all phones: but for the token that each posts back."""

    beginning: bytes
    """All of it but the braces that close the document and the payload."""

    def body(self, receipt: bytes | None) -> bytes:
        """Return the request's body."""
        added = b"" if receipt is None else b',"receipt":"' + receipt + b'"'
        return self.beginning + added + b"}}"


def template(notice: Notice, granted: Interruption, most: int = PAYLOAD_BYTES) -> PayloadTemplate:
    """Return the payload of a notice to an app that was `granted` so much. What is shown is cut where the document
    leaves no room for it. Raises `Permanent` where the two have more than `most` bytes even so.
    """
    document = json.loads(notice.payload)
    end = b',"%s":%s' % (MEMBER.encode("ascii"), notice.payload[:-1])
    receipt = 0 if notice.receipt_token is None else MEMBER_BYTES
    title, body = _shown(notice, document)
    aps = {
        "alert": {"title": title, "body": body},
        **_interruption(notice, document, granted),
        "thread-id": notice.collapse_key,
        "mutable-content": 1,
    }
    over = len(as_json({"aps": aps})) - 1 + len(end) + receipt + len(b"}}") - most
    if over > 0:
        aps["alert"] = {"title": title, "body": shorten(body, max(0, json_length(body) - over))}
    beginning = as_json({"aps": aps})[:-1] + end
    if len(beginning) + receipt + len(b"}}") > most:
        raise Permanent("payload_too_large")
    return PayloadTemplate(beginning)


def _shown(notice: Notice, document: dict[str, Any]) -> tuple[str, str]:
    """Return title and text of what a phone shows by itself: those of the document, as a browser has them."""
    shown = document.get("notification")
    if isinstance(shown, dict):
        return str(shown["title"]), str(shown["body"])
    return notice.title, notice.text


def _interruption(notice: Notice, document: dict[str, Any], granted: Interruption) -> dict[str, Any]:
    """Return how far a notice interrupts: an end, an exercise and a test never through the mute switch, and what may
    wait not at all.
    """
    if notice.urgency is not Urgency.HIGH:
        return {"interruption-level": Interruption.ACTIVE, "sound": "default"}
    is_warning = document.get("kind") not in _ENDS and not (document.get("test") or document.get("exercise"))
    if granted is Interruption.CRITICAL and is_warning:
        # Without a sound of its own the system plays one; what it is and how loud is better said.
        sound = {"critical": 1, "name": "default", "volume": 1.0}
        return {"interruption-level": Interruption.CRITICAL, "sound": sound}
    return {"interruption-level": Interruption.TIME_SENSITIVE, "sound": "default"}
