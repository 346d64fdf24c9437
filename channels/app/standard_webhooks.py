"""Signs callbacks by Standard Webhooks 1.0. Their receivers verify them with one of its libraries.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

from __future__ import annotations

import binascii
import hmac
from base64 import b64decode, b64encode
from typing import Final

PREFIX: Final = "whsec_"
# The specification's bounds for a symmetric secret.
_SECRET_BYTES: Final = range(24, 65)


def decode_secrets(secrets: str) -> tuple[bytes, ...]:
    """Return the keys in blank-separated `whsec_...` secrets: several while rotating. Raises `ValueError`."""
    keys = tuple(_decode_secret(secret) for secret in secrets.split())
    if not keys:
        raise ValueError("no secret")
    return keys


def sign(keys: tuple[bytes, ...], identifier: str, timestamp: int, body: bytes) -> str:
    """Return the `webhook-signature` header: one signature for each key."""
    signed = f"{identifier}.{timestamp}.".encode() + body
    return " ".join("v1," + b64encode(hmac.digest(key, signed, "sha256")).decode() for key in keys)


def _decode_secret(secret: str) -> bytes:
    try:
        key = b64decode(secret.removeprefix(PREFIX), validate=True)
    except binascii.Error:
        raise ValueError("secret is not Base64") from None
    if not secret.startswith(PREFIX) or len(key) not in _SECRET_BYTES:
        raise ValueError("secret must be whsec_ and the Base64 of 24 to 64 bytes")
    return key
