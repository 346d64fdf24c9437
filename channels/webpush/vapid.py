"""Identifies the sender towards push services, by RFC 8292."""

from __future__ import annotations

import json
import re
from base64 import urlsafe_b64encode
from datetime import UTC, datetime, timedelta
from typing import Final

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

# RFC 8292 section 2 allows 24 h; half of that leaves room for clocks that differ.
TOKEN_LIFE: Final = timedelta(hours=12)
RENEW_AFTER: Final = TOKEN_LIFE / 2
# Origins come from citizens' subscriptions: a bound keeps hostile ones from growing the cache without end.
MAX_CACHED_ORIGINS: Final = 4096
_SUBJECT: Final = re.compile(r"mailto:[^@\s]+@[^@\s]+\.[^@\s]+|https://[^/\s]+\.[^/\s]+(?:/\S*)?")
_HEADER: Final = {"typ": "JWT", "alg": "ES256"}


def generate_key() -> bytes:
    """Make a new P-256 private key as unencrypted PKCS #8 PEM. Anybody who has it can push to our subscribers."""
    key = ec.generate_private_key(ec.SECP256R1())
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


class VapidSigner:
    """Makes the Authorization header for push services: one signature per origin and half life."""

    def __init__(self, pem: bytes, subject: str) -> None:
        """`subject` is how a push service reaches the operator: mailto: or https:, a real one (Apple checks).

        Raises `ValueError` for another kind of key or subject.
        """
        key = load_pem_private_key(pem, password=None)
        if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256R1):
            raise ValueError("the VAPID key must be an ECDSA key on P-256")  # noqa: TRY004 - the PEM is wrong, not a type
        if not _SUBJECT.fullmatch(subject):
            raise ValueError("the VAPID subject must be a mailto: or https: address")
        self._key = key
        self._subject = subject
        self._cache: dict[str, tuple[datetime, str]] = {}
        point = key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        self.public_key = _base64url(point)
        """The applicationServerKey that browsers subscribe with."""

    def authorization(self, origin: str, now: datetime) -> str:
        """Return the Authorization header for the push service at `origin`, valid for 6 to 12 hours from `now`."""
        signed_at, header = self._cache.get(origin, (None, ""))
        if signed_at is None or not timedelta(0) <= now - signed_at < RENEW_AFTER:
            header = f"vapid t={self._token(origin, now)}, k={self.public_key}"
            if len(self._cache) >= MAX_CACHED_ORIGINS:
                self._cache.clear()
            self._cache[origin] = (now, header)
        return header

    def _token(self, origin: str, now: datetime) -> str:
        expires = int((now.astimezone(UTC) + TOKEN_LIFE).timestamp())
        claims = {"aud": origin, "exp": expires, "sub": self._subject}
        signed = ".".join(_base64url(json.dumps(part).encode()) for part in (_HEADER, claims))
        r, s = decode_dss_signature(self._key.sign(signed.encode(), ec.ECDSA(hashes.SHA256())))
        return f"{signed}.{_base64url(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"


def _base64url(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")
