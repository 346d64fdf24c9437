"""Message encryption for Web Push: RFC 8291 on top of RFC 8188, one record.

Nothing but the encryption itself depends on what is said. So it has two steps, and the expensive one can be done before
there is anything to say: `derive` makes a fresh key pair, agrees with one subscription and derives key and nonce from
that and a fresh salt (about 90 us); `seal` encrypts (about 2 us). A `MessageKey` is for one message: the same key and
nonce for two would betray both. A module that keeps one has to see to that, as `precomputed_keys` does.
"""

from __future__ import annotations

import hmac
from binascii import a2b_base64
from dataclasses import dataclass, field
from typing import Final

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

RECORD_BYTES: Final = 4096
SALT_BYTES: Final = 16
POINT_BYTES: Final = 65
AUTH_BYTES: Final = 16
KEY_BYTES: Final = 16
NONCE_BYTES: Final = 12
HEAD_BYTES: Final = SALT_BYTES + 4 + 1 + POINT_BYTES
# 4096 that every push service must take (RFC 8030 section 7.2), less header (86), tag (16) and delimiter (1).
MAX_PLAINTEXT_BYTES: Final = RECORD_BYTES - HEAD_BYTES - 16 - 1

_CURVE: Final = ec.SECP256R1()
_PRIME: Final = 2**256 - 2**224 + 2**192 + 2**96 - 1
_B: Final = 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B
"""P-256 has the points (x, y) with y^2 = x^3 - 3x + b modulo this prime, and no subgroup (NIST SP 800-186, 3.2.1.3)."""
_UNCOMPRESSED: Final = 4
_RECORD_AND_KEY_LENGTH: Final = RECORD_BYTES.to_bytes(4, "big") + bytes([POINT_BYTES])
SAME_IN_HEADS: Final = _RECORD_AND_KEY_LENGTH + bytes([_UNCOMPRESSED])
"""What stands in the head of every message between its salt and the coordinates of our public key."""
_LAST_RECORD: Final = b"\x02"


@dataclass(frozen=True, slots=True)
class MessageKey:
    """All that encrypting one message for one subscription takes, besides the message."""

    head: bytes
    """The 86 bytes before the ciphertext: salt, record size and our public key (RFC 8188 section 2.1)."""
    key: bytes = field(repr=False)
    """The content encryption key: 16 bytes, secret."""
    nonce: bytes = field(repr=False)
    """The nonce of the one record: 12 bytes, secret."""


def decode_base64url(text: str) -> bytes:
    """Decode Base64 in the URL-safe or the plain alphabet, with or without padding. Raises `ValueError`."""
    if not text.isascii():
        raise ValueError("not Base64")
    plain = text.rstrip("=").replace("-", "+").replace("_", "/")
    return a2b_base64(plain + "=" * (-len(plain) % 4))


def derive(
    p256dh: bytes, auth: bytes, salt: bytes, private: ec.EllipticCurvePrivateKey | None = None
) -> MessageKey:
    """Return the key for one message. `salt` is 16 random bytes, never used before.

    `private` is only for tests with known answers; by default a key pair is made and forgotten. Raises `ValueError` if
    `p256dh` is no point of P-256.
    """
    recipient = ec.EllipticCurvePublicKey.from_encoded_point(_CURVE, p256dh)
    ours = private or ec.generate_private_key(_CURVE)
    public = ours.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return _message_key(ours.exchange(ec.ECDH(), recipient), p256dh, auth, salt, public)


def received(private: ec.EllipticCurvePrivateKey, auth: bytes, salt: bytes, public: bytes) -> MessageKey:
    """Return what the recipient makes of the head of a message: the same key as its sender had. `public` is the
    sender's. Raises `ValueError` if it is no point of P-256.
    """
    agreed = private.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(_CURVE, public))
    p256dh = private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return _message_key(agreed, p256dh, auth, salt, public)


def _message_key(secret: bytes, p256dh: bytes, auth: bytes, salt: bytes, public: bytes) -> MessageKey:
    """Return what both ends derive from the secret that they have agreed on (RFC 8291 section 3.4)."""
    material = _hmac(_hmac(auth, secret), b"WebPush: info\x00" + p256dh + public + b"\x01")
    pseudorandom = _hmac(salt, material)
    return MessageKey(
        head=salt + _RECORD_AND_KEY_LENGTH + public,
        key=_hmac(pseudorandom, b"Content-Encoding: aes128gcm\x00\x01")[:KEY_BYTES],
        nonce=_hmac(pseudorandom, b"Content-Encoding: nonce\x00\x01")[:NONCE_BYTES],
    )


def require_point(p256dh: bytes) -> None:
    """Require a point of P-256, uncompressed, which is all that `derive` can find fault with. Raises `ValueError`.

    Two public numbers are looked at, and no secret is near: that takes 3 us, where `cryptography` takes 13 to make a
    key of them.
    """
    x, y = int.from_bytes(p256dh[1:33], "big"), int.from_bytes(p256dh[33:], "big")
    if (
        len(p256dh) != POINT_BYTES
        or p256dh[0] != _UNCOMPRESSED
        or not (x < _PRIME and y < _PRIME)
        or (y * y - (x * x - 3) * x - _B) % _PRIME
    ):
        raise ValueError("no point of P-256")


def padded(plaintext: bytes) -> bytes:
    """Return the plaintext as the last record of a message (RFC 8188 section 2).

    Raises `ValueError` if it is longer than `MAX_PLAINTEXT_BYTES`.
    """
    if len(plaintext) > MAX_PLAINTEXT_BYTES:
        raise ValueError("plaintext does not fit one record")
    return plaintext + _LAST_RECORD


def seal(record: bytes, head: bytes, key: bytes, nonce: bytes) -> bytes:
    """Return the encrypted body of the request: `record` is what `padded` made, the rest a `MessageKey`, used this
    once.
    """
    return head + AESGCM(key).encrypt(nonce, record, None)


def _hmac(key: bytes, message: bytes) -> bytes:
    return hmac.digest(key, message, "sha256")
