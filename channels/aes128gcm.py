"""Message encryption for Web Push: RFC 8291 on top of RFC 8188, one record.

Encrypting has two steps, so that the expensive one can be done before there is anything to say: `agree` makes
a fresh key pair and the key material it shares with one subscription (about 90 us); `seal` derives this
message's key and encrypts (about 10 us). An `Agreement` is for one message. Should one be used twice, the
fresh random salt still gives every message its own key and nonce.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

RECORD_BYTES: Final = 4096
SALT_BYTES: Final = 16
POINT_BYTES: Final = 65
AUTH_BYTES: Final = 16
# 4096 that every push service must take (RFC 8030 section 7.2), less header (86), tag (16) and delimiter (1).
MAX_PLAINTEXT_BYTES: Final = RECORD_BYTES - (SALT_BYTES + 4 + 1 + POINT_BYTES) - 16 - 1

_CURVE: Final = ec.SECP256R1()
_RECORD_AND_KEY_LENGTH: Final = RECORD_BYTES.to_bytes(4, "big") + bytes([POINT_BYTES])
_LAST_RECORD: Final = b"\x02"
_BLOCK_BYTES: Final = 64  # of SHA-256
_INNER: Final = bytes(byte ^ 0x36 for byte in range(256))
_OUTER: Final = bytes(byte ^ 0x5C for byte in range(256))


@dataclass(frozen=True, slots=True)
class Agreement:
    """Our public key for one message, and what it shares with one subscription (RFC 8291 section 3.4)."""

    public: bytes
    """65 bytes, an uncompressed point."""
    material: bytes = field(repr=False)
    """32 bytes, secret."""


def decode_base64url(text: str) -> bytes:
    """Base64 in the URL-safe or the plain alphabet, with or without padding. Raises `ValueError`."""
    if not text.isascii():
        raise ValueError("not Base64")
    plain = text.rstrip("=").replace("+", "-").replace("/", "_")
    return urlsafe_b64decode(plain + "=" * (-len(plain) % 4))


def agree(p256dh: bytes, auth: bytes, private: ec.EllipticCurvePrivateKey | None = None) -> Agreement:
    """Agree on key material with a subscription. Raises `ValueError` if `p256dh` is no point of P-256.

    `private` is only for tests with known answers; by default a key pair is made and forgotten.
    """
    recipient = ec.EllipticCurvePublicKey.from_encoded_point(_CURVE, p256dh)
    ours = private or ec.generate_private_key(_CURVE)
    public = ours.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    extracted = _hmac(auth, ours.exchange(ec.ECDH(), recipient))
    return Agreement(public, _hmac(extracted, b"WebPush: info\x00" + p256dh + public + b"\x01"))


def seal(plaintext: bytes, agreement: Agreement, salt: bytes) -> bytes:
    """The encrypted body of the request. `salt` is 16 random bytes, never used before.

    Raises `ValueError` if the plaintext is longer than `MAX_PLAINTEXT_BYTES`.
    """
    if len(plaintext) > MAX_PLAINTEXT_BYTES:
        raise ValueError("plaintext does not fit one record")
    pseudorandom = _hmac(salt, agreement.material)
    padded = pseudorandom.ljust(_BLOCK_BYTES, b"\0")
    inner, outer = padded.translate(_INNER), padded.translate(_OUTER)
    key = sha256(outer + sha256(inner + b"Content-Encoding: aes128gcm\x00\x01").digest()).digest()[:16]
    nonce = sha256(outer + sha256(inner + b"Content-Encoding: nonce\x00\x01").digest()).digest()[:12]
    sealed = AESGCM(key).encrypt(nonce, plaintext + _LAST_RECORD, None)
    return b"".join((salt, _RECORD_AND_KEY_LENGTH, agreement.public, sealed))


def _hmac(key: bytes, message: bytes) -> bytes:
    """HMAC-SHA-256 (RFC 2104) for a key of at most 64 bytes: half the time of `hmac.digest`, which has OpenSSL
    look the algorithm up each time.
    """
    padded = key.ljust(_BLOCK_BYTES, b"\0")
    return sha256(padded.translate(_OUTER) + sha256(padded.translate(_INNER) + message).digest()).digest()
