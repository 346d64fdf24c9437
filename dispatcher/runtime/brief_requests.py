"""Requests that are answered as they are read: small ones, that wait for nothing and come by the thousand a second.

What a server does for any other request, a task, a scope, a place among strangers, takes several times as long as such
a request itself. A turn of the loop answers only so many of them: those beyond are answered as all others, and
wait for their place there.
"""

from __future__ import annotations

import asyncio
from enum import Enum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

A_TURN: Final = 32
"""The most in one turn of the loop, which take some 1.3 ms: a submission needs dozens of turns."""


class BriefVerdict(Enum):
    """What became of a brief request. Both are answered alike."""

    PROVED = "proved"
    """It shows that it comes from somebody whom we have written to."""
    UNPROVED = "unproved"
    """It does not: a connection that only sends such ones is a stranger's."""


class BriefRequests:
    """The brief requests of one process: bodies that are posted to one path."""

    def __init__(
        self,
        path: bytes,
        most: int,
        take: Callable[[bytes], BriefVerdict | None],
        status_line: bytes,
        headers: bytes,
    ) -> None:
        """`most` is the longest body in bytes; `take` returns None for one that is to be answered as all others are;
        `headers` are lines of the answer, which has no body.
        """
        self._path = path
        self._most = most
        self._take = take
        self._status_line = status_line
        self._headers = headers
        self._left = A_TURN

    def concerns(self, method: bytes, target: bytes, headers: list[tuple[bytes, bytes]]) -> bool:
        """Whether a request with this head may be answered so, if its body is as it should be."""
        if target != self._path or method != b"POST":
            return False
        length = next((value for name, value in headers if name == b"content-length"), b"")
        # Whoever expects to be told to go on is told so by what answers all others.
        plain = all(name not in (b"expect", b"upgrade") for name, _ in headers)
        return length.isdigit() and int(length) <= self._most and plain

    def take(self, body: bytes) -> BriefVerdict | None:
        """Take one. Returns None where it is to be answered as all others are."""
        if not self._left:
            return None
        if self._left == A_TURN:
            asyncio.get_running_loop().call_soon(self._renew)
        self._left -= 1
        return self._take(body)

    def _renew(self) -> None:
        self._left = A_TURN

    def answer(self, usual: list[tuple[bytes, bytes]], *, closes: bool) -> bytes:
        """Return the answer, with the `usual` headers of the server, as that would write it."""
        lines = b"".join([b"%b: %b\r\n" % one for one in usual])
        end = b"connection: close\r\n\r\n" if closes else b"\r\n"
        return self._status_line + lines + self._headers + end
