"""What can be asked of the HTTP client and what can come back.

HttpError               code says what happened, origin says where; never a path, header or body
  Refused               our policy forbids the address; nobody was contacted
  NotSent               not a byte of the request left this machine
  NoAnswer              the request may have been read, no status was
  BrokenAnswer          the status was read, the rest was not
  Unprocessed           the server says that it did not act on the request; stays between a transport and the client
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping

    from channels.http.addresses import AddressPolicy

MAX_ANSWER_BYTES: Final = 65_536
"""The longest body that is read, unless a request allows more: gateways answer with an id, or an error in words."""


class HttpError(Exception):
    """No complete answer. `code` is short and stable; `origin` is scheme, host and port, nothing more."""

    def __init__(self, code: str, origin: str = "") -> None:
        super().__init__(f"{code} {origin}".strip())
        self.code = code
        self.origin = origin


class Refused(HttpError):
    """The address policy forbids it: url_*, private_address."""


class NotSent(HttpError):
    """Nothing was sent: dns, connect, tls, timeout_connect, timeout_queue, no_resources, closed."""


class NoAnswer(HttpError):
    """Sent, perhaps in part, but no status came back: timeout, reset, protocol, closed."""


class BrokenAnswer(HttpError):
    """Status and headers came, the body did not: oversized, truncated, timeout, closed."""

    def __init__(self, code: str, origin: str, answer: Answer) -> None:
        """`answer` has the status, the headers and an empty body."""
        super().__init__(code, origin)
        self.answer = answer


class Unprocessed(HttpError):
    """The server says that it did not act on the request (RFC 9113 section 8.7): it may be sent again."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Status, raw header lines and the body within the request's bound. All of it is untrusted."""

    status: int
    lines: tuple[bytes, ...] = ()
    body: bytes = b""

    def header(self, name: str) -> str | None:
        """Return the last value of a header, or None."""
        wanted = name.lower().encode("ascii")
        for line in reversed(self.lines):
            key, _, value = line.partition(b":")
            if key.strip().lower() == wanted:
                return value.strip().decode("latin-1")
        return None

    def members(self, most: int) -> dict[str, Any]:
        """Return the members of the JSON object that the body is; none where it is something else, or longer than
        `most` bytes.
        """
        if len(self.body) > most:
            return {}
        try:
            document = json.loads(self.body)
        except (ValueError, RecursionError):
            return {}
        return document if isinstance(document, dict) else {}


class Acceptance(Answer):
    """An accepting answer in brief, with the header block that it came with: what is in that may never be asked for,
    and reading it costs more than sending a message.
    """

    __slots__ = ("block",)
    lines = ()  # in place of the slots: one is made for each message, in a third of the time
    body = b""
    __setattr__ = object.__setattr__

    def __init__(self, status: int, block: bytes) -> None:
        """`block` is in HPACK's code (RFC 7541), complete in itself, as we allow no dynamic table."""
        self.status = status  # type: ignore[misc]
        self.block = block


Outcome: TypeAlias = Answer | HttpError
"""What comes of a request."""


class Request(NamedTuple):
    """One POST, GET or DELETE; a tuple, as one is made for each message.

    `headers` come from `header_lines`; the same list for equal headers saves work.
    """

    url: str
    headers: list[str]
    body: bytes
    timeout_s: float
    """The time from `submit` to the last byte of the answer."""
    get: bool = False
    """A GET, without the body."""
    max_answer_bytes: int = MAX_ANSWER_BYTES
    brief: bool = False
    """Only the status of an accepting answer is wanted: its headers and body may be left out."""
    located: bool = False
    """With `brief`, the header block of an accepting answer is wanted too, unread."""
    delete: bool = False
    """A DELETE, without the body."""
    origin: str = ""
    """The origin of `url` by the request's policy, where the sender has asked it already; empty: the client asks."""
    policy: AddressPolicy | None = None
    """Where requests of this kind may go; None: where the client's own policy allows."""
    own_header: str = ""
    """One header more, of this request alone, as a line of `header_lines`: the list stays the same for others."""


def header_lines(headers: Mapping[str, str]) -> list[str]:
    """Return headers as libcurl takes them. Raises `ValueError` where a value could smuggle in another header."""
    for name, value in headers.items():
        if not (value and name.isascii() and value.isascii() and value.isprintable() and name.isprintable()):
            raise ValueError(f"header {name!r} is empty or has characters that do not belong there")
    return [f"{name}: {value}" for name, value in headers.items()]
