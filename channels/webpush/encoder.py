"""Reads a push subscription's keys, and encrypts for them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, TypeAlias

from channels.base import Endpoint, Permanent
from channels.webpush.encryption import (
    AUTH_BYTES,
    POINT_BYTES,
    SALT_BYTES,
    MessageKey,
    decode_base64url,
    derive,
    padded,
    require_point,
    seal,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    Encoder: TypeAlias = Callable[[bytes, Endpoint], bytes]
    """Encrypts a payload for an endpoint. Raises `Permanent` if its keys are unusable."""

    Ready: TypeAlias = Callable[[bytes, Endpoint], bytes | None]
    """Encrypts a padded record for an endpoint with a key made before; None if there is none."""


def subscription_keys(endpoint: Endpoint) -> tuple[bytes, bytes]:
    """Return the decoded `p256dh` (65 bytes) and `auth` (16 bytes). Raises `Permanent`."""
    return _decoded(endpoint, "p256dh", POINT_BYTES), _decoded(endpoint, "auth", AUTH_BYTES)


def require_keys(endpoint: Endpoint) -> None:
    """Require keys that messages can be encrypted for, in a tenth of the time of making one. Raises `Permanent`."""
    p256dh, _ = subscription_keys(endpoint)
    try:
        require_point(p256dh)
    except ValueError:
        raise Permanent("key_invalid", "p256dh is no point of P-256") from None


def message_key(endpoint: Endpoint) -> MessageKey:
    """Return a fresh key for one message to this endpoint, any time before. Raises `Permanent`."""
    p256dh, auth = subscription_keys(endpoint)
    try:
        return derive(p256dh, auth, os.urandom(SALT_BYTES))
    except ValueError:
        raise Permanent("key_invalid", "p256dh is no point of P-256") from None


def _none_ready(_record: bytes, _endpoint: Endpoint) -> bytes | None:
    return None


class DirectEncoder:
    """Encrypts by RFC 8291 directly with the primitives of `cryptography`."""

    def __init__(self, ready: Ready = _none_ready) -> None:
        """`ready` encrypts with what was made ahead of time."""
        self._ready = ready

    def __call__(self, payload: bytes, endpoint: Endpoint) -> bytes:
        """Return the encrypted request body; `payload` must fit `MAX_PLAINTEXT_BYTES`. Raises `Permanent`."""
        record = padded(payload)
        body = self._ready(record, endpoint)
        if body is None:
            fresh = message_key(endpoint)
            body = seal(record, fresh.head, fresh.key, fresh.nonce)
        return body


def _decoded(endpoint: Endpoint, name: str, length: int) -> bytes:
    try:
        raw = decode_base64url(endpoint.keys[name])
    except KeyError:
        raise Permanent("key_missing", name) from None
    except ValueError:
        raise Permanent("key_invalid", f"{name} is not Base64") from None
    if len(raw) != length:
        raise Permanent("key_invalid", f"{name} must have {length} bytes")
    return raw
