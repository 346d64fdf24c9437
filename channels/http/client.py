"""The one outbound HTTP client: POST, and GET for feeds, over libcurl, HTTP/2 where the server offers it.

Never a redirect, a proxy, a cookie or a password file; https to public addresses unless the policy names the
origin; every timeout explicit; an answer is read up to 64 KiB, or what a GET allows. Whether anything was sent
is what libcurl's pre-request hook says: it runs on the established (and, for https, verified) connection,
immediately before the first byte of the request.
"""

from __future__ import annotations

import asyncio
import time
from functools import partial
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import pycurl

from channels.http.addresses import AddressPolicy, AddressRefused
from channels.http.curl.multi import CurlLoop
from channels.http.curl.replay_guard import Connections
from channels.http.curl.transfer import CurlHandle, HandleSettings, system_ca_file
from channels.http.http2.pool import MAX_CONNECTIONS, OwnConnections, own_tls
from channels.http.http2.protocol import Unprocessed
from channels.http.messages import Answer, HttpError, NotSent, Refused, Request, header_lines
from channels.http.origins import OriginGate

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterable, Mapping

    from channels.http.http2.connection import OwnConnection
    from channels.http.http2.protocol import Stream

Outcome: TypeAlias = Answer | HttpError
DEFAULT_CONNECT_TIMEOUT_S: Final = 5.0
DEFAULT_MAX_IN_FLIGHT: Final = 1024
# Origins come from citizens' subscriptions: a bound keeps hostile ones from growing what we remember.
DEFAULT_MAX_ORIGINS: Final = 4096
# A mass send is under way when libcurl has got so many answers from one origin by HTTP/2.
DEFAULT_OWN_AFTER: Final = 128
MAX_OWN_ORIGINS: Final = 64
# Of connections of our own there are at most half as many as of libcurl's.
_PER_OWN_ORIGIN: Final = 2 * MAX_CONNECTIONS


class Transfer:
    """One request on its way: waiting at its origin's gate or for the cap, in a libcurl handle, or over."""

    __slots__ = ("done", "due", "gate", "handle", "origin", "over", "own", "request")

    def __init__(
        self, request: Request, origin: str, gate: OriginGate, due: float, done: Callable[[Outcome], None]
    ) -> None:
        self.request = request
        self.origin = origin
        self.gate = gate
        self.due = due
        self.done = done
        self.handle: CurlHandle | None = None
        self.own: tuple[OwnConnection, Stream] | None = None
        self.over = False


