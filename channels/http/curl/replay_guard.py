"""Which connections are still open: what distinguishes a replay that is safe from one that is not.

libcurl repeats a request of its own accord when a reused connection gave no answer at all
(findings/libcurl-posts-twice.sh). If the connection broke, the server may have acted on the request, and repeating is
not for us to decide. If the connection was open to the end, the server has said that it did not act on it: it refused
the stream, or named the last stream that it took before going away (RFC 9113 sections 6.8 and 8.7), as nginx does after
every thousand requests.
"""

from __future__ import annotations

import socket
from typing import Final, TypeAlias, TypeVar

Local: TypeAlias = tuple[str, int]
"""The local IP address and port of a connection: its name for as long as it is open."""

Value = TypeVar("Value", int, None)
_ESTABLISHED: Final = 1  # tcp_info.tcpi_state, its first byte; linux/tcp_states.h
_REMEMBERED: Final = 4096  # a bound on what is remembered; more connections than a process here has


class ReplayGuard:
    """Watches the sockets behind libcurl's connections. Never closes one."""

    def __init__(self, remembered: int = _REMEMBERED) -> None:
        self._remembered = remembered
        self._descriptors: dict[Local, int] = {}
        self._stood: dict[Local, None] = {}

    def opened(self, descriptors: list[int]) -> None:
        """Note the sockets made for a request that now has its connection; several if addresses were raced."""
        for descriptor in descriptors:
            local, _ = _local_end_and_state(descriptor)
            self._keep(self._descriptors, local, descriptor)
            self._stood.pop(local, None)

    def descriptor(self, local: Local) -> int:
        """Return the descriptor of the connection with this local end; -1 if it is not open any more."""
        descriptor = self._descriptors.get(local, -1)
        return descriptor if _local_end_and_state(descriptor)[0] == local else -1

    def examine(self, local: Local) -> None:
        """Note whether this connection is still open, now that another socket is being opened for a request sent on it.

        Later is too late: libcurl closes it in an orderly way, and so does the server then.
        """
        descriptor = self._descriptors.get(local, -1)
        if _local_end_and_state(descriptor) == (
            local,
            _ESTABLISHED,
        ):  # the number may by now be another connection's
            self._keep(self._stood, local, None)

    def stood(self, local: Local) -> bool:
        """Return whether the connection was open in both directions, as far as this machine had heard, to its end."""
        return local in self._stood

    def _keep(self, book: dict[Local, Value], local: Local, value: Value) -> None:
        """Note `value`, and forget the oldest if there are many."""
        book[local] = value
        if len(book) > self._remembered:
            del book[next(iter(book))]


def _local_end_and_state(descriptor: int) -> tuple[Local, int]:
    """Return the local end of a TCP socket and its state; zeros if there is none behind the number."""
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
