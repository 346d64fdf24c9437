"""One TLS connection over a socket of our own: a byte leaves only in a system call made here, and its time is looked at
right before.

An event loop's transport keeps what the kernel has no room for, and writes it when there is room. A process that was
stopped in between and continued after the time of these bytes would write them on waking, before any code of ours runs.
"""

from __future__ import annotations

import math
import ssl
from contextlib import suppress
from typing import TYPE_CHECKING, Final, Protocol

from channels.http.sockets import reset_on_close

if TYPE_CHECKING:
    import asyncio
    import socket
    from collections.abc import Callable

_READ_BYTES: Final = 1 << 16
"""The most bytes read at once: what a mass send's answers come to in a round of the loop, several times over. Whoever
sends more than that does not have the loop to himself."""


class Listener(Protocol):
    """Whoever is told of what comes in, and of the end."""

    def received(self, data: bytes) -> None:
        """Take what the other side sent."""
        ...

    def lost(self, code: str) -> None:
        """Note that the connection is over, which it was not by our own doing."""
        ...


class TlsSocket:
    """The client's side of a connection. `raw` is connected and does not block; it is closed with this."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        raw: socket.socket,
        tls: ssl.SSLContext,
        host: str,
        monotonic: Callable[[], float],
    ) -> None:
        self._loop = loop
        self._raw = raw
        self._monotonic = monotonic
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = tls.wrap_bio(self._incoming, self._outgoing, server_hostname=host)
        self._unsent = b""
        """What is encrypted, and what the kernel has not taken."""
        self._not_after = math.inf
        """The time after which what is unsent must not leave."""
        self._listener: Listener | None = None
        self._waiting = False
        self.closed = False

    async def handshake(self) -> None:
        """Agree on keys and protocol. Raises `OSError`; errors of TLS are among them."""
        while not self._agreed():
            await self._loop.sock_sendall(self._raw, self._outgoing.read())
            self._take_in(await self._loop.sock_recv(self._raw, _READ_BYTES))
        await self._loop.sock_sendall(self._raw, self._outgoing.read())

    @property
    def protocol(self) -> str | None:
        """The protocol agreed on (ALPN)."""
        return self._tls.selected_alpn_protocol()

    @property
    def unsent(self) -> int:
        """How many bytes the kernel has not taken."""
        return len(self._unsent)

    def listen(self, listener: Listener) -> None:
        """Read from now on, and tell `listener`; later, from the event loop."""
        self._listener = listener
        self._loop.add_reader(self._raw.fileno(), self.read)
        self._loop.call_soon(self.read)  # what came with the end of the handshake is here already

    def write(self, data: bytes, not_after: float = math.inf) -> None:
        """Send `data`, of which nothing is to leave once the clock shows `not_after`: then all is broken off."""
        if self.closed:
            return
        self._not_after = min(self._not_after, not_after)
        try:
            while data:
                data = data[self._tls.write(data) :]
        except ssl.SSLError:
            self._lose("reset")
            return
        self._push()

    def read(self) -> None:
        """Take what has come in, as far as it fits; nothing if there is none."""
        if self.closed:
            return
        try:
            with suppress(BlockingIOError, InterruptedError):
                self._take_in(self._raw.recv(_READ_BYTES))
            plain, ended = self._decrypted()
        except OSError:
            self._lose("reset")
            return
        if plain and self._listener is not None:
            self._listener.received(plain)
        if ended:
            self._lose("reset")
        elif (
            self._outgoing.pending and not self.closed
        ):  # TLS answers by itself, to a change of keys for instance
            self._push()

    def close(self) -> None:
        """Say goodbye and close; what the kernel has not taken, and cannot take now, is dropped."""
        if self.closed:
            return
        self._listener = None
        with suppress(ssl.SSLError):  # the other side's goodbye is not waited for
            self._tls.unwrap()
        self._push()
        if self._unsent:
            self.abort()
        else:
            self._close()

    def abort(self) -> None:
        """Close at once; what the kernel has not sent is dropped, too."""
        if not self.closed:
            reset_on_close(self._raw)
            self._close()

    def _agreed(self) -> bool:
        try:
            self._tls.do_handshake()
        except ssl.SSLWantReadError:
            return False
        except ssl.SSLError:
            with suppress(OSError):
                self._raw.send(self._outgoing.read())  # says why
            raise
        return True

    def _take_in(self, data: bytes) -> None:
        if not data:
            raise ConnectionResetError
        self._incoming.write(data)

    def _decrypted(self) -> tuple[bytes, bool]:
        """Return what can be read, and whether that was all there will be."""
        plain: list[bytes] = []
        try:
            while chunk := self._tls.read(_READ_BYTES):
                plain.append(chunk)
        except ssl.SSLWantReadError:
            return b"".join(plain), False
        return b"".join(plain), True

    def _push(self) -> None:
        """Give the kernel what it takes now; the rest when it has room."""
        self._unsent += self._outgoing.read()
        if not self._unsent:
            return
        if self._not_after <= self._monotonic():  # the last instant before the system call
            self._lose("timeout")
            return
        try:
            sent = self._raw.send(self._unsent)
        except (BlockingIOError, InterruptedError):
            sent = 0
        except OSError:
            self._lose("reset")
            return
        self._unsent = self._unsent[sent:]
        if not self._unsent:
            self._not_after = math.inf
        self._wait(bool(self._unsent))

    def _wait(self, wanted: bool) -> None:  # noqa: FBT001 - the state wanted
        if wanted != self._waiting:
            self._waiting = wanted
            if wanted:
                self._loop.add_writer(self._raw.fileno(), self._push)
            else:
                self._loop.remove_writer(self._raw.fileno())

    def _lose(self, code: str) -> None:
        listener = self._listener
        self.abort()
        if listener is not None:
            listener.lost(code)

    def _close(self) -> None:
        self.closed = True
        self._listener = None
        self._wait(False)
        self._loop.remove_reader(self._raw.fileno())
        self._raw.close()
