"""Holds what a gateway makes of one request: its recipient, its content, and the answer it would give."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import msgspec

from ops.lab.gateways.http.exchange import Answer
from ops.lab.world.ledger import ROUND_TRIP, Content

UNREAD = Content("", "", "")


@dataclass(frozen=True, slots=True)
class Parcel:
    """An examined request. `refusal` is "" where the gateway would take it."""

    recipient: str
    content: Content
    refusal: str
    answer: Answer
    reference: str = ""
    collapse: str = ""
    ttl: int = 0
    urgency: str = ""
    raw: str = ""
    handed: str = ""
    """What the app of a phone of somebody's own is handed, as JSON."""


def refused(recipient: str, status: int, reason: str) -> Parcel:
    """Make the parcel of a request that named no known recipient, or could not be read."""
    return Parcel(recipient, UNREAD, reason, Answer(status, reason.encode()))


class _Document(msgspec.Struct, frozen=True):
    alert: str = ""
    kind: str = ""
    round_trip: str = ""


_DOCUMENT = msgspec.json.Decoder(_Document)


def read_document(plain: bytes) -> Content:
    """Read the message in an app's or browser's JSON document, or the code that it carries in the place of one; its
    reason says where it names none.
    """
    digest = hashlib.sha256(plain).hexdigest()
    try:
        document = _DOCUMENT.decode(plain)
    except msgspec.DecodeError:
        return Content("", "", digest, reason="not-our-document")
    if document.round_trip:
        return Content("", ROUND_TRIP, digest, text=plain.decode())
    if not document.alert:
        return Content("", "", digest, reason="not-our-document")
    return Content(document.alert, document.kind, digest, text=plain.decode())
