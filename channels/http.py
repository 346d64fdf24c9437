"""The one outbound HTTP client: POST over libcurl, HTTP/2 where the server offers it.

Never a redirect, a proxy, a cookie or a password file; https to public addresses unless the policy names the
origin; every timeout explicit; an answer is read up to 64 KiB. Whether anything was sent is what libcurl's
pre-request hook says: it runs on the established (and, for https, verified) connection, immediately before
the first byte of the request.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from channels.addresses import AddressPolicy, AddressRefused
from channels.answer import Answer, HttpError, NotSent, Refused, Request, header_lines
from channels.curl_handle import CurlHandle, HandleSettings, system_ca_file
from channels.curl_loop import CurlLoop

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Outcome: TypeAlias = Answer | HttpError
DEFAULT_CONNECT_TIMEOUT_S: Final = 5.0
DEFAULT_MAX_IN_FLIGHT: Final = 1024


class Transfer:
    """One request on its way. After `HttpClient.abort` its `done` is not called any more."""

    __slots__ = ("done", "due", "handle", "origin", "request")

    def __init__(self, request: Request, origin: str, due: float, done: Callable[[Outcome], None]) -> None:
        self.request = request
        self.origin = origin
        self.due = due
        self.done = done
        self.handle: CurlHandle | None = None


class HttpClient:
    """Shared by all channels of a process, bound to the event loop of its first request.

    Requests beyond `max_in_flight` wait inside the client, within their own timeout.
    """

    def __init__(
        self,
        policy: AddressPolicy,
        *,
        ca_file: str | None = None,
        connect_timeout_s: float = DEFAULT_CONNECT_TIMEOUT_S,
        max_in_flight: int = DEFAULT_MAX_IN_FLIGHT,
        user_agent: str = "cap-dispatcher",
    ) -> None:
        """`ca_file` (PEM) replaces the machine's bundle. Raises `FileNotFoundError` if there is none."""
        self.policy = policy
        self._settings = HandleSettings(policy, connect_timeout_s, ca_file or system_ca_file(), user_agent)
        self._max_in_flight = max_in_flight
        self._curl: CurlLoop | None = None
        self._idle: list[CurlHandle] = []
        self._active: dict[Any, Transfer] = {}
        self._waiting: dict[Transfer, None] = {}

    async def post(self, url: str, headers: Mapping[str, str], body: bytes, timeout_s: float) -> Answer:
        """Send one request and read its answer, whatever its status. Raises `HttpError`.

        Cancelling the caller breaks the transfer off.
        """
        future: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()

        def done(outcome: Outcome) -> None:
            if not future.done():  # cancelled in the same round of the loop
                future.set_result(outcome)

        transfer = self.submit(Request(url, header_lines(headers), body, timeout_s), done)
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
        loop = self._bound().loop
        transfer = Transfer(request, origin, loop.time() + request.timeout_s, done)
        if len(self._active) < self._max_in_flight:
            self._start(transfer, request.timeout_s)
        else:
            self._waiting[transfer] = None
            loop.call_at(transfer.due, self._give_up, transfer)
        return transfer

    def abort(self, transfer: Transfer) -> None:
        """Drop a transfer: its stream or connection is closed. Nothing happens if it is over."""
        handle = transfer.handle
        if handle is not None:
            self._bound().remove(handle.curl)
            self._retire(handle)
            self._start_waiting()
        else:
            self._waiting.pop(transfer, None)

    async def aclose(self) -> None:
        """Break everything off and close the connections; whoever still waits gets `closed`."""
        waiting, self._waiting = self._waiting, {}
        for transfer in [*waiting, *self._active.values()]:
            handle = transfer.handle
            outcome = handle.broken_off() if handle else NotSent("closed", transfer.origin)
            self.abort(transfer)
            transfer.done(outcome)
        if self._curl is not None:
            self._curl.close()
            self._curl = None
        self._idle.clear()

    def _bound(self) -> CurlLoop:
        if self._curl is None:
            loop = asyncio.get_running_loop()
            self._curl = CurlLoop(loop, self._finished, max_connections=self._max_in_flight)
        return self._curl

    def _start(self, transfer: Transfer, seconds_left: float) -> None:
        handle = self._idle.pop() if self._idle else CurlHandle(self._settings)
        handle.load(transfer.request, transfer.origin, seconds_left)
        transfer.handle = handle
        self._active[handle.curl] = transfer
        self._bound().add(handle.curl)

    def _finished(self, curl: Any, errno: int) -> None:
        transfer = self._active[curl]
        handle = transfer.handle
        if handle is None:  # cannot be: whoever is active has a handle
            raise AssertionError
        outcome = handle.outcome(errno)
        self._retire(handle)
        self._start_waiting()
        transfer.done(outcome)

    def _retire(self, handle: CurlHandle) -> None:
        self._active.pop(handle.curl).handle = None
        self._idle.append(handle)

    def _start_waiting(self) -> None:
        while self._waiting and len(self._active) < self._max_in_flight:
            transfer = next(iter(self._waiting))
            del self._waiting[transfer]
            self._start(transfer, transfer.due - self._bound().loop.time())

    def _give_up(self, transfer: Transfer) -> None:
        if self._waiting.pop(transfer, transfer) is None:
            transfer.done(NotSent("timeout_queue", transfer.origin))
