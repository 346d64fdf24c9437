"""libcurl as a transport: it takes everything, a bounded number at a time."""

from __future__ import annotations

import asyncio
import math
from functools import partial
from typing import TYPE_CHECKING, Any, cast

import pycurl

from channels.http.curl.multi import CurlMulti
from channels.http.curl.replay_guard import ReplayGuard
from channels.http.curl.transfer import Transfer
from channels.http.messages import Answer, NotSent
from channels.http.sockets import silence

if TYPE_CHECKING:
    from collections.abc import Callable

    from channels.http.messages import Outcome
    from channels.http.origins import Origin
    from channels.http.transport import Exchange, Finished, TransportSettings


class CurlTransport:
    """A `Transport` over libcurl. Exchanges beyond `max_in_flight` wait here, within their own time."""

    def __init__(
        self,
        settings: TransportSettings,
        finished: Finished,
        connected: Callable[[Origin[Exchange]], object],
        *,
        max_in_flight: int,
        per_host: int = 0,
    ) -> None:
        """`connected` is called, from the event loop, when an origin that had no connection has one. `per_host` is how
        many connections one host gets at most, see `CurlMulti`.

        The origin learns of each answer whether it came by HTTP/2.
        """
        self._settings = settings
        self._finished = finished
        self._connected = connected
        self._max_in_flight = max_in_flight
        self._per_host = per_host
        self._replay_guard = ReplayGuard()
        self._multi: CurlMulti | None = None
        self._idle: list[Transfer] = []
        self._active: dict[Any, tuple[Exchange, Transfer]] = {}
        """What runs, by libcurl's easy handle."""
        self._soonest = math.inf
        """No later than the first of these is due."""
        self._waiting: dict[Exchange, asyncio.TimerHandle] = {}
        self._failed: set[Exchange] = set()
        """Exchanges that could not be started and whose client has not been notified yet."""

    def submit(self, exchange: Exchange) -> bool:
        """Start an exchange, or let it wait for its turn. Always True."""
        if len(self._active) < self._max_in_flight:
            self._start(exchange)
        else:
            loop = asyncio.get_running_loop()
            seconds_left = exchange.due - self._settings.monotonic()
            self._waiting[exchange] = loop.call_later(seconds_left, self._give_up, exchange)
        return True

    def abort(self, exchange: Exchange) -> None:
        """Break an exchange off; its connection is closed if the request was on its way."""
        timer = self._waiting.pop(exchange, None)
        if timer is not None:
            timer.cancel()
        elif exchange in self._failed:
            self._failed.remove(exchange)
        else:
            self._silence(self._overdue())
            self._break_off(cast("Transfer", exchange.transport_state))
            self._start_waiting()

    async def aclose(self) -> None:
        """Break everything off and forget all connections."""
        outcomes: list[tuple[Exchange, Outcome]] = []
        self._silence(self._overdue())
        for exchange, transfer in list(self._active.values()):
            outcomes.append((exchange, transfer.broken_off()))
            self._break_off(transfer)
        for timer in self._waiting.values():
            timer.cancel()
        not_started = [*self._waiting, *self._failed]
        outcomes += [(exchange, NotSent("closed", exchange.origin.name)) for exchange in not_started]
        self._waiting.clear()
        self._failed.clear()
        self._idle.clear()
        multi, self._multi = self._multi, None
        if multi is not None:
            multi.close()
        for exchange, outcome in outcomes:
            self._finished(exchange, outcome)

    def _start(self, exchange: Exchange) -> None:
        loop = asyncio.get_running_loop()
        try:
            if self._multi is None:
                self._multi = CurlMulti(
                    loop,
                    self._over,
                    self._end_overdue,
                    max_connections=self._max_in_flight,
                    per_host=self._per_host,
                )
            transfer = self._idle.pop() if self._idle else Transfer(self._settings, self._replay_guard)
            transfer.load(exchange, exchange.due - self._settings.monotonic())
            if not exchange.origin.connected:
                transfer.on_connected = partial(loop.call_soon, self._connected, exchange.origin)
            self._multi.add(transfer.curl)
        except (pycurl.error, OSError):  # no memory, no file descriptors
            self._failed.add(exchange)
            loop.call_soon(self._fail, exchange)
        else:
            exchange.transport_state = transfer
            self._active[transfer.curl] = exchange, transfer
            self._soonest = min(self._soonest, exchange.due)

    def _start_waiting(self) -> None:
        while self._waiting and len(self._active) < self._max_in_flight:
            exchange = next(iter(self._waiting))
            self._waiting.pop(exchange).cancel()
            self._start(exchange)

    def _over(self, curl: Any, errno: int) -> None:
        exchange, transfer = self._active.pop(curl)
        outcome = transfer.outcome(errno)
        if isinstance(outcome, Answer):
            exchange.origin.answered(multiplexed=transfer.multiplexed())
        self._idle.append(transfer)
        self._finished(exchange, outcome)
        if self._waiting:
            self._start_waiting()

    def _overdue(self) -> list[tuple[Exchange, Transfer]]:
        """Return what should be over by now."""
        now = self._settings.monotonic()
        if now < self._soonest:
            return []
        return [(one, transfer) for one, transfer in self._active.values() if one.due <= now]

    def _silence(self, overdue: list[tuple[Exchange, Transfer]]) -> None:
        """Close connections on which something waits to be written that is perhaps of these: breaking one transfer off,
        libcurl writes what it holds of others.
        """
        for descriptor in {transfer.descriptor for _, transfer in overdue}:
            if self._multi is not None and self._multi.unsent(descriptor):
                silence(descriptor)

    def _end_overdue(self) -> None:
        """Break off what should be over, before libcurl may write anything of it."""
        if self._settings.monotonic() < self._soonest:
            return
        overdue = self._overdue()
        self._silence(overdue)
        over = {exchange for exchange, _ in overdue}
        self._soonest = min(
            (one.due for one, _ in self._active.values() if one not in over), default=math.inf
        )
        for exchange, transfer in overdue:
            outcome = transfer.outcome(pycurl.E_OPERATION_TIMEDOUT)
            self._break_off(transfer)
            self._finished(exchange, outcome)
        if overdue and self._waiting:
            self._start_waiting()

    def _break_off(self, transfer: Transfer) -> None:
        assert self._multi is not None  # noqa: S101 - it carries `transfer`; for the type checker
        del self._active[transfer.curl]
        self._multi.remove(transfer.curl)
        self._idle.append(transfer)

    def _give_up(self, exchange: Exchange) -> None:
        del self._waiting[exchange]
        self._finished(exchange, NotSent("timeout_queue", exchange.origin.name))

    def _fail(self, exchange: Exchange) -> None:
        if exchange in self._failed:
            self._failed.remove(exchange)
            self._finished(exchange, NotSent("no_resources", exchange.origin.name))
