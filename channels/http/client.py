"""The one outbound HTTP client: it sends POST, and GET for feeds, over libcurl, and over HTTP/2 of our own for mass
sends.

It never follows a redirect, and never uses a proxy, a cookie or a password file; it connects by https to public
addresses unless the policy names the origin; every timeout is explicit; an answer is read up to 64 KiB, or what a GET
allows. Whether anything was sent is what libcurl's pre-request hook says: it runs on the established (and, for https,
verified) connection, immediately before the first byte of the request.
"""

from __future__ import annotations

import asyncio
import math
from typing import TYPE_CHECKING, Final

from channels.clock import elapsed
from channels.http.addresses import AddressPolicy, AddressRefused
from channels.http.curl.transport import CurlTransport
from channels.http.http2.pool import MAX_CONNECTIONS
from channels.http.http2.transport import Http2Transport
from channels.http.messages import (
    Answer,
    HttpError,
    NotSent,
    Outcome,
    Refused,
    Request,
    Unprocessed,
    header_lines,
)
from channels.http.origins import Origin, Origins
from channels.http.transport import Exchange, TransportSettings, system_ca_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

DEFAULT_CONNECT_TIMEOUT_S: Final = 5.0
"""The longest that name, TCP and TLS may take together: time for two lost SYNs, repeated after 1 and 3 s (RFC 6298
section 2)."""
DEFAULT_MAX_IN_FLIGHT: Final = 1024
"""The most requests that libcurl carries at once, each perhaps on a connection of its own. The service allows as many
as it has file descriptors for."""
DEFAULT_MAX_ORIGINS: Final = 4096
"""The most origins remembered. They come from citizens' subscriptions: a bound keeps hostile ones from growing what we
remember."""
DEFAULT_HTTP2_AFTER: Final = 128
"""A mass send is under way when libcurl has got so many answers from one origin by HTTP/2."""
MAX_HTTP2_ORIGINS: Final = 64
"""The most origins with connections of our own. There is a handful of push services; the rest is as well off with
libcurl."""
_ROOM_PER_HTTP2_ORIGIN: Final = 2 * MAX_CONNECTIONS
"""Places that connections of our own take in libcurl's bound: there are at most half as many of them as of
libcurl's."""


