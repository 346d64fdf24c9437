"""Our own HTTP/2 connections to one origin, beside libcurl's: for mass sends, where libcurl's cost a request counts.

They only ever speed up what works already: an origin gets them when libcurl has got many answers from it by HTTP/2;
whatever does not go through here (no room, no connection yet, a connection that cannot be made) goes through
libcurl; and what the other side gave back unprocessed does so, too. The address is checked as libcurl's is: every
resolved address is put to the policy, and the socket is connected to that very address.
"""

from __future__ import annotations

import asyncio
import math
import socket
import ssl
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from channels.http.http2.connection import Connection
from channels.http.http2.tls_socket import TlsSocket
from channels.http.sockets import bound_unacknowledged

if TYPE_CHECKING:
    from collections.abc import Callable

    from channels.http.http2.hpack import Field
    from channels.http.http2.protocol import Stream
    from channels.http.messages import Outcome, Request
    from channels.http.transport import TransportSettings

MAX_CONNECTIONS: Final = 4
"""The most connections to one origin: 400 requests under way where it allows the usual 100 streams."""
RETRY_S: Final = 0.5
"""How soon the next try follows the first one that failed: within a second, for a mass send goes three to ten times
faster here. It may have failed for a packet lost, or for an event loop that was held."""
RETRY_GROWTH: Final = 1.5
MAX_RETRY_S: Final = 5.0
"""How much longer the pause becomes with each further failure, and the longest. A try costs a handshake at most."""
LEFT_ALONE_S: Final = 30.0
"""How long an origin is left to libcurl that says that we cannot speak: with it by HTTP/2, as who it claims to be, or
at an address that it may have. That lasts until somebody changes its settings."""
MAX_FIELD_BYTES: Final = 8192
"""The most bytes of fields: with a path of at most 2,048 characters a header block then fits one frame of 16,384
bytes."""
_REMEMBERED_HEADERS: Final = 64
"""Lists of headers whose fields are kept: each batch of a message has its own, renewed every second."""


class _CannotSpeak(OSError):
    """No connection will be made until somebody changes the settings of the other side."""


def retry_pause(failures: int, *, lasting: bool = False) -> float:
    """Return how many seconds to leave an origin to libcurl after so many failed tries in a row."""
    if lasting:
        return LEFT_ALONE_S
    steps = min(failures - 1, 32)  # beyond the longest pause by far, and still a number
    return min(RETRY_S * RETRY_GROWTH**steps, MAX_RETRY_S)


def client_tls(ca_file: str) -> ssl.SSLContext:
    """Verify servers as libcurl does, and offer HTTP/2 and nothing else. Raises `OSError`, `ssl.SSLError`."""
    context = ssl.create_default_context(cafile=ca_file)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["h2"])
    return context


def target_of(url: str) -> str:
    """Return what the request line asks for: the URL from its path on, as it stands."""
    path, query = url.find("/", len("https://")), url.find("?")
    if path >= 0 and (query < 0 or path < query):
        return url[path:]
    return "/" + url[query:] if query >= 0 else "/"


def _field(line: str) -> Field:
    name, _, value = line.partition(": ")
    return name.lower().encode("ascii"), value.encode("ascii")


