"""Accepts connections for a server.

The loop's own servers do so too, but a connection for which there is no file descriptor is dropped by libuv without a
word, and by asyncio with a traceback each time; and neither asks whether there is room.
"""

from __future__ import annotations

import asyncio
import errno
import socket
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from dispatcher.metrics.http import Ended
from dispatcher.runtime.http_connections import NO_PLACE

if TYPE_CHECKING:
    from collections.abc import Callable

    from dispatcher.runtime.http_connections import Connections
    from dispatcher.runtime.http_protocol import BoundedProtocol

ACCEPTED_AT_ONCE: Final = 16
"""How many connections are accepted before anything else has its turn."""
BACKLOG: Final = 2048
BUFFER_BYTES: Final = 131_072
"""The most of the kernel's buffers of a connection, each way: it would let them grow to megabytes, of which a client
that reads slowly makes us see nothing for minutes. 128 KiB carry 2.6 MB/s over 50 ms."""
LEAST_BUFFER_BYTES: Final = 8_192
TCP_MEMORY: Final = Path("/proc/sys/net/ipv4/tcp_mem")
"""Has three numbers of pages, for all connections of the machine; beyond the second the kernel makes all of them slow
(tcp(7))."""
PAGE_BYTES: Final = 4_096
NO_DESCRIPTOR: Final = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})
TURNED_AWAY: Final = 8
"""How many connections for which there was no place are kept at once until they have read so: half of the descriptors
that are left for what is being let go (`dispatcher.runtime.descriptors.LET_GO`)."""
TURNED_AWAY_S: Final = 0.5
"""How long each is: a client that sends its head and its body one after the other has sent both by then."""
PAUSE_S: Final = 0.05
"""How long nothing is accepted when there was no descriptor; one that was given up is free by then."""


def buffer_bytes(connections: int, tcp_memory: str) -> int:
    """Return how many bytes of the kernel a connection may have each way, so that so many of them whose clients take
    nothing leave the rest of the machine enough. `tcp_memory` is what `TCP_MEMORY` says; of anything else nothing is
    learnt. The kernel takes twice what it is asked for (socket(7)).
    """
    numbers = tcp_memory.split()
    if len(numbers) != len(("low", "pressure", "high")) or not numbers[1].isdecimal():
        return BUFFER_BYTES
    share = int(numbers[1]) * PAGE_BYTES // (2 * 2 * connections)
    return max(LEAST_BUFFER_BYTES, min(BUFFER_BYTES, share))


def _tcp_memory() -> str:
    try:
        return TCP_MEMORY.read_text()
    except OSError:  # no Linux, or a container that hides it
        return ""


class Acceptor:
    """Accepts from one listening socket until it is closed."""

    def __init__(
        self, listener: socket.socket, connections: Connections, connection: Callable[[], BoundedProtocol]
    ) -> None:
        self._listener = listener
        self._connections = connections
        self._connection = connection
        self._loop = asyncio.get_running_loop()
        self._opening: set[asyncio.Task[None]] = set()
        self._pause: asyncio.TimerHandle | None = None
        self._turned_away: dict[socket.socket, asyncio.TimerHandle] = {}

    def start(self) -> None:
        """Begin to listen and accept. Raises OSError."""
        self._listener.setblocking(False)
        size = buffer_bytes(self._connections.most, _tcp_memory())
        for option in (socket.SO_SNDBUF, socket.SO_RCVBUF):  # whoever is accepted inherits them
            self._listener.setsockopt(socket.SOL_SOCKET, option, size)
        self._listener.listen(BACKLOG)
        self._go_on()

    def close(self) -> None:
        """Accept nothing more. The listening socket is its owner's to close."""
        if self._pause is not None:
            self._pause.cancel()
        self._loop.remove_reader(self._listener)
        for accepted in tuple(self._turned_away):
            self._let_go(accepted)

    async def wait_closed(self) -> None:
        """Wait for those that were accepted just before."""
        if self._opening:
            await asyncio.wait(self._opening)

    def _go_on(self) -> None:
        self._pause = None
        self._loop.add_reader(self._listener, self._acceptable)

    def _acceptable(self) -> None:
        for _ in range(ACCEPTED_AT_ONCE):
            try:
                accepted, _address = self._listener.accept()
            except (BlockingIOError, InterruptedError):
                return
            except OSError as error:
                if error.errno in NO_DESCRIPTOR:
                    self._exhausted()
                    return
                continue  # the client went away in the queue, or its packet did not get through (accept(2))
            self._take(accepted)

    def _exhausted(self) -> None:
        self._connections.ended.note(Ended.NO_DESCRIPTOR)
        self._connections.make_room()
        self._loop.remove_reader(self._listener)
        self._pause = self._loop.call_later(PAUSE_S, self._go_on)

    def _take(self, accepted: socket.socket) -> None:
        accepted.setblocking(False)
        connection = self._connection()
        if not self._connections.admit(connection):
            self._turn_away(accepted)
            return
        task = self._loop.create_task(self._open(accepted, connection))
        self._opening.add(task)
        task.add_done_callback(self._opening.discard)

    def _turn_away(self, accepted: socket.socket) -> None:
        """Answer that there is no place, and keep the connection for a moment: what is unread when it is closed makes
        the kernel reset it, and the client may lose the answer (RFC 9112, section 9.6).
        """
        with suppress(OSError):
            accepted.send(NO_PLACE)
            accepted.shutdown(socket.SHUT_WR)
        self._turned_away[accepted] = self._loop.call_later(TURNED_AWAY_S, self._let_go, accepted)
        if len(self._turned_away) > TURNED_AWAY:
            self._let_go(next(iter(self._turned_away)))

    def _let_go(self, accepted: socket.socket) -> None:
        self._turned_away.pop(accepted).cancel()
        with suppress(OSError):
            accepted.recv(BUFFER_BYTES)
        accepted.close()

    async def _open(self, accepted: socket.socket, connection: BoundedProtocol) -> None:
        try:
            await self._loop.connect_accepted_socket(connection.for_loop, accepted)
        except OSError:  # it is gone already
            self._connections.leave(connection)
            accepted.close()
