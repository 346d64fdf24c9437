"""Which connections still stand: what tells a repetition that is safe from one that is not.

libcurl repeats a request of its own accord when a reused connection gave no answer at all. If the connection
broke, the server may have acted on the request, and repeating is not for us to decide. If the connection stood
to the end, the server has said that it did not act on it: it refused the stream, or named the last stream that it
took before going away (RFC 9113 sections 6.8 and 8.7), as nginx does after every thousand requests.
"""

from __future__ import annotations

import socket
from typing import Final, TypeAlias, TypeVar

Local: TypeAlias = tuple[str, int]
"""The local IP address and port of a connection: its name for as long as it stands."""

Key = TypeVar("Key")
_ESTABLISHED: Final = 1  # tcp_info.tcpi_state, its first byte; linux/tcp_states.h
_REMEMBERED: Final = 1024


class Connections:
    """The HTTP/2 connections that have been of use, and whether they stood when libcurl let go of them."""

    def __init__(self) -> None:
        self._multiplexed: dict[int, None] = {}
        self._stood: dict[Local, None] = {}

    def note_multiplexed(self, descriptor: int) -> None:
        """A request was answered by HTTP/2 on this socket, which libcurl may have let go of already."""
        if descriptor not in self._multiplexed:
            _keep(self._multiplexed, descriptor)
            self.released(descriptor)

    def released(self, descriptor: int) -> None:
        """libcurl does not wait for this socket any more; it is idle or about to be closed."""
        if descriptor in self._multiplexed:
            local, state = _look_at(descriptor)
            if state == _ESTABLISHED:
                _keep(self._stood, local)
            else:
                self._stood.pop(local, None)

    def stood(self, local: Local) -> bool:
        """Whether a connection was open in both directions, as far as this machine had heard, to its end."""
        return local in self._stood


def _keep(book: dict[Key, None], key: Key) -> None:
    """Note `key`, and forget the oldest if there are many."""
    book[key] = None
    if len(book) > _REMEMBERED:
        del book[next(iter(book))]


def _look_at(descriptor: int) -> tuple[Local, int]:
    """The local end of a TCP socket and its state; zeros if there is none behind the number."""
    try:
        borrowed = socket.socket(fileno=descriptor)
    except (OSError, ValueError):  # closed, or -1
        return ("", 0), 0
    try:
        address, port, *_ = borrowed.getsockname()
        return (address, port), borrowed.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0]
    except (OSError, ValueError):  # another kind of socket by now
        return ("", 0), 0
    finally:
        borrowed.detach()