class ConnectionPool:
    """The connections to one origin. `origin` is one that the policy accepted, with https."""

    def __init__(self, origin: str, tls: ssl.SSLContext, settings: TransportSettings) -> None:
        parts = urlsplit(origin)
        self._origin = origin
        self._prefix = origin + "/"
        self._host = parts.hostname or ""
        self._port = parts.port or 443
        self._policy = settings.policy
        self._tls = tls
        self._timeout_s = settings.connect_timeout_s
        self._monotonic = settings.monotonic
        self._first: tuple[Field, ...] = (
            (b":authority", parts.netloc.encode("ascii")),
            (b"user-agent", settings.user_agent.encode("ascii")),
        )
        self._connections: list[Connection] = []
        self._roomy: Connection | None = None
        """The connection that took the last request: likely it takes the next, too."""
        self._connecting: asyncio.Task[None] | None = None
        self._not_before = -math.inf
        self._failures = 0
        """Tries in a row that came to nothing: no connection, or one on which nothing was ever answered."""
        self._latest: tuple[list[str], int, tuple[Field, ...]] = ([], 0, ())
        self._fields: dict[tuple[int, int], tuple[list[str], tuple[Field, ...]]] = {}

    def start(
        self, request: Request, due: float, done: Callable[[Outcome], None]
    ) -> tuple[Connection, Stream] | None:
        """Start a request, or None where libcurl must do it. `done` is called once, later."""
        body = request.body
        connection = self._roomy
        if connection is None or not connection.room(len(body)):
            connection = self._roomy = next((one for one in self._connections if one.room(len(body))), None)
        if connection is None:
            self._connect_another()
            return None
        fields = self._fields_of(request.headers, len(body))
        if not fields:
            return None
        url = request.url
        target = url[len(self._origin) :] if url.startswith(self._prefix) else target_of(url)
        path = target.encode("ascii")
        own = _field(request.own_header) if request.own_header else None
        stream = connection.start(
            path, fields, body, done, due, brief=request.brief, located=request.located, own=own
        )
        return connection, stream

    async def aclose(self) -> None:
        """Close all; requests that still wait for an answer end with `closed`."""
        if self._connecting is not None:
            self._connecting.cancel()
            await asyncio.wait([self._connecting])
        for connection in self._connections:
            connection.close()
        self._connections.clear()
        self._roomy = None

    def _fields_of(self, headers: list[str], body_bytes: int) -> tuple[Field, ...]:
        """Return the same tuple for the same list: that is what makes its header block cheap. Empty if it is too
        long.
        """
        if self._latest[0] is headers and self._latest[1] == body_bytes:
            return self._latest[2]
        key = id(headers), body_bytes
        known = self._fields.get(key)
        if known is not None and known[0] is headers:
            self._latest = headers, body_bytes, known[1]
            return known[1]
        fields = (*self._first, (b"content-length", b"%d" % body_bytes), *map(_field, headers))
        if sum(len(name) + len(value) for name, value in fields) > MAX_FIELD_BYTES:
            fields = ()
        if len(self._fields) >= _REMEMBERED_HEADERS:
            self._fields.clear()
        self._fields[key] = headers, fields
        return fields

    def _connect_another(self) -> None:
        self._forget_retiring()
        if (
            self._connecting is None
            and len(self._connections) < MAX_CONNECTIONS
            and self._monotonic() >= self._not_before
        ):
            loop = asyncio.get_running_loop()
            self._connecting = loop.create_task(self._connect(loop))

    def _forget_retiring(self) -> None:
        """Forget connections that take no more. One that never answered anything was no better than none, or who takes
        connections and drops them would have us make them without a pause; the first is replaced at once.
        """
        retiring = [one for one in self._connections if one.retiring]
        if not retiring:
            return
        self._connections = [one for one in self._connections if not one.retiring]
        if any(one.answered for one in retiring):
            self._failures = 0
        elif self._failures:
            self._failed()
        else:
            self._failures = 1

    def _failed(self, *, lasting: bool = False) -> None:
        self._failures += 1
        self._not_before = self._monotonic() + retry_pause(self._failures, lasting=lasting)

    async def _connect(self, loop: asyncio.AbstractEventLoop) -> None:
        try:
            async with asyncio.timeout(self._timeout_s):
                connection = await self._made(loop)
        except (_CannotSpeak, ssl.SSLCertVerificationError):
            self._failed(lasting=True)
        except (OSError, ValueError):  # errors of TLS, of time and of names are among them
            self._failed()
        else:
            self._connections.append(connection)
        finally:
            self._connecting = None

    async def _made(self, loop: asyncio.AbstractEventLoop) -> Connection:
        """Connect to the first permitted address that answers; each further try begins with another one, so that one
        that swallows packets does not keep us from the rest. Raises `OSError`.
        """
        found = await loop.getaddrinfo(self._host, self._port, type=socket.SOCK_STREAM)
        permitted = [one for one in found if self._policy.permits(self._origin, str(one[4][0]))]
        if not permitted:
            raise _CannotSpeak("no address that is permitted")
        first = self._failures % len(permitted)
        for family, kind, protocol, _, address in permitted[first:] + permitted[:first]:
            raw = socket.socket(family, kind, protocol)
            try:
                if connection := await self._agreed(loop, raw, address):
                    await connection.settled()
                    return connection
            except BaseException:
                raw.close()
                raise
            raw.close()
        raise OSError("nobody answers")

    async def _agreed(
        self, loop: asyncio.AbstractEventLoop, raw: socket.socket, address: tuple[Any, ...]
    ) -> Connection | None:
        """Connect, and agree on HTTP/2; None where nobody answers. Raises `OSError` where TLS fails or the other side
        speaks otherwise.
        """
        raw.setblocking(False)
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        bound_unacknowledged(raw)
        try:
            await loop.sock_connect(raw, address)
        except OSError:
            return None
        tls = TlsSocket(loop, raw, self._tls, self._host, self._monotonic)
        await tls.handshake()
        if tls.protocol != "h2":
            raise _CannotSpeak("no HTTP/2")
        return Connection(loop, self._origin, tls, self._monotonic)
