"""The sink's loop: epoll and non-blocking TLS sockets, without an event loop's layers in between."""

from __future__ import annotations

import select
import socket
import ssl
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from ops.lab.bench.sink.framing import Http1, Http2

if TYPE_CHECKING:
    from collections.abc import Callable

    from ops.lab.bench.sink.framing import Framing, SinkAnswer

SAMPLE_EVERY: Final = 97
"""One body in so many is kept at first; the number doubles each time that the sample is full."""
SAMPLE_MAX: Final = 64
_READ_BYTES: Final = 65_536
_BACKLOG: Final = 4096
_ENDED: Final = (ssl.SSLError, OSError, ValueError)


class Sample:
    """Counts requests, and keeps some of their bodies."""

    def __init__(self) -> None:
        self.count = 0
        self.bodies: list[bytes] = []
        self._every = SAMPLE_EVERY

    def note(self, body: bytes) -> None:
        """Count one request."""
        self.count += 1
        if self.count % self._every == 0:
            self.bodies.append(body)
            if len(self.bodies) > SAMPLE_MAX:
                self.bodies = self.bodies[::2]
                self._every *= 2

    def take(self) -> list[bytes]:
        """Return the sample since the last call."""
        taken, self.bodies = self.bodies, []
        self._every = SAMPLE_EVERY
        return taken


class _Peer:
    """A connection: first the TLS handshake, then requests."""

    def __init__(self, raw: ssl.SSLSocket, note: Callable[[bytes], None], answer: SinkAnswer) -> None:
        self.socket = raw
        self._note = note
        self._answer = answer
        self._framing: Framing | None = None
        self._unsent = b""

    def on_ready(self) -> bool:
        """Do what can be done now. Returns whether we wait to write. Raises `OSError`, `ValueError` at the end."""
        try:
            if self._framing is None:
                self._shake_hands()
            if self._unsent:
                self._send(b"")
            else:
                self._receive()
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLWantWriteError:
            return True
        return bool(self._unsent)

    def _shake_hands(self) -> None:
        self.socket.do_handshake()
        framing = Http2 if self.socket.selected_alpn_protocol() == "h2" else Http1
        self._framing = framing(self._note, self._answer)
        self._send(self._framing.greeting())

    def _receive(self) -> None:
        assert self._framing is not None
        data = self.socket.recv(_READ_BYTES)
        if not data:
            raise ConnectionResetError
        while self.socket.pending():
            data += self.socket.recv(_READ_BYTES)
        self._send(self._framing.feed(data))

    def _send(self, answers: bytes) -> None:
        self._unsent += answers
        if self._unsent:
            sent = self.socket.send(self._unsent)
            self._unsent = self._unsent[sent:]


class Sink:
    """Serves one listening socket until `stop` is readable."""

    def __init__(
        self, listener: socket.socket, tls: ssl.SSLContext, sample: Sample, answer: SinkAnswer
    ) -> None:
        self._listener = listener
        self._tls = tls
        self._sample = sample
        self._answer = answer
        self._peers: dict[int, _Peer] = {}
        self._epoll = select.epoll()

    def serve(self, commands: int, on_command: Callable[[], bool]) -> None:
        """Serve until `on_command`, called when the descriptor `commands` is readable, returns false."""
        self._listener.setblocking(False)
        self._epoll.register(self._listener, select.EPOLLIN)
        self._epoll.register(commands, select.EPOLLIN)
        while True:
            for fd, _ in self._epoll.poll():
                if peer := self._peers.get(fd):
                    self._serve_one(fd, peer)
                elif fd == commands:
                    if not on_command():
                        return
                else:
                    self._accept()

    def _accept(self) -> None:
        with suppress(BlockingIOError):
            while True:
                raw, _ = self._listener.accept()
                raw.setblocking(False)
                raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                wrapped = self._tls.wrap_socket(raw, server_side=True, do_handshake_on_connect=False)
                self._peers[wrapped.fileno()] = _Peer(wrapped, self._sample.note, self._answer)
                self._epoll.register(wrapped, select.EPOLLIN)

    def _serve_one(self, fd: int, peer: _Peer) -> None:
        try:
            writes = peer.on_ready()
        except _ENDED:
            del self._peers[fd]
            self._epoll.unregister(fd)
            peer.socket.close()
        else:
            if writes:
                self._epoll.modify(fd, select.EPOLLIN | select.EPOLLOUT)


def listening(host: str, port: int) -> socket.socket:
    """Open a listening socket; port 0 takes a free one."""
    return socket.create_server((host, port), backlog=_BACKLOG)


def server_tls(certificate: str, key: str, protocols: tuple[str, ...]) -> ssl.SSLContext:
    """Make the server's side of TLS, offering `protocols` by ALPN. Raises `OSError`, `ssl.SSLError`."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(certificate, key)
    context.set_alpn_protocols(list(protocols))
    return context
