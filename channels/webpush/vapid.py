"""Identifies the sender towards push services, by RFC 8292.

A subscription is made with one public key and takes messages signed with that key alone, for as long as it lives. So a
service that changes its key keeps those before, each for the subscriptions that were made with it.
"""

from __future__ import annotations

import json
import re
import time
from base64 import urlsafe_b64encode
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from typing import TYPE_CHECKING, Final

# `ec.ECDSA` imports it when it is first called: the first warning of a process would wait for that.
import cryptography.hazmat.backends.openssl.backend  # noqa: F401
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

from channels.webpush.encryption import POINT_BYTES, decode_base64url

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

# RFC 8292 section 2 allows 24 h; half of that leaves room for clocks that differ.
TOKEN_LIFE: Final = timedelta(hours=12)
RENEW_AFTER: Final = TOKEN_LIFE / 2
# Origins come from citizens' subscriptions: a bound keeps hostile ones from growing the cache without end.
MAX_CACHED_ORIGINS: Final = 4096
_SUBJECT: Final = re.compile(r"mailto:[^@\s]+@[^@\s]+\.[^@\s]+|https://[^/\s]+\.[^/\s]+(?:/\S*)?")
_HEADER: Final = {"typ": "JWT", "alg": "ES256"}
_DOMAIN: Final = re.compile(r"(?:mailto:[^@]+@|https://)([^/?#]+)")
PLACEHOLDER: Final = "mailto:leitstelle@example.org"
"""The subject of a service whose operator has set none: it reaches nobody."""
# Names that reach nobody: RFC 2606 and 6761, RFC 6762 (local), RFC 8375 (home.arpa), RFC 9476 (alt), ICANN (internal).
_RESERVED: Final = (
    "localhost", "local", "invalid", "test", "example", "example.com", "example.net", "example.org", "internal",
    "home.arpa", "alt", "onion",
)  # fmt: skip
READ_AGAIN_S: Final = 1.0
"""How often keys are read again at most, for one that was not there: a lost one would cost files with every message."""
KEY_NAME_CHARACTERS: Final = 22
"""So much of a public key in base64url names it: 124 bits of a point."""


def unreachable(subject: str) -> str:
    """Return why nobody is reached by a subject of the right form, or nothing. Apple refuses such (403 BadJwtToken, as
    others report of `localhost` and `.invalid`: web-push-libs/web-push #947, 2026-05-17); the others do not look.
    """
    match = _DOMAIN.match(subject)
    host = match[1].lower().rstrip(".").rpartition("@")[2] if match else ""
    name = host.partition(":")[0] if not host.startswith("[") else host
    try:
        ip_address(name.strip("[]"))
    except ValueError:
        pass
    else:
        return f"{name} is an address and no domain"
    reserved = next((one for one in _RESERVED if name == one or name.endswith(f".{one}")), "")
    return f"{name} reaches nobody: {reserved} is a reserved name" if reserved else ""


def key_name(public_key: str) -> str:
    """Return by what a subscription names the key that it was made with, given that key as browsers take it."""
    return public_key[:KEY_NAME_CHARACTERS]


def generate_key() -> bytes:
    """Make a new P-256 private key as unencrypted PKCS #8 PEM. Anybody who has it can push to our subscribers."""
    key = ec.generate_private_key(ec.SECP256R1())
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def named_key(text: str) -> str:
    """Return by what a subscription names its key, given that key as a browser was told it, in any spelling of Base64.
    Raises `ValueError` for what is no public key.
    """
    raw = decode_base64url(text)
    ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), raw)
    if len(raw) != POINT_BYTES:
        raise ValueError("a public key is an uncompressed point")
    return key_name(_base64url(raw))


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
        self.name = key_name(self.public_key)

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


class VapidKeys:
    """The key that browsers subscribed with when the process began, and those before, which some subscriptions were
    made with. One made since signs as soon as a subscription names it.
    """

    def __init__(
        self,
        current: VapidSigner,
        previous: Sequence[VapidSigner] = (),
        eldest: str = "",
        read_again: Callable[[], Iterable[VapidSigner]] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`eldest` names the service's first key: subscriptions that do not say which key they were made with are older
        than its successor. `read_again` returns what this machine has by now; `clock` is monotonic, in seconds.
        """
        self.current = current
        self._eldest = eldest
        self._read_again = read_again
        self._clock = clock
        self._read_at = float("-inf")
        signers = (current, *previous)
        self._signers = {signer.name: signer for signer in reversed(signers)}
        self._own: dict[str, tuple[VapidSigner, ...]] = {}
        self._put_in_order()

    def __contains__(self, name: str) -> bool:
        return name in self._signers

    def admit(self, own: Iterable[VapidSigner]) -> None:
        """Let these sign, in place of those admitted before: keys that single apps have of their own. Each signs for
        the subscriptions that name it, and no other key is tried there; nobody else is shown it.
        """
        self._own = {signer.name: (signer,) for signer in own if signer.name not in self._signers}
        self.several = len(self._signers) > 1 or bool(self._own)

    def is_own(self, name: str) -> bool:
        """Whether a single app has the key of this name of its own."""
        return name in self._own

    def candidates(self, name: str) -> tuple[VapidSigner, ...]:
        """Return the signers for a subscription that names its key so, or names none (empty): the one most likely
        first, each once.
        """
        found = self._own.get(name) or self._orders.get(name)
        if found is None and self._has_now(name):
            found = self._orders[name]
        return found or self._of_stranger

    def _has_now(self, name: str) -> bool:
        """Read this machine's keys again, and say whether the one of this name is there by now. The current one stays
        what it was: nobody but the record says which that is.
        """
        now = self._clock()
        if self._read_again is None or now < self._read_at + READ_AGAIN_S:
            return False
        self._read_at = now
        found = {signer.name: signer for signer in self._read_again()}
        if name not in found:
            return False
        self._signers = found | self._signers  # those that have signed keep their tokens
        self._put_in_order()
        return True

    def _put_in_order(self) -> None:
        self.several = len(self._signers) > 1 or bool(self._own)
        self._of_stranger = self._order(self.current)
        self._orders = {name: self._order(signer) for name, signer in self._signers.items()}
        self._orders[""] = self._order(self._signers.get(self._eldest, self.current))

    def _order(self, first: VapidSigner) -> tuple[VapidSigner, ...]:
        return tuple(dict.fromkeys((first, self.current, *self._signers.values())))


def _base64url(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")