class HttpClient:
    """Shared by all channels of a process, bound to the event loop of its first request.

    Requests beyond `max_in_flight` wait inside the client, within their own timeout; those on connections of
    our own are not counted, but bounded by the streams that these have.
    """

    def __init__(  # noqa: PLR0913 -- bounds, each named at the call
        self,
        policy: AddressPolicy,
        *,
        ca_file: str | None = None,
        connect_timeout_s: float = DEFAULT_CONNECT_TIMEOUT_S,
        max_in_flight: int = DEFAULT_MAX_IN_FLIGHT,
        max_origins: int = DEFAULT_MAX_ORIGINS,
        own_after: int = DEFAULT_OWN_AFTER,
        user_agent: str = "cap-dispatcher",
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """`ca_file` (PEM) replaces the machine's bundle. Raises `FileNotFoundError` if there is none.

        After `own_after` answers by HTTP/2 an origin gets connections of our own, see `http2.pool`. `monotonic` is
        the clock of event loops, which do not read it as long as they are busy.
        """
        self.policy = policy
        self._settings = HandleSettings(
            policy=policy,
            connections=Connections(),
            connect_timeout_s=connect_timeout_s,
            ca_file=ca_file or system_ca_file(),
            user_agent=user_agent,
            monotonic=monotonic,
        )
        self._max_in_flight = max_in_flight
        self._max_origins = max_origins
        self._own_after = own_after
        self._max_own_origins = min(MAX_OWN_ORIGINS, max_in_flight // _PER_OWN_ORIGIN)
        self._tls: ssl.SSLContext | None = None
        self._curl: CurlLoop | None = None
        self._idle: list[CurlHandle] = []
        self._active: dict[Any, tuple[Transfer, CurlHandle]] = {}
        self._waiting: dict[Transfer, None] = {}
        self._gates: dict[str, OriginGate] = {}

    async def post(self, url: str, headers: Mapping[str, str], body: bytes, timeout_s: float) -> Answer:
        """Send one request and read its answer, whatever its status. Raises `HttpError`.

        Cancelling the caller breaks the transfer off.
        """
        return await self._exchange(Request(url, header_lines(headers), body, timeout_s))

    async def get(self, url: str, headers: Mapping[str, str], timeout_s: float, max_bytes: int) -> Answer:
        """Fetch one document of at most `max_bytes`; otherwise as `post`. Redirects are not followed here."""
        request = Request(url, header_lines(headers), b"", timeout_s, get=True, max_answer_bytes=max_bytes)
        return await self._exchange(request)

    async def _exchange(self, request: Request) -> Answer:
        future: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()

        def done(outcome: Outcome) -> None:
            if not future.done():  # cancelled in the same round of the loop
                future.set_result(outcome)

        transfer = self.submit(request, done)
        try:
            outcome = await future
        finally:
            self.abort(transfer)
        if isinstance(outcome, HttpError):
            raise outcome
        return outcome

    def submit(self, request: Request, done: Callable[[Outcome], None]) -> Transfer:
        """Start one request; `done` is called once, later, from the event loop. Raises `Refused`.

        `done` must not raise. This is the way without a task per request, for channels that send thousands.
        """
        try:
            origin = self.policy.origin(request.url)
        except AddressRefused as refused:
            raise Refused(refused.code) from None
        loop = asyncio.get_running_loop()
        gate = self._gates.get(origin) or self._add_gate(origin)
        transfer = Transfer(request, origin, gate, loop.time() + request.timeout_s, done)
        if gate.own is not None and not request.get:
            transfer.own = gate.own.start(request, transfer.due, partial(self._landed, transfer))
        if transfer.own is None:
            self._admit(transfer, loop)
        return transfer

    def _admit(self, transfer: Transfer, loop: asyncio.AbstractEventLoop) -> None:
        if transfer.gate.admit(transfer):
            self._launch(transfer)
        if transfer.handle is None:
            loop.call_at(transfer.due, self._give_up, transfer)

    def _landed(self, transfer: Transfer, outcome: Outcome) -> None:
        """A connection of our own is done with it."""
        transfer.own = None
        if isinstance(outcome, Unprocessed):
            self._admit(transfer, asyncio.get_running_loop())
        else:
            transfer.over = True
            transfer.done(outcome)

    def abort(self, transfer: Transfer) -> None:
        """Drop a transfer: its stream or connection is closed, `done` is not called. Nothing if it is over."""
        if not transfer.over:
            self._withdraw(transfer)
            self._launch_all(transfer.gate.over(transfer))
            self._launch_waiting()

    async def aclose(self) -> None:
        """Break everything off and close the connections; whoever still waits gets `closed`."""
        for own in [gate.own for gate in self._gates.values() if gate.own is not None]:
            await own.aclose()
        parked = [transfer for gate in self._gates.values() for transfer in gate.followers]
        active = [transfer for transfer, _ in self._active.values()]
        for transfer in [*active, *self._waiting, *parked]:
            handle = transfer.handle
            self._withdraw(transfer)
            transfer.done(handle.broken_off() if handle else NotSent("closed", transfer.origin))
        if self._curl is not None:
            self._curl.close()
            self._curl = None
        self._idle.clear()
        self._gates.clear()

    def _add_gate(self, origin: str) -> OriginGate:
        if len(self._gates) >= self._max_origins:
            self._gates = {known: gate for known, gate in self._gates.items() if gate.followers or gate.own}
        gate = self._gates[origin] = OriginGate(tls=origin.startswith("https:"))
        return gate

    def _launch_all(self, transfers: Iterable[Transfer]) -> None:
        for transfer in transfers:
            self._launch(transfer)

    def _launch(self, transfer: Transfer) -> None:
        if len(self._active) >= self._max_in_flight:
            self._waiting[transfer] = None
            return
        loop = asyncio.get_running_loop()
        try:
            self._start(transfer, loop)
        except (pycurl.error, OSError):  # no memory, no file descriptors
            loop.call_soon(self._settle, transfer, NotSent("no_resources", transfer.origin))

    def _start(self, transfer: Transfer, loop: asyncio.AbstractEventLoop) -> None:
        if self._curl is None:
            self._curl = CurlLoop(loop, self._finished, max_connections=self._max_in_flight)
        handle = self._idle.pop() if self._idle else CurlHandle(self._settings)
        gate = transfer.gate
        left = transfer.due - loop.time()
        handle.load(transfer.request, transfer.origin, transfer.due, left, multiplex=gate.multiplex)
        if gate.is_leader(transfer):
            handle.on_connected = partial(loop.call_soon, self._open_gate, gate)
        self._curl.add(handle.curl)
        transfer.handle = handle
        self._active[handle.curl] = transfer, handle

    def _open_gate(self, gate: OriginGate) -> None:
        self._launch_all(gate.connected())

    def _finished(self, curl: Any, errno: int) -> None:
        transfer, handle = self._active.pop(curl)
        outcome = handle.outcome(errno)
        if isinstance(outcome, Answer):
            self._note_protocol(transfer, multiplexed=handle.multiplexed())
        self._idle.append(handle)
        self._settle(transfer, outcome)
        self._launch_waiting()

    def _note_protocol(self, transfer: Transfer, *, multiplexed: bool) -> None:
        gate = transfer.gate
        gate.multiplex = multiplexed
        gate.shared_answers += multiplexed
        if (
            gate.shared_answers >= self._own_after
            and gate.own is None
            and sum(one.own is not None for one in self._gates.values()) < self._max_own_origins
        ):
            settings = self._settings
            self._tls = self._tls or own_tls(settings.ca_file)
            gate.own = OwnConnections(transfer.origin, self._tls, settings)

    def _settle(self, transfer: Transfer, outcome: Outcome) -> None:
        if not transfer.over:
            transfer.over = True
            transfer.handle = None
            self._launch_all(transfer.gate.over(transfer))
            transfer.done(outcome)

    def _withdraw(self, transfer: Transfer) -> None:
        transfer.over = True
        self._waiting.pop(transfer, None)
        transfer.gate.followers.pop(transfer, None)
        if transfer.own is not None:
            connection, stream = transfer.own
            connection.cancel(stream)
        handle, transfer.handle = transfer.handle, None
        if handle is not None and self._curl is not None:
            del self._active[handle.curl]
            self._curl.remove(handle.curl)
            self._idle.append(handle)

    def _launch_waiting(self) -> None:
        while self._waiting and len(self._active) < self._max_in_flight:
            transfer = next(iter(self._waiting))
            del self._waiting[transfer]
            self._launch(transfer)

    def _give_up(self, transfer: Transfer) -> None:
        if transfer.handle is None and not transfer.over:
            self._waiting.pop(transfer, None)
            transfer.gate.followers.pop(transfer, None)
            self._settle(transfer, NotSent("timeout_queue", transfer.origin))
