"""Verify ID tokens (OpenID Connect Core 1.0, section 3.1.3.7), by the library joserfc. Pure: keys, time are given."""

from __future__ import annotations

import hashlib
import hmac
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from joserfc import jwt
from joserfc.errors import (
    BadSignatureError,
    ClaimError,
    ExpiredTokenError,
    InvalidKeyIdError,
    JoseError,
    UnsupportedAlgorithmError,
)
from joserfc.jwk import KeySet
from joserfc.jws import JWSRegistry

from dispatcher.store.persons.identities import LONGEST_SUBJECT

if TYPE_CHECKING:
    from datetime import datetime

ALGORITHMS: Final = ("RS256", "RS512", "PS256", "ES256", "ES384", "Ed25519")
"""Signatures that are taken: asymmetric ones. With `none` anybody signs; with HS256 whoever has the client's secret, or
takes the public key for one."""
LEEWAY_S: Final = 60
"""How far the provider's clock may be from the record's."""
LIFE_S: Final = 300
"""How long ago a person may have shown the provider something, and a token may have been made: as long as a browser
may take for its step here."""
LONGEST: Final = 16_384
"""Characters of a token. Those of large directories, with groups, have some thousand."""
_NO_TOKEN: Final = (JoseError, ValueError, KeyError, TypeError, AttributeError, RecursionError, OverflowError)
"""What the library raises for what is no token, or no set of keys."""
_HASHES: Final = {"256": hashlib.sha256, "384": hashlib.sha384, "512": hashlib.sha512, "519": hashlib.sha512}
"""Of `at_hash`, by the last digits of the algorithm. Of Ed25519 it is SHA-512, with which that signs."""


class TokenFault(StrEnum):
    """Why a token signs nobody in."""

    MALFORMED = "malformed"
    ALGORITHM = "algorithm"
    UNKNOWN_KEY = "unknown_key"
    SIGNATURE = "signature"
    ISSUER = "issuer"
    AUDIENCE = "audience"
    EXPIRED = "expired"
    CLAIMS = "claims"
    NONCE = "nonce"
    AT_HASH = "at_hash"
    NOT_FRESH = "not_fresh"
    """The person did not sign in at the provider just now: whoever sat at this desk before may have."""


class TokenRefused(Exception):
    """A token is not good. The message is the fault alone: nothing of the token."""

    def __init__(self, fault: TokenFault) -> None:
        super().__init__(fault.value)
        self.fault = fault


@dataclass(frozen=True, slots=True)
class ExpectedToken:
    """What a token has to say, as of `now` (aware)."""

    issuer: str
    client_id: str
    nonce: str = field(repr=False)
    now: datetime


@dataclass(frozen=True, slots=True)
class VerifiedIdentity:
    """Whom a provider knows: its name for the person there, and what the person has shown."""

    issuer: str
    subject: str = field(repr=False)
    acr: str = ""
    amr: tuple[str, ...] = ()

    def has_shown(self, wanted: frozenset[str]) -> bool:
        """Whether it has shown one of these, each as `acr:VALUE` or `amr:VALUE`; anything will do where none is."""
        return not wanted or bool(wanted & {f"acr:{self.acr}", *(f"amr:{one}" for one in self.amr)})


def read_keys(document: Any) -> KeySet:
    """Return the keys for signatures of a provider's set (RFC 7517). Raises `TokenRefused`."""
    try:
        usable = [one for one in document["keys"] if one.get("use", "sig") == "sig" and one["kty"] != "oct"]
        return KeySet.import_key_set({"keys": usable})
    except _NO_TOKEN:
        raise TokenRefused(TokenFault.UNKNOWN_KEY) from None


def verified(token: str, keys: KeySet, expected: ExpectedToken, access_token: str = "") -> VerifiedIdentity:
    """Return whom a token signs in. Raises `TokenRefused`."""
    if len(token) > LONGEST:
        raise TokenRefused(TokenFault.MALFORMED)
    registry = JWSRegistry(algorithms=ALGORITHMS, strict_check_header=False)
    registry.max_header_length = 4096
    now = int(expected.now.timestamp())
    try:
        read = jwt.decode(token, keys, registry=registry)
        _wanted(expected, now).validate(read.claims)
        identity = _identity(read.claims, expected, now)
    except TokenRefused:
        raise
    except _NO_TOKEN as error:
        raise TokenRefused(_fault(error)) from None
    _require_at_hash(read.header["alg"], read.claims.get("at_hash"), access_token)
    return identity


def _wanted(expected: ExpectedToken, now: int) -> jwt.JWTClaimsRegistry:
    return jwt.JWTClaimsRegistry(
        now,
        LEEWAY_S,
        iss={"essential": True, "value": expected.issuer},
        aud={"essential": True, "value": expected.client_id},
        sub={"essential": True},
        exp={"essential": True},
        iat={"essential": True},
        nonce={"essential": True, "value": expected.nonce},
    )


def _identity(claims: dict[str, Any], expected: ExpectedToken, now: int) -> VerifiedIdentity:
    """Return whom claims are about that the library has held against what was expected. Raises `TokenRefused`."""
    # The library takes a list for the value, too, in which it is found.
    if not isinstance(claims["nonce"], str):
        raise TokenRefused(TokenFault.NONCE)
    audience = claims["aud"]
    party = claims.get(
        "azp", expected.client_id if audience in (expected.client_id, [expected.client_id]) else ""
    )
    if party != expected.client_id:
        raise TokenRefused(TokenFault.AUDIENCE)
    oldest = now - LIFE_S - LEEWAY_S
    if claims["iat"] < oldest:
        raise TokenRefused(TokenFault.EXPIRED)
    shown_at = claims.get("auth_time")
    if isinstance(shown_at, bool) or not isinstance(shown_at, int | float) or not shown_at >= oldest:
        raise TokenRefused(TokenFault.NOT_FRESH)
    subject, acr, amr = claims["sub"], claims.get("acr", ""), claims.get("amr", [])
    if len(subject) > LONGEST_SUBJECT or not subject.isprintable():
        raise TokenRefused(TokenFault.CLAIMS)
    return VerifiedIdentity(
        expected.issuer,
        subject,
        acr if isinstance(acr, str) else "",
        tuple(one for one in amr if isinstance(one, str)) if isinstance(amr, list) else (),
    )


def _require_at_hash(algorithm: str, shown: object, access_token: str) -> None:
    """Hold `at_hash` against the access token that came along, where it is there (section 3.1.3.6)."""
    if shown is None:
        return
    digest = _HASHES[algorithm[-3:]](access_token.encode()).digest()
    expected = urlsafe_b64encode(digest[: len(digest) // 2]).decode().rstrip("=")
    if not isinstance(shown, str) or not hmac.compare_digest(shown.encode(), expected.encode()):
        raise TokenRefused(TokenFault.AT_HASH)


_OF_CLAIM: Final = {
    "iss": TokenFault.ISSUER,
    "aud": TokenFault.AUDIENCE,
    "exp": TokenFault.EXPIRED,
    "nonce": TokenFault.NONCE,
}


def _fault(error: Exception) -> TokenFault:
    match error:
        case UnsupportedAlgorithmError():
            return TokenFault.ALGORITHM
        case InvalidKeyIdError():
            return TokenFault.UNKNOWN_KEY
        case BadSignatureError():
            return TokenFault.SIGNATURE
        case ExpiredTokenError():
            return TokenFault.EXPIRED
        case ClaimError():
            return _OF_CLAIM.get(error.claim, TokenFault.CLAIMS)
        case _:
            return TokenFault.MALFORMED