class HttpClient:
    """The client that all channels of a process share, bound to the event loop of its first request.

    Requests beyond `max_in_flight` wait inside the client, within their own timeout; those on connections of
    our own are not counted, but bounded by the streams that these have.
    """

    def __init__(  # noqa: PLR0913 - bounds, each named at the call
        self,
        policy: AddressPolicy,
        *,
        ca_file: str | None = None,
        connect_timeout_s: float = DEFAULT_CONNECT_TIMEOUT_S,
        max_in_flight: int = DEFAULT_MAX_IN_FLIGHT,
        per_host: int = 0,
        max_origins: int = DEFAULT_MAX_ORIGINS,
        http2_after: int = DEFAULT_HTTP2_AFTER,
        user_agent: str = "cap-dispatcher",
        monotonic: Callable[[], float] = elapsed,
    ) -> None:
        """`policy` is that of requests which bring none. `ca_file` (PEM) replaces the machine's bundle. Raises
        `FileNotFoundError` if there is none.

        libcurl makes at most `per_host` connections to one host, 0: as many as it wants. After `http2_after` answers by
        HTTP/2 an origin gets connections of our own, see `http2.pool`. `monotonic` is the clock by which requests are
        over.
        """
        self.policy = policy
        settings = TransportSettings(
            policy=policy,
            connect_timeout_s=connect_timeout_s,
            ca_file=ca_file or system_ca_file(),
            user_agent=user_agent,
            monotonic=monotonic,
        )
        self._monotonic = monotonic
        self._curl = CurlTransport(
            settings, self._finished, self._connected, max_in_flight=max_in_flight, per_host=per_host
        )
        self._http2 = Http2Transport(
            settings,
            self._finished,
            max_origins=min(MAX_HTTP2_ORIGINS, max_in_flight // _ROOM_PER_HTTP2_ORIGIN),
        )
        self._http2_after = http2_after
        self._origins: Origins[Exchange] = Origins(max_origins, kept=self._http2.holds)

    async def post(self, url: str, headers: Mapping[str, str], body: bytes, timeout_s: float) -> Answer:
        """Send one request and read its answer, whatever its status. Raises `HttpError`.

        Cancelling the caller breaks the exchange off.
        """
        return await self.fetch(Request(url, header_lines(headers), body, timeout_s))

    async def get(
        self,
        url: str,
        headers: Mapping[str, str],
        timeout_s: float,
        max_bytes: int,
        *,
        policy: AddressPolicy | None = None,
    ) -> Answer:
        """Fetch one document of at most `max_bytes`; otherwise as `post`. Redirects are not followed here."""
        lines = header_lines(headers)
        return await self.fetch(
            Request(url, lines, b"", timeout_s, get=True, max_answer_bytes=max_bytes, policy=policy)
        )

    async def fetch(self, request: Request) -> Answer:
        """Do what `post` does, for a request that is ready-made."""
        future: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()

        def done(outcome: Outcome) -> None:
            if not future.done():  # cancelled in the same round of the loop
                future.set_result(outcome)

        exchange = self.submit(request, done)
        try:
            outcome = await future
        finally:
            self.abort(exchange)
        if isinstance(outcome, HttpError):
            raise outcome
        return outcome

    def submit(
        self, request: Request, done: Callable[[Outcome], None], not_after: float = math.inf
    ) -> Exchange:
        """Start one request; `done` is called once, later, from the event loop. Raises `Refused`.

        `done` must not raise. This is the way without a task per request, for channels that send thousands. At
        `not_after`, by the client's clock, it is over in any case: the request's own timeout was reckoned when it was
        made, and the process may have stood still since.
        """
        origin = self._origins.get(request.origin)
        if origin is None or not request.url.startswith(origin.prefix):
            try:
                origin = self._origins[(request.policy or self.policy).origin(request.url)]
            except AddressRefused as refused:
                raise Refused(refused.code) from None
        due = min(self._monotonic() + request.timeout_s, not_after)
        exchange = Exchange(request, origin, due, done)
        if origin.multiplexed_answers >= self._http2_after and self._http2.submit(exchange):
            exchange.transport = self._http2
            return exchange
        try:
            self._admit(exchange)
        except Exception:
            exchange.over = True
            exchange.origin.ended(exchange)  # or all that come later would wait for it
            raise
        return exchange

    def abort(self, exchange: Exchange) -> None:
        """Drop an exchange: its stream or connection is closed, `done` is not called. Nothing if it is over."""
        if exchange.over:
            return
        exchange.over = True
        if exchange.transport is not None:
            exchange.transport.abort(exchange)
            exchange.transport = exchange.transport_state = None
        exchange.origin.withdraw(exchange)
        self._start_all(exchange.origin.ended(exchange))

    async def aclose(self) -> None:
        """Break everything off and close the connections; what still waits ends with `closed`."""
        await self._http2.aclose()
        for exchange in [one for origin in self._origins.values() for one in origin.release()]:
            self._finished(exchange, NotSent("closed", exchange.origin.name))
        await self._curl.aclose()
        self._origins.clear()

    def _admit(self, exchange: Exchange) -> None:
        """Let libcurl carry an exchange, as soon as it is known whether its origin shares connections."""
        if exchange.origin.admit(exchange):
            self._start(exchange)
        else:
            asyncio.get_running_loop().call_later(exchange.due - self._monotonic(), self._give_up, exchange)

    def _start(self, exchange: Exchange) -> None:
        exchange.transport = self._curl
        self._curl.submit(exchange)

    def _start_all(self, exchanges: Iterable[Exchange]) -> None:
        for exchange in exchanges:
            self._start(exchange)

    def _connected(self, origin: Origin[Exchange]) -> None:
        self._start_all(origin.connection_made())

    def _give_up(self, exchange: Exchange) -> None:
        if exchange.origin.withdraw(exchange):
            self._finished(exchange, NotSent("timeout_queue", exchange.origin.name))

    def _finished(self, exchange: Exchange, outcome: Outcome) -> None:
        """Take what came of an exchange from its transport; what a server gave back unprocessed goes to libcurl."""
        exchange.transport = exchange.transport_state = None
        if isinstance(outcome, Unprocessed):
            self._admit(exchange)
            return
        exchange.over = True
        origin = exchange.origin
        if origin.leader is exchange:
            self._start_all(origin.ended(exchange))
        exchange.done(outcome)
