"""A push subscription's keys, and encrypting for them."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, TypeAlias

from channels.aes128gcm import (
    AUTH_BYTES,
    POINT_BYTES,
    SALT_BYTES,
    Agreement,
    agree,
    decode_base64url,
    seal,
)
from channels.base import Endpoint, Permanent

if TYPE_CHECKING:
    from collections.abc import Callable

    Encoder: TypeAlias = Callable[[bytes, Endpoint], bytes]
    """Encrypts a payload for an endpoint. Raises `Permanent` if its keys are unusable."""


_DRAWN_BYTES: Final = 4096


def subscription_keys(endpoint: Endpoint) -> tuple[bytes, bytes]:
    """The decoded `p256dh` (65 bytes) and `auth` (16 bytes). Raises `Permanent`."""
    return _decoded(endpoint, "p256dh", POINT_BYTES), _decoded(endpoint, "auth", AUTH_BYTES)


def agree_with(endpoint: Endpoint) -> Agreement:
    """Fresh key material for one message to this endpoint, any time before. Raises `Permanent`."""
    p256dh, auth = subscription_keys(endpoint)
    try:
        return agree(p256dh, auth)
    except ValueError:
        raise Permanent("key_invalid", "p256dh is no point of P-256") from None


class Salts:
    """Random bytes of the operating system, drawn for many messages at once; each is given out once."""

    def __init__(self, draw: Callable[[int], bytes] = os.urandom) -> None:
        self._draw = draw
        self._drawn = b""
        self._at = 0

    def __call__(self, size: int) -> bytes:
        """`size` bytes, at most 4,096."""
        end = self._at + size
        if end > len(self._drawn):
            self._drawn, end = self._draw(_DRAWN_BYTES), size
        self._at = end
        return self._drawn[end - size : end]


def _none_ready(_endpoint: Endpoint) -> Agreement | None:
    return None


@dataclass(frozen=True, slots=True)
class DirectEncoder:
    """RFC 8291 directly on the primitives of `cryptography`."""

    ready: Callable[[Endpoint], Agreement | None] = _none_ready
    """Takes an agreement made ahead of time out of a store: each may be given out once."""
    random: Callable[[int], bytes] = field(default_factory=Salts)

    def __call__(self, payload: bytes, endpoint: Endpoint) -> bytes:
        """The encrypted request body; `payload` must fit `MAX_PLAINTEXT_BYTES`. Raises `Permanent`."""
        agreement = self.ready(endpoint) or agree_with(endpoint)
        return seal(payload, agreement, self.random(SALT_BYTES))


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
