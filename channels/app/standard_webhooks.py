"""Signed callbacks after Standard Webhooks 1.0: signing for us, verifying for the makers of apps.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

from __future__ import annotations

import binascii
import hmac
from base64 import b64decode, b64encode
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

PREFIX: Final = "whsec_"
TOLERANCE: Final = timedelta(minutes=5)
# The specification's bounds for a symmetric secret.
_SECRET_BYTES: Final = range(24, 65)


def decode_secrets(secrets: str) -> tuple[bytes, ...]:
    """The keys in blank-separated `whsec_...` secrets: several while rotating. Raises `ValueError`."""
    keys = tuple(_decode_secret(secret) for secret in secrets.split())
    if not keys:
        raise ValueError("no secret")
    return keys


def sign(keys: tuple[bytes, ...], identifier: str, timestamp: int, body: bytes) -> str:
    """The `webhook-signature` header: one signature for each key."""
    signed = f"{identifier}.{timestamp}.".encode() + body
    return " ".join("v1," + b64encode(hmac.digest(key, signed, "sha256")).decode() for key in keys)


def verify(secrets: str, headers: Mapping[str, str], body: bytes, now: datetime) -> str:
    """The `webhook-id` of an authentic and recent callback: drop it if you have seen this id before.

    `headers` has lower-case names. Raises `ValueError` if the callback is not ours, altered, or more than
    five minutes away from `now` (aware).
    """
    try:
        identifier, stamp = headers["webhook-id"], headers["webhook-timestamp"]
        given = headers["webhook-signature"].split()
        sent = datetime.fromtimestamp(int(stamp), UTC)
    except (KeyError, ValueError, OverflowError, OSError):
        raise ValueError("webhook headers are missing or malformed") from None
    if abs(now - sent) > TOLERANCE:
        raise ValueError("webhook timestamp is too far from now")
    for expected in sign(decode_secrets(secrets), identifier, int(stamp), body).split():
        if any(hmac.compare_digest(expected.encode(), one.encode()) for one in given):
            return identifier
    raise ValueError("webhook signature does not match")


def _decode_secret(secret: str) -> bytes:
    try:
        key = b64decode(secret.removeprefix(PREFIX), validate=True)
    except binascii.Error:
        raise ValueError("secret is not Base64") from None
    if not secret.startswith(PREFIX) or len(key) not in _SECRET_BYTES:
        raise ValueError("secret must be whsec_ and the Base64 of 24 to 64 bytes")
    return key
