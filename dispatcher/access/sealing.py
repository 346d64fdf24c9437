"""Seal personal data for the record, and find it again by a keyed hash. Keys come from a ring, which lies elsewhere.

AES-256-GCM with random nonces, of which NIST SP 800-38D (section 8.3) allows 2^32 for a key: four thousand times a
million endpoints.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import re
import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

if TYPE_CHECKING:
    from collections.abc import Mapping

KEY_BYTES: Final = 32
"""Of a key for AES-256, and of the one for lookups."""
KEY_ID_BYTES: Final = 2
"""What is sealed begins with the number of its key, so that ranges of keys are ranges of bytes."""
MAX_KEY_ID: Final = (1 << (8 * KEY_ID_BYTES)) - 1
_NONCE_BYTES: Final = 12
_KEY: Final = re.compile(r"[A-Za-z0-9_-]{43}")
_NONCE_END: Final = KEY_ID_BYTES + _NONCE_BYTES
_LOOKUP_PURPOSE: Final = b"cap-dispatcher: fingerprint of the lookup key"
_KEY_PURPOSE: Final = b"cap-dispatcher: fingerprint of a sealing key"
_HEAD: Final = """\
# Endpoints in the record are sealed with these keys: without this file nobody can be warned. Keep a copy of it apart
# from the record's backups. `dispatcher secrets rotate addresses` adds a key.
"""


class Unsealable(Exception):
    """What was sealed cannot be opened: it is damaged, stands where it does not belong, or its key is another one."""


class UnknownKey(Unsealable):
    """What was sealed names a key that this ring does not have."""

    def __init__(self, key_id: int) -> None:
        super().__init__(f"the ring has no key {key_id}")
        self.key_id = key_id


@dataclass(frozen=True, slots=True)
class KeyRing:
    """The key for lookups, which stays the same for good, and keys for sealing by number: the highest is the newest."""

    lookup: bytes = field(repr=False)
    keys: Mapping[int, bytes] = field(repr=False)

    @classmethod
    def new(cls, first: int = 1) -> KeyRing:
        """Make a ring with one key, which has the number `first`."""
        return cls(secrets.token_bytes(KEY_BYTES), {first: secrets.token_bytes(KEY_BYTES)})

    @classmethod
    def parse(cls, text: bytes) -> KeyRing:
        """Read a ring: words `lookup KEY` and `key NUMBER KEY`, in lines or in one. Raises ValueError, which says what
        is wrong without any key.
        """
        try:
            lines = text.decode("ascii").splitlines()
        except UnicodeDecodeError:
            raise ValueError("a ring of keys is ASCII") from None
        words = iter([word for line in lines if not line.lstrip().startswith("#") for word in line.split()])
        lookups: list[bytes] = []
        keys: dict[int, bytes] = {}
        for word in words:
            if word == "lookup":
                lookups.append(_read_key(next(words, "")))
            elif word == "key":
                number = _read_number(next(words, ""))
                if number in keys:
                    raise ValueError(f"a ring of keys has key {number} twice")
                keys[number] = _read_key(next(words, ""))
            else:
                raise ValueError(
                    "a ring of keys has `lookup KEY` and `key NUMBER KEY`, and something else is there"
                )
        if len(lookups) != 1 or not keys:
            raise ValueError("a ring of keys has one `lookup KEY`, and at least one `key NUMBER KEY`")
        return cls(lookups[0], dict(sorted(keys.items())))

    def text(self) -> bytes:
        """Return the ring as `parse` reads it."""
        lines = [
            f"lookup {_write_key(self.lookup)}",
            *(f"key {n} {_write_key(key)}" for n, key in self.keys.items()),
        ]
        return (_HEAD + "\n".join(lines) + "\n").encode()

    @property
    def newest(self) -> int:
        """Return the number of the newest key."""
        return max(self.keys)

    def with_new_key(self) -> KeyRing:
        """Return the ring with one key more, the newest. Raises ValueError once numbers are used up."""
        if self.newest >= MAX_KEY_ID:
            raise ValueError(f"no ring has more than {MAX_KEY_ID} keys in its life")
        return KeyRing(self.lookup, {**self.keys, self.newest + 1: secrets.token_bytes(KEY_BYTES)})

    def without_keys_before(self, key_id: int) -> KeyRing:
        """Return the ring without the keys that are older. Raises ValueError where none would be left."""
        left = {number: key for number, key in self.keys.items() if number >= key_id}
        if not left:
            raise ValueError("a ring keeps at least one key")
        return KeyRing(self.lookup, left)

    def fingerprint(self) -> str:
        """Return what the record keeps of the ring: a hash under the key for lookups, as hexadecimal digits."""
        return hmac.digest(self.lookup, _LOOKUP_PURPOSE, hashlib.sha256).hex()

    def key_fingerprints(self) -> dict[int, str]:
        """Return what the record keeps of each key, by number, as hexadecimal digits."""
        return {n: hmac.digest(key, _KEY_PURPOSE, hashlib.sha256).hex() for n, key in self.keys.items()}


class Sealing:
    """Seals with one key of a ring, opens with all, and hashes with the key for lookups."""

    def __init__(self, ring: KeyRing, current: int | None = None) -> None:
        """`current` is the number of the key to seal with; default: the newest. Raises `UnknownKey`."""
        self.current = ring.newest if current is None else current
        if self.current not in ring.keys:
            raise UnknownKey(self.current)
        self._lookup = hmac.new(ring.lookup, digestmod="sha256")
        self._head = key_prefix(self.current)
        self._ciphers = {key_prefix(number): AESGCM(key) for number, key in ring.keys.items()}
        self._cipher = self._ciphers[self._head]

    def seal(self, plain: bytes, bound_to: bytes) -> bytes:
        """Return it encrypted: key number (2 bytes), nonce (12), ciphertext and tag (16 more than `plain`). It can be
        opened only with the same `bound_to`, which says where it belongs.
        """
        nonce = os.urandom(_NONCE_BYTES)
        return self._head + nonce + self._cipher.encrypt(nonce, plain, bound_to)

    def open(self, sealed: bytes, bound_to: bytes) -> bytes:
        """Return what was sealed. Raises `Unsealable`."""
        cipher = self._ciphers.get(sealed[:KEY_ID_BYTES])
        if cipher is None:
            raise UnknownKey(key_of(sealed))
        try:
            return cipher.decrypt(sealed[KEY_ID_BYTES:_NONCE_END], sealed[_NONCE_END:], bound_to)
        except (InvalidTag, ValueError):
            raise Unsealable("damaged, or not what it stands for") from None

    def has(self, key_id: int) -> bool:
        """Return whether it can open what the key of this number has sealed."""
        return key_prefix(key_id) in self._ciphers

    def keyed_hash(self, purpose: str, value: str) -> bytes:
        """Return 32 bytes by which equal values of a purpose are found, and nothing is learnt without the key. Raises
        ValueError for a purpose with NUL, which is what ends it.
        """
        if "\0" in purpose:
            raise ValueError("a purpose has no NUL")
        mac = self._lookup.copy()  # in half the time of a new one
        mac.update(f"{purpose}\0{value}".encode())
        return mac.digest()


def key_prefix(key_id: int) -> bytes:
    """Return what all begins with that is sealed with the key of this number."""
    return key_id.to_bytes(KEY_ID_BYTES, "big")


def key_of(sealed: bytes) -> int:
    """Return the number of the key with which it was sealed. Raises `Unsealable` for what is too short."""
    if len(sealed) < KEY_ID_BYTES:
        raise Unsealable("too short to be sealed")
    return int.from_bytes(sealed[:KEY_ID_BYTES], "big")


def _write_key(key: bytes) -> str:
    return base64.urlsafe_b64encode(key).decode().rstrip("=")


def _read_key(word: str) -> bytes:
    if not _KEY.fullmatch(word):
        raise ValueError(f"a key is {KEY_BYTES} bytes in Base64 (URL-safe), and one is not")
    return base64.urlsafe_b64decode(f"{word}=")


def _read_number(word: str) -> int:
    number = int(word) if word.isascii() and word.isdigit() and len(word) <= 5 else 0
    if not 1 <= number <= MAX_KEY_ID:
        raise ValueError(f"keys have numbers from 1 to {MAX_KEY_ID}, and one has not")
    return number
