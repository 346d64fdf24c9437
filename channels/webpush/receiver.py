"""Be the one that Web Push messages are for: its keys, and how it opens what `encryption` has sealed (RFC 8291)."""

from __future__ import annotations

import hashlib
import hmac
from binascii import b2a_base64
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from channels.webpush.encryption import (
    AUTH_BYTES,
    HEAD_BYTES,
    KEY_BYTES,
    NONCE_BYTES,
    POINT_BYTES,
    SALT_BYTES,
)

MAX_BODY_BYTES: Final = 4096 + HEAD_BYTES
"""The longest message: one record of the size that every push service takes (RFC 8030 section 7.2), after its head."""
_CURVE: Final = ec.SECP256R1()
_ORDER: Final = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
"""How many points P-256 has (NIST SP 800-186, 3.2.1.3)."""
_LAST_RECORD: Final = b"\x02"


class NotForUs(ValueError):
    """The message was not sealed for this receiver, or is none."""


class Receiver:
    """A receiver whose keys follow from a secret, so that no file and no row holds them."""

    def __init__(self, secret: bytes) -> None:
        """`secret` is 32 bytes that nobody else has."""
        scalar = (
            int.from_bytes(hashlib.sha256(b"receiver's key\0" + secret).digest(), "big") % (_ORDER - 1) + 1
        )
        self._private = ec.derive_private_key(scalar, _CURVE)
        self._public = _point(self._private.public_key())
        self._auth = hashlib.sha256(b"receiver's auth\0" + secret).digest()[:AUTH_BYTES]

    @property
    def keys(self) -> dict[str, str]:
        """Return what a browser would give of itself: `p256dh` and `auth`, in URL-safe Base64."""
        return {"p256dh": _base64url(self._public), "auth": _base64url(self._auth)}

    def open(self, body: bytes) -> bytes:
        """Return what was said. Raises `NotForUs` for whatever was not sealed for this receiver."""
        if not HEAD_BYTES < len(body) <= MAX_BODY_BYTES or body[SALT_BYTES + 4] != POINT_BYTES:
            raise NotForUs("no message of one record")
        salt, sender = body[:SALT_BYTES], body[HEAD_BYTES - POINT_BYTES : HEAD_BYTES]
        try:
            theirs = ec.EllipticCurvePublicKey.from_encoded_point(_CURVE, sender)
            agreed = _hmac(self._auth, self._private.exchange(ec.ECDH(), theirs))
            material = _hmac(agreed, b"WebPush: info\x00" + self._public + sender + b"\x01")
            pseudorandom = _hmac(salt, material)
            key = _hmac(pseudorandom, b"Content-Encoding: aes128gcm\x00\x01")[:KEY_BYTES]
            nonce = _hmac(pseudorandom, b"Content-Encoding: nonce\x00\x01")[:NONCE_BYTES]
            record = AESGCM(key).decrypt(nonce, body[HEAD_BYTES:], None)
        except (ValueError, InvalidTag):
            raise NotForUs("not sealed for this receiver") from None
        said, delimiter, _ = record.rpartition(_LAST_RECORD)
        if not delimiter:
            raise NotForUs("not the last record")
        return said


def _point(key: ec.EllipticCurvePublicKey) -> bytes:
    return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def _base64url(raw: bytes) -> str:
    return b2a_base64(raw, newline=False).decode().translate(str.maketrans("+/", "-_")).rstrip("=")


def _hmac(key: bytes, message: bytes) -> bytes:
    return hmac.digest(key, message, "sha256")
