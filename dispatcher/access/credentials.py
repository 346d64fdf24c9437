"""Judge credentials: which are good now, why others are not, and whose they are.

Whoever shows one is told no reason, and waits as long for every refusal: the reasons are for the operator.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from dispatcher.access.keys import AUTHENTICATES, LIFE, KeyKind
from dispatcher.access.kinds import PrincipalKind
from dispatcher.model.principals import CredentialState
from dispatcher.model.vocabulary import FEED_PREFIX

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from dispatcher.access.keys import KeyName
    from dispatcher.model.principals import Instance, RemoteOperator, Source

USE_NOTED_EVERY: Final = timedelta(minutes=1)
"""How often the last use of a key is written at most: to know whether a key is still used a minute is fine enough, and
an app that asks every second must not write every second."""


_KEY_KIND: Final = {
    PrincipalKind.INSTANCE: KeyKind.INSTANCE,
    PrincipalKind.REMOTE_OPERATOR: KeyKind.OPERATOR,
}


@dataclass(frozen=True, slots=True)
class Bearer:
    """The party that a key is for. `id` is its name among its kind; a feed's is that of the file of feeds."""

    kind: PrincipalKind
    id: str

    @classmethod
    def of(cls, source_id: str | None, instance_id: str | None, operator_id: str | None = None) -> Bearer:
        """Return the bearer that the record names by one of these."""
        if operator_id is not None:
            return cls(PrincipalKind.REMOTE_OPERATOR, operator_id)
        if source_id is None:
            return cls(PrincipalKind.INSTANCE, instance_id or "")
        if source_id.startswith(FEED_PREFIX):
            return cls(PrincipalKind.FEED, source_id.removeprefix(FEED_PREFIX))
        return cls(PrincipalKind.SOURCE, source_id)

    @property
    def key_kind(self) -> KeyKind:
        """Return the kind of its live keys."""
        return _KEY_KIND.get(self.kind, KeyKind.SOURCE)

    @property
    def key_kinds(self) -> frozenset[KeyKind]:
        """Return the kinds of keys that it may have: a source alone has keys for exercises."""
        return frozenset(kind for kind, kinds in AUTHENTICATES.items() if self.kind in kinds)

    @property
    def record_id(self) -> str:
        """Return its id in the record: a feed is a source there."""
        return FEED_PREFIX + self.id if self.kind is PrincipalKind.FEED else self.id

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"


@dataclass(frozen=True, slots=True)
class KeyTerms:
    """What the record says of a key's validity. `disabled_at` is its bearer's. `is_worthless`: the pepper was replaced
    that it was hashed under, so that nobody can recognise it.
    """

    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    disabled_at: datetime | None = None
    is_worthless: bool = False


@dataclass(frozen=True, slots=True)
class KeyEntry:
    """A key as the record has it, without its digest. `used_at` may be late by `USE_NOTED_EVERY`."""

    name: KeyName
    bearer: Bearer
    terms: KeyTerms
    created_at: datetime
    used_at: datetime | None
    person: str = ""
    """The person, by id, whom a source's key belongs to; empty where it is nobody's."""
    certificate: bytes | None = None
    """The digest of the public key of the certificate that it is bound to (`fingerprints.public_key_digest`)."""


@dataclass(frozen=True, slots=True)
class Recognition:
    """What became of a key that was shown. `party` and `name` are known only where the secret part was right too."""

    state: CredentialState
    party: Source | Instance | RemoteOperator | None = None
    name: KeyName | None = None
    person: str = ""
    """The person, by id, whom a source's key belongs to; empty where it is nobody's."""


@dataclass(frozen=True, slots=True)
class SharedSecret:
    """A secret of the settings, and the one before it, which holds until `previous_until`."""

    current: bytes = field(repr=False)
    previous: bytes = field(default=b"", repr=False)
    previous_until: datetime | None = None


def judge(terms: KeyTerms | None, now: datetime) -> CredentialState:
    """Return the state of a key at this time; `terms` are None where nobody has such a key.

    Of several reasons the gravest is given: a revoked key may be in the wrong hands.
    """
    if terms is None:
        return CredentialState.UNKNOWN
    if terms.revoked_at is not None:
        return CredentialState.REVOKED
    if terms.is_worthless:
        return CredentialState.WORTHLESS
    if terms.disabled_at is not None:
        return CredentialState.DISABLED
    if terms.expires_at is not None and terms.expires_at <= now:
        return CredentialState.EXPIRED
    return CredentialState.VALID


def wrong_end(kind: KeyKind, end: datetime | None, now: datetime) -> str:
    """Return a sentence for what is wrong with an end (None: never) of a key of this kind; nothing if that may be."""
    life = LIFE.get(kind)
    if life is not None and (end is None or end > now + life):
        return f"keys {kind}_… end within {life.days} days; `dispatcher keys rotate` gives another"
    return ""


def judge_secret(secret: SharedSecret, shown: Sequence[bytes], now: datetime) -> CredentialState:
    """Return the state of the best of what was shown. Both secrets are compared with all of it, whatever matches."""
    if not shown:
        return CredentialState.MISSING
    is_current = [hmac.compare_digest(one, secret.current) for one in shown]
    is_previous = [hmac.compare_digest(one, secret.previous) for one in shown]
    if any(is_current):
        return CredentialState.VALID
    if secret.previous and any(is_previous):
        return judge(KeyTerms(expires_at=secret.previous_until), now)
    return CredentialState.UNKNOWN


def is_use_due(used_at: datetime | None, now: datetime) -> bool:
    """Whether a use at this time is to be written down."""
    return used_at is None or now - used_at >= USE_NOTED_EVERY
