"""HTTP/2 of our own as a transport: it takes the POSTs of a mass send, as far as they fit."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, TypeAlias, cast

from channels.http.http2.pool import ConnectionPool, client_tls

if TYPE_CHECKING:
    import ssl

    from channels.http.http2.connection import Connection
    from channels.http.http2.protocol import Stream
    from channels.http.transport import Exchange, Finished, TransportSettings

    Started: TypeAlias = tuple[Connection, Stream]


class Http2Transport:
    """A `Transport` over HTTP/2. At most `max_origins` have connections here, until all are closed.

    It takes POSTs to https origins, while they fit the connections there are; asking for more makes more. What a server
    returned unprocessed is `Unprocessed`.
    """

    def __init__(self, settings: TransportSettings, finished: Finished, *, max_origins: int) -> None:
        self._settings = settings
        self._finished = finished
        self._max_origins = max_origins
        self._tls: ssl.SSLContext | None = None
        self._pools: dict[str, ConnectionPool] = {}

    def submit(self, exchange: Exchange) -> bool:
        """Start an exchange if there is room for it now; otherwise False."""
        request = exchange.request
        if request.get or request.delete:
            return False
        origin = exchange.origin.name
        pool = self._pools.get(origin) or self._add_pool(origin)
        if pool is None:
            return False
        started = pool.start(request, exchange.due, partial(self._finished, exchange))
        exchange.transport_state = started
        return started is not None

    def abort(self, exchange: Exchange) -> None:
        """Break an exchange off: its stream is reset."""
        connection, stream = cast("Started", exchange.transport_state)
        connection.cancel(stream)

    async def aclose(self) -> None:
        """Break everything off and close all connections, also those that are being made."""
        while self._pools:
            _, pool = self._pools.popitem()
            await pool.aclose()

    def holds(self, origin: str) -> bool:
        """Return whether there are connections to `origin`, or attempts to make some."""
        return origin in self._pools

    def _add_pool(self, origin: str) -> ConnectionPool | None:
        if len(self._pools) >= self._max_origins or not origin.startswith("https:"):
            return None
        try:
            self._tls = self._tls or client_tls(self._settings.ca_file)
        except OSError:  # no file descriptors, no such file; errors of TLS are among them
            return None
        pool = self._pools[origin] = ConnectionPool(origin, self._tls, self._settings)
        return pool
