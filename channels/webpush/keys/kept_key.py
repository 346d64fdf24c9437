"""What is kept of a message key: 108 bytes, without the 6 of its head that are the same in all."""

from __future__ import annotations

from struct import Struct
from typing import TYPE_CHECKING, Final

from channels.webpush.encryption import KEY_BYTES, NONCE_BYTES, POINT_BYTES, SALT_BYTES, SAME_IN_HEADS

if TYPE_CHECKING:
    from channels.webpush.encryption import MessageKey

KEPT: Final = Struct(f"{SALT_BYTES}s{POINT_BYTES - 1}s{KEY_BYTES}s{NONCE_BYTES}s")
"""Salt, the coordinates of our public key, key and nonce: the head is the salt, `SAME_IN_HEADS` and the coordinates."""
_POINT: Final = SALT_BYTES + len(SAME_IN_HEADS)


def kept_of(made: MessageKey) -> bytes:
    """Return what is kept of a key."""
    return KEPT.pack(made.head[:SALT_BYTES], made.head[_POINT:], made.key, made.nonce)
