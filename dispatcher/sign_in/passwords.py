"""Judge and hash passwords (argon2id, RFC 9106). A password alone lets nobody in: there is always a second factor."""

from __future__ import annotations

import asyncio
import unicodedata
from enum import StrEnum
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.profiles import RFC_9106_LOW_MEMORY

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar

    Result = TypeVar("Result")

SHORTEST: Final = 12
"""Characters of a password. NIST SP 800-63B asks for 8 beside a second factor and for no rules of composition."""
LONGEST: Final = 256
"""Long enough for any sentence; what is hashed must have an end."""
FEWEST_DIFFERENT: Final = 5
"""Different characters of a password: fewer are a pattern, such as `abababababab`."""
HASHED_AT_ONCE: Final = 2
"""Passwords that one process hashes at once: 64 MiB each, and a tenth of a second of each core."""
WAITING_AT_MOST: Final = 16
"""Attempts that wait for that; more are turned away at once, so that strangers cost no memory."""
_RUN: Final = "abcdefghijklmnopqrstuvwxyz01234567890"
_KEYBOARD: Final = ("qwertzuiopü", "qwertyuiop", "asdfghjklöä", "yxcvbnm", "zxcvbnm")


class WrongPassword(StrEnum):
    """Why something cannot be a password."""

    TOO_SHORT = "too_short"
    TOO_LONG = "too_long"
    PATTERN = "pattern"
    """It repeats itself, or counts up."""
    NAME = "name"
    """It is made of the person's own name."""


class TooManyHashes(Exception):
    """More passwords wait to be hashed than this process takes."""


def wrong_password(password: str, person_id: str) -> WrongPassword | None:
    """Return why that cannot be a person's password, None where it can."""
    text = _normal(password)
    if len(text) < SHORTEST:
        return WrongPassword.TOO_SHORT
    if len(text) > LONGEST:
        return WrongPassword.TOO_LONG
    low = text.casefold()
    if len(set(low)) < FEWEST_DIFFERENT or _without_runs(low) < FEWEST_DIFFERENT:
        return WrongPassword.PATTERN
    rest = low
    for part in person_id.replace("-", ".").split("."):
        rest = rest.replace(part, "") if len(part) > 2 else rest
    return WrongPassword.NAME if len(set(rest)) < FEWEST_DIFFERENT else None


def _without_runs(text: str) -> int:
    """Return how many characters are left where those go that only follow the one before: `abc`, `321`, `qwertz`."""
    rows = (_RUN, *_KEYBOARD)
    follows = {a + b for row in rows for a, b in pairwise(row)}
    follows |= {pair[::-1] for pair in follows}
    return 1 + sum(a + b not in follows and a != b for a, b in pairwise(text))


class Passwords:
    """Hashes and verifies, some at once, beside the event loop."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        """`hasher`: default is the second of the two that RFC 9106 recommends (3 passes, 64 MiB)."""
        self._hasher = hasher or PasswordHasher.from_parameters(RFC_9106_LOW_MEMORY)
        self._room = asyncio.Semaphore(HASHED_AT_ONCE)
        self._waiting = 0

    async def hash(self, password: str) -> str:
        """Return the hash of a password. Raises `TooManyHashes`."""
        return await self._beside(lambda: self._hasher.hash(_normal(password)))

    async def is_right(self, hashed: str | None, password: str) -> bool:
        """Whether this is the password; takes as long where there is none. Raises `TooManyHashes`."""
        given = _normal(password)[: LONGEST + 1]

        def verify() -> bool:
            try:
                return self._hasher.verify(hashed or _decoy(self._hasher), given)
            except (VerificationError, InvalidHashError):
                return False

        return await self._beside(verify) and bool(hashed)

    def is_outdated(self, hashed: str) -> bool:
        """Whether the hash is weaker than what is made today."""
        return self._hasher.check_needs_rehash(hashed)

    async def _beside(self, work: Callable[[], Result]) -> Result:
        if self._waiting >= WAITING_AT_MOST:
            raise TooManyHashes
        self._waiting += 1
        try:
            async with self._room:
                return await asyncio.to_thread(work)
        finally:
            self._waiting -= 1


@cache
def _decoy(hasher: PasswordHasher) -> str:
    """Return a hash that is nobody's, made with the same costs."""
    return hasher.hash("nobody has this password")


def _normal(password: str) -> str:
    """Return the same text for the same characters, however a keyboard composes them (NIST SP 800-63B: NFKC)."""
    return unicodedata.normalize("NFKC", password)
