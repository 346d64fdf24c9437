"""Make the request with which a browser goes to the provider (OpenID Connect Core 1.0, section 3.1.2.1; PKCE, RFC
7636), and read the answer with which it comes back. Pure.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode

if TYPE_CHECKING:
    from collections.abc import Mapping

LONGEST_CODE: Final = 4096
"""Characters of a code: RFC 6749 names no bound, large directories take some two thousand."""
_SEED_BYTES: Final = 32
_DIGEST_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class OidcAttempt:
    """One way of a browser to the provider and back. State, nonce and PKCE's verifier are made of the seed, each for
    itself; `invitation` is the digest of the link that the person came by, if any, `wanted` the page to go on to.
    """

    seed: bytes = field(repr=False)
    wanted: str = ""
    invitation: bytes = field(default=b"", repr=False)

    @classmethod
    def new(cls, wanted: str = "", invitation: bytes = b"") -> OidcAttempt:
        """Return one that nobody can guess."""
        return cls(secrets.token_bytes(_SEED_BYTES), wanted, invitation)

    @property
    def state(self) -> str:
        """Return what the provider gives back, so that nobody else's answer is taken."""
        return self._derived(b"state")

    @property
    def nonce(self) -> str:
        """Return what the token has to name, so that none is taken that was made for something else."""
        return self._derived(b"nonce")

    @property
    def verifier(self) -> str:
        """Return what the code is exchanged with, so that whoever sees the code has nothing of it."""
        return self._derived(b"verifier")

    @property
    def challenge(self) -> str:
        """Return what the provider holds the verifier against (S256)."""
        return _base64(hashlib.sha256(self.verifier.encode()).digest())

    def packed(self) -> bytes:
        """Return it as the record keeps it until the browser comes back."""
        return self.seed + (self.invitation or bytes(_DIGEST_BYTES)) + self.wanted.encode()

    @classmethod
    def unpacked(cls, packed: bytes) -> OidcAttempt:
        """Return what `packed` gave."""
        seed, rest = packed[:_SEED_BYTES], packed[_SEED_BYTES:]
        invitation = rest[:_DIGEST_BYTES]
        return cls(seed, rest[_DIGEST_BYTES:].decode(), invitation if any(invitation) else b"")

    def _derived(self, purpose: bytes) -> str:
        return _base64(hmac.digest(self.seed, b"cap-dispatcher oidc " + purpose, hashlib.sha256))


@dataclass(frozen=True, slots=True)
class OidcReturn:
    """What a browser brings back: a code, or the provider's word why there is none."""

    state: str = field(repr=False)
    code: str = field(repr=False)
    issuer: str
    error: str

    @classmethod
    def of(cls, query: Mapping[str, str]) -> OidcReturn:
        """Return it from the query of its address."""
        return cls(
            query.get("state", ""), query.get("code", ""), query.get("iss", ""), query.get("error", "")
        )

    def is_of(self, attempt: OidcAttempt) -> bool:
        """Whether it is the answer to this attempt."""
        return hmac.compare_digest(self.state.encode(), attempt.state.encode())

    def is_from(self, issuer: str, *, says_so: bool) -> bool:
        """Whether the provider of this issuer answers, as far as it says so (RFC 9207); `says_so`: it always does."""
        return self.issuer == issuer if self.issuer else not says_so

    @property
    def has_code(self) -> bool:
        """Whether there is a code to exchange."""
        return not self.error and 0 < len(self.code) <= LONGEST_CODE


def request_url(
    endpoint: str,
    client_id: str,
    redirect_uri: str,
    attempt: OidcAttempt,
    acr_values: list[str],
    max_age_s: int,
) -> str:
    """Return where the browser goes. The provider is to ask the person anew, whoever has signed in there before: at a
    desk that persons share the one before would be let in.
    """
    query = {
        "response_type": "code",
        "scope": "openid",
        "client_id": client_id,
        "redirect_uri": redirect_uri,
        "state": attempt.state,
        "nonce": attempt.nonce,
        "code_challenge": attempt.challenge,
        "code_challenge_method": "S256",
        "prompt": "login",
        "max_age": str(max_age_s),
    }
    if acr_values:
        query["acr_values"] = " ".join(acr_values)
    return f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(query)}"


def _base64(content: bytes) -> str:
    return urlsafe_b64encode(content).decode().rstrip("=")
