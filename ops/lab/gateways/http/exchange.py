"""Requests and answers as the stand-ins know them, whatever protocol they travel by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

MAX_BODY = 64 * 1024
"""The most bytes of a request's body: far above what any channel sends (Web Push 4,096, RFC 8030 section 7.2)."""
NO_ANSWER = b"\x00\xff no answer of any protocol \r\n\r\n" * 4
"""What a gateway sends that sends garbage."""


@dataclass(frozen=True, slots=True)
class Request:
    """A complete request. Header names are lower case; `path` is without the query."""

    method: str
    path: str
    headers: dict[str, str]
    """The authority of an HTTP/2 request stands here as `host`."""
    body: bytes
    port: int
    """The local port it came in on: stands for the origin."""
    protocol: str
    """`http/1.1` or `h2`, as ALPN names them."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A complete answer."""

    status: int
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()


class Closable(Protocol):
    """A connection, whatever protocol it speaks."""

    def close(self) -> None:
        """Close the connection after what was written."""
        ...


class Exchange(Protocol):
    """One request, and everything that can be done instead of a plain answer.

    Exactly one of the methods is called, once, or none: then the sender waits in vain. `http1` and `http2` say what
    each of them is on the wire.
    """

    request: Request

    def answer(self, answer: Answer) -> None:
        """Send the whole answer."""
        ...

    def truncate(self, answer: Answer, keep_bytes: int) -> None:
        """Send the beginning of the answer, `keep_bytes` long, and break off."""
        ...

    def dribble(self, answer: Answer, pause_s: float) -> None:
        """Send the answer in its smallest pieces, `pause_s` seconds apart."""
        ...

    def reset(self) -> None:
        """Break this exchange off without an answer and without saying whether the request was read."""
        ...

    def refuse(self) -> None:
        """Break this exchange off and say, where the protocol can, that the request was not acted upon."""
        ...

    def disconnect(self) -> None:
        """Break the connection, and with it all that is under way on it, by a TCP reset."""
        ...

    def garble(self) -> None:
        """Send what is no answer and close the connection, with all that is under way on it."""
        ...

    def go_away(self, answer: Answer) -> None:
        """Send the whole answer, answer what is under way on the connection, and take nothing more on it."""
        ...
