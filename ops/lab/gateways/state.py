"""Reads what the population leaves for the gateways, as files in the state directory.

webpush.ndjson   one user agent a line: token, private scalar, public point, auth secret
app.ndjson       one instance a line: its AGS and its callback secret
apns.ndjson      one iPhone with an app a line: its device token, the app's bundle ID, and Apple's environment
fcm.ndjson       one phone with an app a line: its address at FCM, and the Firebase project of the app
unifiedpush.ndjson
                 one phone with an app a line whose messages come by UnifiedPush, as in webpush.ndjson
"""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING, TypeVar

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

WEBPUSH_FILE = "webpush.ndjson"
UNIFIEDPUSH_FILE = "unifiedpush.ndjson"
APP_FILE = "app.ndjson"
FCM_FILE = "fcm.ndjson"
APNS_FILE = "apns.ndjson"


class UserAgent(msgspec.Struct, frozen=True):
    """A browser's side of one subscription. All values are unpadded base64url (RFC 8291 section 2)."""

    token: str
    private: str
    """The P-256 private scalar, 32 bytes big-endian."""
    public: str
    """The uncompressed P-256 point, 65 bytes (`p256dh`)."""
    auth: str
    """16 bytes."""


class Instance(msgspec.Struct, frozen=True):
    """A municipality's app instance and the secret its callbacks are signed with (`whsec_...`)."""

    instance: str
    secret: str


class FcmPhone(msgspec.Struct, frozen=True):
    """An app on a phone, as FCM knows it."""

    ref: str
    address: str
    """A registration token, or an installation ID."""
    project: str
    is_fid: bool = False


class ApnsPhone(msgspec.Struct, frozen=True):
    """An app on an iPhone, as APNs knows it."""

    ref: str
    address: str
    """A device token, in hexadecimal."""
    topic: str
    environment: str = "production"
    gone_s: float = 0.0
    """Since when the app is not there any more, in Unix time; 0: it is."""


Line = TypeVar("Line")


def read_lines(path: Path, line_type: type[Line]) -> Iterator[Line]:
    """Read typed lines of an NDJSON file. Raises OSError, msgspec.DecodeError."""
    decoder = msgspec.json.Decoder(line_type)
    with path.open("rb") as lines:
        for line in lines:
            yield decoder.decode(line)


def number_ref(number: str) -> str:
    """Return the recipient key of a phone number: 22 characters of its SHA-256, so that ledgers carry no number."""
    return b64url(hashlib.sha256(number.encode()).digest())[:22]


def drawn(seed: int, person: int | str, what: str, size: int) -> bytes:
    """Draw bytes that follow from nothing but the arguments: worthless as a secret outside a lab."""
    return hashlib.blake2b(f"{seed}|{person}|{what}".encode(), digest_size=size).digest()


def b64url(data: bytes) -> str:
    """Encode as unpadded base64url."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def unb64url(text: str) -> bytes:
    """Decode base64url with or without padding. Raises ValueError on other characters."""
    return base64.b64decode(
        text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4), altchars=b"-_", validate=True
    )
