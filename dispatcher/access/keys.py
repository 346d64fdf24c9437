"""Read API keys: how they look, whom they authenticate, and how they compare with what is stored of them."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from dispatcher.access.kinds import PrincipalKind
from dispatcher.model.vocabulary import Environment

if TYPE_CHECKING:
    from collections.abc import Mapping


class KeyKind(StrEnum):
    """The kind of a key, which it begins with."""

    SOURCE = "wk"
    EXERCISE = "wx"
    """A source's too, for exercises alone."""
    INSTANCE = "wi"
    OPERATOR = "wo"


KEY_PATTERN: Final = re.compile(r"(?P<kind>wk|wx|wi|wo)_(?P<id>[a-z0-9-]{1,40})_[A-Za-z0-9_-]{43}")
"""`wk_<key id>_<32 random bytes>` for sources and feeds, `wx_…` for sources' exercises, `wi_…` for instances, `wo_…`
for operators away from the machine: recognisable by scanners for leaked secrets. The id is the bearer's with a random
end, so that one bearer can have several keys; that of an instance's first key was once the instance's own."""
KEY_ID_PATTERN: Final = re.compile(r"[a-z0-9-]{1,40}")
_NAME_PATTERN: Final = re.compile(r"((wk|wx|wi|wo)_)?[a-z0-9-]{1,40}")
_RANDOM_END: Final = 8
"""Hexadecimal digits that tell the keys of one bearer apart."""
_LONGEST_BEARER: Final = 40 - _RANDOM_END - 1
NO_DIGEST: Final = bytes(32)
"""A digest that no key has: what is shown is compared with it where there is no other, to take as long."""

AUTHENTICATES: Final[Mapping[KeyKind, frozenset[PrincipalKind]]] = MappingProxyType(
    {
        KeyKind.SOURCE: frozenset({PrincipalKind.SOURCE, PrincipalKind.FEED}),
        KeyKind.EXERCISE: frozenset({PrincipalKind.SOURCE}),
        KeyKind.INSTANCE: frozenset({PrincipalKind.INSTANCE}),
        KeyKind.OPERATOR: frozenset({PrincipalKind.REMOTE_OPERATOR}),
    }
)
"""The kinds of principals that a key of each kind can authenticate."""
KEYED: Final = tuple(kind for kind in PrincipalKind if any(kind in those for those in AUTHENTICATES.values()))
"""The kinds of principals that have keys."""
LIFE: Final[Mapping[KeyKind, timedelta]] = MappingProxyType({KeyKind.OPERATOR: timedelta(days=90)})
"""The longest life of a key, of kinds whose keys end by themselves: an operator's makes keys for others. Whoever needs
it longer rotates it."""


@dataclass(frozen=True, slots=True)
class KeyName:
    """What a key says of itself: under which id it is looked up, and where; not whether it is valid."""

    kind: KeyKind
    id: str

    def __str__(self) -> str:
        return f"{self.kind}_{self.id}"


def environment_of_key(kind: KeyKind) -> Environment:
    """Return the environment of keys of this kind. A key says it itself, and its kind is part of what is hashed, so
    that no change of the record makes a live key one of exercises, or the other way round.
    """
    return Environment.EXERCISE if kind is KeyKind.EXERCISE else Environment.LIVE


def read_key(key: str) -> KeyName | None:
    """Return what the key says of itself; None for what is no key."""
    found = KEY_PATTERN.fullmatch(key)
    return KeyName(KeyKind(found["kind"]), found["id"]) if found else None


def named_by(text: str) -> str | None:
    """Return what a key is called by, with its kind or without, of what somebody typed: that, or the whole key. None
    for anything else, which may be most of a key: do not repeat it.
    """
    key = read_key(text.strip())
    if key is not None:
        return str(key)
    return text.strip() if _NAME_PATTERN.fullmatch(text.strip()) else None


def key_id(key: str, kind: KeyKind) -> str:
    """Return the id within a key of this kind. Raises ValueError for anything else."""
    found = read_key(key)
    if found is None or found.kind is not kind:
        raise ValueError(f"not a key of the form {kind}_<id>_<43 characters>")
    return found.id


def new_key(kind: KeyKind, name: str, secret: str) -> str:
    """Return a key; `secret` is 32 random bytes in URL-safe Base64. Raises ValueError for a name no key can have."""
    key = f"{kind}_{name}_{secret}"
    key_id(key, kind)
    return key


def fresh_key(kind: KeyKind, bearer: str) -> str:
    """Return another key of this bearer, which nobody has."""
    return new_key(kind, new_key_id(bearer, secrets.token_hex(_RANDOM_END // 2)), secrets.token_urlsafe(32))


def new_key_id(bearer: str, random_hex: str) -> str:
    """Return the id of another key of this bearer; `random_hex` are 8 digits."""
    return f"{bearer[:_LONGEST_BEARER]}-{random_hex}"


def digest(pepper: bytes, key: str) -> bytes:
    """Return the digest that is stored. Keys carry 256 random bits, so a keyed hash is enough: there is nothing to
    guess.
    """
    return hmac.digest(pepper, key.encode(), hashlib.sha256)


def matches(stored: bytes, pepper: bytes, key: str) -> bool:
    """Whether `stored` is the key's digest; takes as long if it is not."""
    return hmac.compare_digest(stored, digest(pepper, key))
