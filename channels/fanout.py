"""Sends one notice to many endpoints behind one gateway over HTTP, a bounded number at a time, without a task for each.

A channel supplies a `RequestAdapter`: how a request is made for an endpoint, and what an answer means. Everything
that the contract in `channels.base` demands of `send` besides is here, once.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

from channels.base import ChannelMisconfigured, DeliveryError, Expired, Receipt, Uncertain
from channels.clock import elapsed
from channels.gateway_health import CONNECT_FAILURES_IN_A_ROW, GatewayHealth
from channels.http.messages import Answer, BrokenAnswer, HttpError, NotSent, Request
from channels.http_statuses import refused_gateway, transport_error
from channels.memory import granted

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Sequence
    from datetime import datetime

    from channels.base import ChannelError, Endpoint
    from channels.crashes import Proof
    from channels.http.client import HttpClient
    from channels.http.messages import Outcome
    from channels.http.transport import Exchange


class SendAgain(Exception):
    """The answer to one endpoint's request is to be ignored, and another request sent to it at once."""


MEMORY_PROBE_BYTES: Final = 1 << 20


class RequestAdapter(Protocol):
    """One notice on its way through one gateway."""

    @property
    def gateway(self) -> str:
        """The gateway's name, as `Channel.gateway` gives it."""
        ...

    def request(self, endpoint: Endpoint, seconds_left: float) -> Request:
        """Return the request for one endpoint, which must be over in `seconds_left`. Raises `DeliveryError`, which is
        `Elsewhere` where the address is not at the gateway.
        """
        ...

    def interpret(self, endpoint: Endpoint, answer: Answer, broken: str) -> Receipt:
        """Return what an answer means; `broken` says why its body is missing, or is empty.

        Raises `DeliveryError`, or `ChannelMisconfigured` where a refusal can only be about us; or `SendAgain`, a
        bounded number of times for an endpoint.
        """
        ...


@dataclass(frozen=True, slots=True)
class Bounds:
    """How many requests run at a time, and until when."""

    concurrency: int
    deadline: datetime
    now: Callable[[], datetime]
    connect_failures: int = CONNECT_FAILURES_IN_A_ROW
    """How many connections fail in a row before a gateway counts as down, see `GatewayHealth`."""


async def fan_out(
    http: HttpClient,
    adapter: RequestAdapter,
    endpoints: Sequence[Endpoint],
    bounds: Bounds,
    proof: Proof,
    *,
    operators_url: bool = False,
) -> AsyncGenerator[list[Receipt], None]:
    """Yield the receipts of all endpoints as they become known, as `Channel.send` promises them. `proof` is the
    channel's, the same for all its calls. With `operators_url` an address that our policy forbids is the gateway's
    fault and no recipient's.
    """
    run = _Run(http, adapter, endpoints, bounds, proof, operators_url=operators_url)
    try:
        while True:
            if receipts := run.step():
                yield receipts
            if run.over:
                break
            await run.on_done()
        if receipts := run.close():
            yield receipts
    finally:
        run.abort()
    error = run.error()
    if error is not None:
        raise error


def _starved(crash: Exception) -> bool:
    """Return whether `crash` was for want of memory. Libraries in C have other words for it; then the next block is
    refused.
    """
    return isinstance(crash, MemoryError) or not granted(MEMORY_PROBE_BYTES)


def _kind(crash: Exception) -> str:
    """Return the type of the exception and no word of its text, which may be about a person. Raises `MemoryError` where
    that is what it was: our trouble, and no record's.
    """
    if _starved(crash):
        raise MemoryError from crash
    return type(crash).__name__


class _InFlight:
    """One request under way."""

    __slots__ = ("_run", "endpoint", "exchange", "outcome")

    def __init__(self, run: _Run, endpoint: Endpoint) -> None:
        self._run = run
        self.endpoint = endpoint
        self.exchange: Exchange
        self.outcome: Outcome

    def on_done(self, outcome: Outcome) -> None:
        # It refers back to this: a reference cycle for each message would keep the garbage collector busy.
        del self.exchange
        self.outcome = outcome
        run = self._run
        run.in_flight.discard(self)
        run.finished.append(self)
        run.wake.set()


