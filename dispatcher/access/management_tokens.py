"""Make the tokens of subscribers: the one with which a phone manages what is its own, and the one that only leaves.

The record has hashes of them. A management token is shown once; the token to leave by can be made again from the
subscriber's number, so that every message may have the link.
"""

from __future__ import annotations

import base64
import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

MANAGEMENT_TOKEN: Final = re.compile(r"wt_[A-Za-z0-9_-]{43}")
"""`wt_<32 random bytes>`: recognisable by scanners for leaked secrets."""
LEAVE_TOKEN: Final = re.compile(r"[a-z2-7]{26}")
"""The pattern of a token to leave by: 16 bytes in Base32, in small letters."""
_LEAVE_BYTES: Final = 16


class ManagementTokens:
    """Makes tokens and the hashes of them."""

    def __init__(self, keyed_hash: Callable[[str, str], bytes], random_text: Callable[[], str]) -> None:
        """`keyed_hash` takes a purpose and a value; `random_text` returns 32 random bytes in URL-safe Base64."""
        self._keyed_hash = keyed_hash
        self._random_text = random_text

    def new(self) -> str:
        """Return a management token."""
        return f"wt_{self._random_text()}"

    def digest(self, token: str) -> bytes:
        """Return what the record keeps of a management token."""
        return self._keyed_hash("management-token", token)

    def to_leave(self, number: int) -> str:
        """Return the token by which the subscriber of this number leaves, always the same."""
        made = self._keyed_hash("leave-token", str(number))[:_LEAVE_BYTES]
        return base64.b32encode(made).decode().rstrip("=").lower()

    def leave_digest(self, token: str) -> bytes:
        """Return what the record keeps of a token to leave by."""
        return self._keyed_hash("leave-digest", token)

    def installation(self, instance: str, name: str) -> bytes:
        """Return by what the installation of an instance's app is found that calls itself so."""
        return self._keyed_hash("installation", f"{instance}/{name}")

    def device(self, reference: str) -> bytes:
        """Return by what the apps of one device are found."""
        return self._keyed_hash("device", reference)

    def hidden(self, purpose: str, value: str) -> bytes:
        """Return what stands for a value that is personal data where it is only compared."""
        return self._keyed_hash(purpose, value)

    def code_digest(self, number: int, code: str) -> bytes:
        """Return what the record keeps of a code that was sent to an endpoint of this subscriber. It is keyed: the six
        digits of an SMS are tried out in no time by whoever has a copy of the record.
        """
        return self._keyed_hash("code", f"{number}/{code}")
