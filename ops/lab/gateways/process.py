"""The process around a stand-in: it listens, says so in one line, and ends with its parent or on SIGTERM."""

from __future__ import annotations

import asyncio
import ctypes
import os
import signal
import ssl
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, cast

import msgspec

from ops.lab.gateways.gateway import Examiner, Gateway
from ops.lab.gateways.http import http1, http2
from ops.lab.gateways.journal import Journal

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Collection, Coroutine, Iterable, Iterator
    from pathlib import Path

    from ops.lab.gateways.http.exchange import Closable

_PR_SET_PDEATHSIG = 1
_BACKLOG = 4096
PROTOCOLS = ("h2", "http/1.1")
"""What a stand-in that serves TLS offers by ALPN, the best first; a client that names none gets HTTP/1.1."""


@dataclass(frozen=True, slots=True)
class Listen:
    """Says where a stand-in listens: one port for each origin it stands for; 0 lets the system choose."""

    host: str
    ports: tuple[int, ...]
    tls_cert: Path | None = None
    tls_key: Path | None = None

    @property
    def scheme(self) -> str:
        return "https" if self.tls_cert else "http"

    def tls(self, *, alpn: bool = True) -> ssl.SSLContext | None:
        """Make the server's TLS context; `alpn`: for HTTP. Raises OSError, ssl.SSLError."""
        if self.tls_cert is None:
            return None
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        if alpn:
            context.set_alpn_protocols(list(PROTOCOLS))
        context.load_cert_chain(self.tls_cert, self.tls_key)
        return context


class _Negotiated(asyncio.Protocol):
    """A connection until it is known which protocol it speaks."""

    def __init__(self, gateway: Gateway, port: int, connections: set[Closable]) -> None:
        self._gateway = gateway
        self._port = port
        self._connections = connections

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Pass the connection to its protocol. The TLS handshake is complete by now."""
        tls = transport.get_extra_info("ssl_object")
        kind: Callable[..., asyncio.Protocol] = http1.Http1Connection
        if tls is not None and tls.selected_alpn_protocol() == "h2":
            kind = http2.Http2Connection
        connection = kind(self._gateway.handle, self._port, self._connections)
        cast("asyncio.Transport", transport).set_protocol(connection)
        connection.connection_made(transport)


def die_with_parent(parent: int) -> None:
    """Have the kernel kill this process when the thread that started it ends (Linux; prctl(2)).

    `parent` is the parent's process id as seen at the start: had it ended before, no signal would come."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os.kill(os.getpid(), signal.SIGKILL)


async def serve(
    examiner: Examiner, listen: Listen, ledger: Path, announce: Callable[[str], None], texts: int = 0
) -> None:
    """Serve until SIGTERM or SIGINT. Raises OSError if the ledger cannot be written: better dead than a gap.

    `announce` gets one JSON line once every port is open: {channel, url, urls, ports, pid, ledger}.
    `texts`: see `Gateway`.
    """
    with stop_signals() as ended:
        journal = Journal(ledger, partial(end, ended))
        gateway = Gateway(examiner, journal, texts)
        connections: set[Closable] = set()
        servers = [await _listen(listen, port, gateway, connections) for port in listen.ports]
        announce(ready_line(examiner.channel, listen, servers, ledger))
        await run_until(ended, servers, journal, connections)


def over_http(
    examiner: Callable[[argparse.Namespace, Listen], Examiner],
) -> Callable[[argparse.Namespace, Listen, Callable[[str], None]], Coroutine[Any, Any, None]]:
    """Return how a stand-in is served whose requests come by HTTP."""

    def run(
        options: argparse.Namespace, listen: Listen, announce: Callable[[str], None]
    ) -> Coroutine[Any, Any, None]:
        return serve(examiner(options, listen), listen, options.ledger, announce, options.texts)

    return run


@contextmanager
def stop_signals() -> Iterator[asyncio.Future[None]]:
    """Yield what ends on SIGTERM or SIGINT."""
    loop = asyncio.get_running_loop()
    ended: asyncio.Future[None] = loop.create_future()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, end, ended, None)
    try:
        yield ended
    finally:
        # Asked to end twice it still ends as it should: the loop, which takes its handlers away, is closed next.
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)
            signal.signal(number, signal.SIG_IGN)


async def run_until(
    ended: asyncio.Future[None],
    servers: Iterable[asyncio.Server],
    journal: Journal,
    connections: Collection[Closable],
) -> None:
    """Serve until `ended`, then answer what is written down and close what is open. Raises what ended it."""
    try:
        await ended
    finally:
        for server in servers:
            server.close()
        await journal.aclose()
        for connection in tuple(connections):
            connection.close()


def end(ended: asyncio.Future[None], error: BaseException | None) -> None:
    """End it, with an error or without; what has ended stays so."""
    if ended.done():
        return
    if error:
        ended.set_exception(error)
    else:
        ended.set_result(None)


async def _listen(listen: Listen, port: int, gateway: Gateway, connections: set[Closable]) -> asyncio.Server:
    bound = port

    def connect() -> _Negotiated:
        return _Negotiated(gateway, bound, connections)

    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        connect, listen.host, port, ssl=listen.tls(), backlog=_BACKLOG, start_serving=False
    )
    bound = port_of(server)
    await server.start_serving()
    return server


def port_of(server: asyncio.Server) -> int:
    """Return the port that it listens on."""
    port = server.sockets[0].getsockname()[1]
    assert isinstance(port, int)
    return port


def ready_line(
    channel: str,
    listen: Listen,
    servers: Iterable[asyncio.Server],
    ledger: Path,
    scheme: str = "",
    control: str = "",
) -> str:
    """Write the line that says where a stand-in listens, see `ops.lab.gateways.launch.Ready`."""
    ports = [port_of(server) for server in servers]
    urls = [f"{scheme or listen.scheme}://{listen.host}:{port}" for port in ports]
    ready = {
        "channel": channel,
        "url": urls[0],
        "urls": urls,
        "ports": ports,
        "pid": os.getpid(),
        "ledger": str(ledger),
        "control": control,
    }
    return msgspec.json.encode(ready).decode()
