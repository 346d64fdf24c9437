"""Decide which key signs the alerts that the service passes on, and when a new one is due. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

LIFE: Final = timedelta(days=730)
"""How long the certificate of a key is valid."""
DUE: Final = timedelta(days=90)
"""How long before the end of its certificate the next key is made, where nobody has made one."""
AHEAD: Final = timedelta(days=30)
"""How long a key that is made so is published before it signs: whoever fetches the certificates once a week has it."""


class SigningState(StrEnum):
    """What a key is for now."""

    SIGNS = "signs"
    NEXT = "next"
    """It is published, and will sign."""
    BEFORE = "before"
    """It signed, and what it signed is still verified by it."""
    OVER = "over"
    """Its certificate has ended."""
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A key as anybody may know it."""

    fingerprint: str
    """SHA-256 of its certificate, 64 hexadecimal digits."""
    certificate: bytes
    """PEM."""
    signs_from: datetime
    ends_at: datetime
    """The end of its certificate."""
    revoked_at: datetime | None = None

    def is_good(self, now: datetime) -> bool:
        """Whether what it signed is to be believed `now`."""
        return self.revoked_at is None and now < self.ends_at


def current(keys: Iterable[SigningKey], now: datetime) -> SigningKey | None:
    """Return the key that signs `now`: of those that do already, the last one that began. None where there is none."""
    found = [one for one in keys if one.is_good(now) and one.signs_from <= now]
    return max(found, key=lambda one: (one.signs_from, one.fingerprint), default=None)


def published(keys: Iterable[SigningKey], now: datetime) -> tuple[SigningKey, ...]:
    """Return the keys whose certificates anybody is given: also the next one's, and those of before. The last to sign
    comes first.
    """
    good = [one for one in keys if one.is_good(now)]
    return tuple(sorted(good, key=lambda one: (one.signs_from, one.fingerprint), reverse=True))


def next_signs_from(keys: Sequence[SigningKey], now: datetime) -> datetime | None:
    """Return from when a key that is made `now` is to sign; None while none is due."""
    signing = current(keys, now)
    if signing is None:
        return now
    last = published(keys, now)[0]
    if last is signing and signing.ends_at - now <= DUE:
        return now + min(AHEAD, (signing.ends_at - now) / 2)
    return None


def state(key: SigningKey, keys: Iterable[SigningKey], now: datetime) -> SigningState:
    """Return what one of these keys is for `now`."""
    if key.revoked_at is not None:
        return SigningState.REVOKED
    if not key.is_good(now):
        return SigningState.OVER
    if key.signs_from > now:
        return SigningState.NEXT
    return SigningState.SIGNS if key == current(keys, now) else SigningState.BEFORE