class _Run:
    """The state of one call."""

    def __init__(
        self,
        http: HttpClient,
        adapter: RequestAdapter,
        endpoints: Sequence[Endpoint],
        bounds: Bounds,
        proof: Proof,
        *,
        operators_url: bool,
    ) -> None:
        self._http = http
        self._operators_url = operators_url
        self._adapter = adapter
        self._bounds = bounds
        self._todo = iter(endpoints)
        self._exhausted = False
        self._health = GatewayHealth(adapter.gateway, bounds.connect_failures, proof)
        self.in_flight: set[_InFlight] = set()
        self.finished: list[_InFlight] = []
        self.wake = asyncio.Event()

    @property
    def over(self) -> bool:
        return self._exhausted and not self.in_flight and not self.finished

    def step(self) -> list[Receipt]:
        """Settle the requests that are done, start what may be started; returns what is known now."""
        receipts: list[Receipt] = []
        finished, self.finished = self.finished, []
        for flight in finished:
            outcome = flight.outcome
            if isinstance(outcome, Answer):
                receipts += self._interpret(flight, outcome, "")
            else:
                receipts += self._settle(flight, outcome)
        if not self._exhausted and len(self.in_flight) < self._bounds.concurrency:
            self._start_some(receipts)
        return receipts

    async def on_done(self) -> None:
        await self.wake.wait()
        self.wake.clear()

    def close(self) -> list[Receipt]:
        return self._health.close()

    def abort(self) -> None:
        for flight in self.in_flight:
            self._http.abort(flight.exchange)
        self.in_flight.clear()

    def error(self) -> ChannelError | None:
        """Return why the gateway is left alone, if it is."""
        return self._health.error

    def _start_some(self, receipts: list[Receipt]) -> None:
        """Start as many as may be under way; adds the receipts of those that cannot be started."""
        bounds, in_flight = self._bounds, self.in_flight
        # The date is read once for all that are started here, what has passed since then for each.
        ends = elapsed() + (bounds.deadline - bounds.now()).total_seconds()
        while len(in_flight) < bounds.concurrency:
            endpoint = next(self._todo, None)
            if endpoint is None:
                self._exhausted = True
                return
            receipts += self._try_to_start(endpoint, ends)

    def _try_to_start(self, endpoint: Endpoint, ends: float) -> list[Receipt]:
        try:
            return self._start(endpoint, ends)
        except DeliveryError as refusal:
            return [Receipt(endpoint.id, refusal)]
        except HttpError as refusal:
            return self._refused(endpoint, refusal) or [Receipt(endpoint.id, transport_error(refusal))]

    def _again(self, endpoint: Endpoint) -> list[Receipt]:
        """Start one more request for an endpoint, in the place of the one that has just ended."""
        bounds = self._bounds
        ends = elapsed() + (bounds.deadline - bounds.now()).total_seconds()
        return self._try_to_start(endpoint, ends)

    def _start(self, endpoint: Endpoint, ends: float) -> list[Receipt]:
        seconds_left = ends - elapsed()
        if seconds_left <= 0:
            return [Receipt(endpoint.id, Expired("deadline"))]
        health = self._health
        if health.error is not None:
            return []  # no receipt: the error that will be raised says the rest
        flight = _InFlight(self, endpoint)
        try:
            request = self._adapter.request(endpoint, seconds_left)
            flight.exchange = self._http.submit(request, flight.on_done, ends)
        except (DeliveryError, HttpError):
            raise
        except Exception as crash:  # noqa: BLE001 - one odd record, or everybody's: the gateway's health decides
            return health.crash(endpoint, _kind(crash))
        self.in_flight.add(flight)
        return health.start()

    def _settle(self, flight: _InFlight, outcome: HttpError) -> list[Receipt]:
        if isinstance(outcome, BrokenAnswer):
            return self._interpret(flight, outcome.answer, outcome.code)
        if refused := self._refused(flight.endpoint, outcome):
            return refused
        error = transport_error(outcome)
        if isinstance(outcome, NotSent):
            return self._health.miss(flight.endpoint, error)
        return self._health.fail(flight.endpoint, error)

    def _refused(self, endpoint: Endpoint, outcome: HttpError) -> list[Receipt]:
        """Stop the gateway where its own URL is forbidden; returns nothing where that is not what happened."""
        error = refused_gateway(outcome) if self._operators_url else None
        return [] if error is None else self._health.refuse(endpoint, error)

    def _interpret(self, flight: _InFlight, answer: Answer, broken: str) -> list[Receipt]:
        endpoint, health = flight.endpoint, self._health
        try:
            return health.accept(self._adapter.interpret(endpoint, answer, broken))
        except SendAgain:
            return self._again(endpoint)
        except DeliveryError as error:
            return health.fail(endpoint, error)
        except ChannelMisconfigured as error:
            return health.refuse(endpoint, error)
        except Exception as error:  # noqa: BLE001 - as above; here the message may have been accepted
            return health.fail(endpoint, Uncertain(type(error).__name__, "unreadable"))
