"""Sign the provider tokens that APNs is shown: for each key one at a time, the same in all processes.

Apple takes a token for an hour, and at most one more every 20 minutes for a key. A token follows from the key and the
time alone, its signature too (RFC 6979): so all processes show the same one, and after a restart again, though none
has told it to another.

Nobody knows whether Apple counts the 20 minutes from when a token says that it was made or from when it first saw it.
Whoever sends seldom may show it the last token a minute before the next one: where it refuses that, the last one is
shown for as long as it may. Where it calls one too old our clock is behind, and the next one is shown at once: it is of
the same row, so that no second one follows it a moment later.

[S] https://developer.apple.com/documentation/usernotifications/establishing-a-token-based-connection-to-apns
"""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final, NamedTuple

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

if TYPE_CHECKING:
    from channels.apns.credential import ApnsCredential

RENEWED_EVERY: Final = timedelta(minutes=24)
"""How often there is a new one: between the 20 minutes and the hour that Apple names, so often that the one before is
good for another 20 minutes."""
ISSUED_BEFORE: Final = timedelta(minutes=10)
"""How long before its first use it says that it was made. So it is between 10 and 34 minutes old by our clock, which
may be 10 minutes ahead or 26 behind; with the next one in place of one that is too old it may be 50 behind."""
REFUSED_FOR: Final = timedelta(minutes=20)
"""For how long after the last one Apple may refuse a new one."""
_CURVE_BYTES: Final = 32


class ProviderToken(NamedTuple):
    """What APNs is shown."""

    value: str
    issued: datetime
    ahead: bool
    """Whether it is the next one already, as Apple has called this time's too old."""
    earlier: bool
    """Whether it is the one before, as Apple has said that the new one came too soon."""


def issued_at(now: datetime) -> datetime:
    """Return when the token of `now` (aware) says that it was made."""
    every = RENEWED_EVERY.total_seconds()
    return datetime.fromtimestamp(now.timestamp() // every * every, UTC) - ISSUED_BEFORE


def is_too_soon(issued: datetime, now: datetime) -> bool:
    """Whether Apple may refuse the token at `now`, as it saw the one before until this one began to be shown."""
    return now < issued + ISSUED_BEFORE + REFUSED_FOR


def signed(credential: ApnsCredential, issued: datetime) -> str:
    """Return the JWT of a key that says that it was made then: always the same."""
    header = {"alg": "ES256", "kid": credential.key_id}
    claims = {"iss": credential.team, "iat": int(issued.timestamp())}
    text = ".".join(_base64url(json.dumps(part, separators=(",", ":")).encode()) for part in (header, claims))
    algorithm = ec.ECDSA(hashes.SHA256(), deterministic_signing=True)
    numbers = decode_dss_signature(credential.key.sign(text.encode("ascii"), algorithm))
    return f"{text}.{_base64url(b''.join(one.to_bytes(_CURVE_BYTES, 'big') for one in numbers))}"


class ProviderTokens:
    """The tokens of a process, each signed once."""

    def __init__(self) -> None:
        self._too_old: dict[str, datetime] = {}
        """When the last token of a key that Apple has called too old says that it was made."""
        self._too_soon: dict[str, datetime] = {}
        """When the last token of a key that Apple has refused as it came too soon says that it was made."""
        self._signed: dict[tuple[str, datetime], str] = {}

    def token(self, credential: ApnsCredential, now: datetime) -> ProviderToken:
        """Return the token that a key shows at `now` (aware)."""
        key, issued = credential.key_name, issued_at(now)
        too_old = self._too_old.get(key)
        if ahead := too_old == issued:
            issued += RENEWED_EVERY
        before = issued - RENEWED_EVERY
        if earlier := self._too_soon.get(key) == issued and is_too_soon(issued, now) and too_old != before:
            issued = before
        if (key, issued) not in self._signed:
            self._signed = {known: one for known, one in self._signed.items() if known[0] != key}
            self._signed[key, issued] = signed(credential, issued)
        return ProviderToken(self._signed[key, issued], issued, ahead, earlier)

    def renewed(self, credential: ApnsCredential, refused: ProviderToken, now: datetime) -> ProviderToken:
        """Return the token in place of one that Apple has called too old: the next one, until that is too old, too."""
        self._too_old[credential.key_name] = refused.issued
        return self.token(credential, now)

    def kept(self, credential: ApnsCredential, refused: ProviderToken, now: datetime) -> ProviderToken:
        """Return the token in place of one of which Apple has said that it came too soon: for as long as that may be,
        the one before.
        """
        self._too_soon[credential.key_name] = refused.issued
        return self.token(credential, now)


def _base64url(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")
