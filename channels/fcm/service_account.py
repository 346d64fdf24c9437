"""Read the key file of a Google service account, and sign with it for access tokens (RFC 7523)."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from joserfc import jwt
from joserfc.jwk import RSAKey

from channels.fcm.message import is_project
from channels.http.addresses import AddressRefused

if TYPE_CHECKING:
    from datetime import datetime

    from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes

    from channels.http.addresses import AddressPolicy

GOOGLES_TOKEN_URL: Final = "https://oauth2.googleapis.com/token"  # noqa: S105 - an address
SCOPE: Final = "https://www.googleapis.com/auth/firebase.messaging"
ASSERTION_LIFE_S: Final = 3_600
"""[S] https://developers.google.com/identity/protocols/oauth2/service-account: at most an hour."""
_LEAST_KEY_BITS: Final = 2_048
_MOST_KEY_BITS: Final = 4_096
"""To check a key's primes takes by the fourth power of its bits: a second with so many, twelve with twice as many."""
_KEY_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
_EMAIL: Final = re.compile(r"[!-?A-~]{1,128}@[A-Za-z0-9.-]{1,120}")


@dataclass(frozen=True, slots=True)
class ServiceAccount:
    """Who sends for one Firebase project. `repr` shows nothing that signs."""

    project: str
    key_id: str
    """By which Google knows the key; no secret."""
    email: str = field(repr=False)
    key: RSAKey = field(repr=False)
    token_url: str
    """Where access tokens are asked for."""

    @property
    def name(self) -> str:
        """Which project and key it is: what tells it from another."""
        return f"{self.project}/{self.key_id}"

    def assertion(self, now: datetime) -> str:
        """Return the signed JWT for which the token service gives an access token, as of `now` (aware)."""
        issued = int(now.timestamp())
        claims = {
            "iss": self.email,
            "scope": SCOPE,
            "aud": self.token_url,
            "iat": issued,
            "exp": issued + ASSERTION_LIFE_S,
        }
        header = {"alg": "RS256", "typ": "JWT", "kid": self.key_id}
        return jwt.encode(header, claims, self.key, algorithms=["RS256"])


def service_account(plain: bytes, policy: AddressPolicy, *, is_checked: bool = False) -> ServiceAccount:
    """Read a key file as Google's console gives it. `policy` says where a token service may lie besides Google's: at
    the origins that it exempts. `is_checked` says that the key's numbers were checked when the file was offered: that
    takes longer than all else here. Raises `ValueError`, whose sentence has nothing of the file.
    """
    try:
        document = json.loads(plain)
    except (ValueError, RecursionError):
        raise ValueError("the key file of a service account is JSON") from None
    if not isinstance(document, dict) or document.get("type") != "service_account":
        raise ValueError("this is not the key file of a service account: type is not service_account")
    project, key_id, email = (
        _text(document, name) for name in ("project_id", "private_key_id", "client_email")
    )
    if not is_project(project):
        raise ValueError("project_id is no ID of a project")
    if not (_KEY_ID.fullmatch(key_id) and _EMAIL.fullmatch(email)):
        raise ValueError("private_key_id or client_email is not what Google gives")
    token_url = _token_url(_text(document, "token_uri"), policy)
    key = _key(_text(document, "private_key").encode(), is_checked=is_checked)
    return ServiceAccount(project, key_id, email, key, token_url)


def _text(document: dict[str, Any], name: str) -> str:
    value = document.get(name)
    if not isinstance(value, str):
        raise ValueError(f"{name} is missing")  # noqa: TRY004 - the file is wrong, not a type
    return value


def _token_url(url: str, policy: AddressPolicy) -> str:
    """Return where tokens are asked for: whoever may put a credential must not choose where requests go."""
    if url == GOOGLES_TOKEN_URL:
        return url
    try:
        exempt = policy.origin(url) in policy.allow_private
    except AddressRefused:
        exempt = False
    if not exempt:
        raise ValueError(f"token_uri is not {GOOGLES_TOKEN_URL}")
    return url


def _key(pem: bytes, *, is_checked: bool) -> RSAKey:
    key = _loaded(pem, is_checked=True)
    if not isinstance(key, RSAPrivateKey) or key.key_size < _LEAST_KEY_BITS:
        raise ValueError(f"private_key is no RSA key of {_LEAST_KEY_BITS} bits or more")
    if not is_checked:
        if key.key_size > _MOST_KEY_BITS:
            raise ValueError(f"private_key has more than {_MOST_KEY_BITS} bits")
        _loaded(pem, is_checked=False)
    return RSAKey.import_key(key)


def _loaded(pem: bytes, *, is_checked: bool) -> PrivateKeyTypes:
    try:
        return load_pem_private_key(pem, password=None, unsafe_skip_rsa_key_validation=is_checked)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise ValueError("private_key is no private key in PEM") from None
