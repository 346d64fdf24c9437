"""Checks VAPID as a push service does (RFC 8292): the sender's signature, this origin, at most a day."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from ops.lab.gateways.state import unb64url

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_LIFETIME_S = 24 * 3600
"""RFC 8292 section 2: `exp` must not be more than 24 hours from the time of the request."""
_AUTHORIZATION = re.compile(r"vapid\s+(.+)", re.IGNORECASE)
_SIGNATURE = ec.ECDSA(hashes.SHA256())


class _JoseHeader(msgspec.Struct, frozen=True):
    alg: str


class _Claims(msgspec.Struct, frozen=True):
    aud: str
    exp: int
    sub: str = ""


@dataclass(frozen=True, slots=True)
class Vapid:
    """Checks what this push service expects of VAPID.

    `hosts` are the names it is reached by; `key` (unpadded base64url) restricts it to one application
    server's key, as a subscription made with that key does.
    """

    scheme: str
    hosts: frozenset[str]
    key: str = ""
    required: bool = field(default=True)

    def refusal(self, headers: Mapping[str, str], port: int, now_s: float) -> tuple[int, str] | None:
        """Return (status, reason), or None where it may pass. 401 absent, 403 wrong (RFC 8292 section 4.2)."""
        host = headers.get("host", "")
        if not self._ours(host, port):
            return 421, "host"
        authorization = headers.get("authorization", "")
        if not authorization:
            return (401, "vapid-absent") if self.required else None
        reason = self._wrong(authorization, f"{self.scheme}://{host}", now_s)
        return (403, reason) if reason else None

    def _ours(self, host: str, port: int) -> bool:
        name, _, given = host.rpartition(":")
        if not given.isdigit():
            name, given = host, {"http": "80", "https": "443"}[self.scheme]
        return name in self.hosts and given == str(port)

    def _wrong(self, authorization: str, origin: str, now_s: float) -> str:
        claims, key = _verified(authorization)
        if claims is None:
            return key
        if self.key and key != self.key:
            return "vapid-other-key"
        if claims.aud != origin:
            return "vapid-aud"
        if claims.exp <= now_s:
            return "vapid-expired"
        return "vapid-exp-too-far" if claims.exp > now_s + MAX_LIFETIME_S else ""


@lru_cache(maxsize=4096)
def _verified(authorization: str) -> tuple[_Claims, str] | tuple[None, str]:
    """Return (claims, public key) where the signature holds, else (None, reason); a token is reused for hours."""
    scheme = _AUTHORIZATION.fullmatch(authorization.strip())
    if scheme is None:
        return None, "vapid-scheme"
    parameters = dict(part.strip().partition("=")[::2] for part in scheme[1].split(","))
    token, key = parameters.get("t", ""), parameters.get("k", "").rstrip("=")
    try:
        signed, _, signature = token.rpartition(".")
        header, _, claims = signed.partition(".")
        if msgspec.json.decode(unb64url(header), type=_JoseHeader).alg != "ES256":
            return None, "vapid-alg"
        _check_signature(key, signed, unb64url(signature))
        return msgspec.json.decode(unb64url(claims), type=_Claims), key
    except InvalidSignature:
        return None, "vapid-signature"
    except (ValueError, msgspec.DecodeError):
        return None, "vapid-unreadable"


def _check_signature(key: str, signed: str, signature: bytes) -> None:
    if len(signature) != 64:
        raise InvalidSignature
    public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), unb64url(key))
    pair = int.from_bytes(signature[:32]), int.from_bytes(signature[32:])
    public.verify(encode_dss_signature(*pair), signed.encode(), _SIGNATURE)
