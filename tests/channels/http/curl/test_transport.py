"""libcurl as a transport, beyond what all transports promise: exchanges that wait for their turn, and what it notes."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable

import pytest

from channels.http.addresses import AddressPolicy
from channels.http.curl.transport import CurlTransport
from channels.http.messages import Answer, NoAnswer, NotSent, Outcome, Request
from channels.http.origins import Origin
from channels.http.transport import Exchange, TransportSettings
from tests.channels.far_side import answer, far_side, far_side_2, hang

TIMEOUT_S = 5.0
SHORT_S = 0.05


class ObservedTransport:
    """A transport of one exchange at a time, and what it has said."""

    def __init__(self, origin: str, ca_file: str) -> None:
        policy = AddressPolicy(frozenset({origin}))
        settings = TransportSettings(policy, connect_timeout_s=5.0, ca_file=ca_file, user_agent="test")
        self.origin: Origin[Exchange] = Origin(origin)
        self.outcomes: list[Outcome] = []
        self.connected: list[Origin[Exchange]] = []
        self.told = asyncio.Event()
        self.transport = CurlTransport(settings, self._finished, self.connected.append, max_in_flight=1)

    def _finished(self, _exchange: Exchange, outcome: Outcome) -> None:
        self.outcomes.append(outcome)
        self.told.set()

    def submit(self, timeout_s: float = TIMEOUT_S) -> Exchange:
        request = Request(self.origin.name + "/", [], b"", timeout_s)
        due = asyncio.get_running_loop().time() + timeout_s
        exchange = Exchange(request, self.origin, due, lambda _: None)
        assert self.transport.submit(exchange)
        return exchange

    async def until(self, count: int) -> list[Outcome]:
        async with asyncio.timeout(2 * TIMEOUT_S):
            while len(self.outcomes) < count:
                self.told.clear()
                await self.told.wait()
        return self.outcomes


@pytest.fixture
async def transport_for(ca_file: str) -> AsyncIterator[Callable[[str], ObservedTransport]]:
    made: list[ObservedTransport] = []

    def make(origin: str) -> ObservedTransport:
        made.append(ObservedTransport(origin, ca_file))
        return made[-1]

    yield make
    for observed in made:
        await observed.transport.aclose()


async def test_beyond_the_bound_exchanges_wait_for_their_turn(
    transport_for: Callable[[str], ObservedTransport],
) -> None:
    async with far_side(answer(201)) as side:
        observed = transport_for(side.origin)
        for _ in range(3):
            observed.submit()
        assert [type(got) for got in await observed.until(3)] == [Answer] * 3
        assert side.connections == 1


async def test_the_wait_counts_towards_the_time(transport_for: Callable[[str], ObservedTransport]) -> None:
    async with far_side(hang) as side:
        observed = transport_for(side.origin)
        observed.submit()
        observed.submit(SHORT_S)
        (got,) = await observed.until(1)
        assert (type(got), str(got)) == (NotSent, f"timeout_queue {side.origin}")


async def test_an_exchange_that_is_aborted_while_it_waits_never_starts_and_the_next_takes_its_turn(
    transport_for: Callable[[str], ObservedTransport],
) -> None:
    async with far_side(hang) as side:
        observed = transport_for(side.origin)
        first, second = observed.submit(), observed.submit()
        observed.submit()
        await side.arrived.wait()
        side.react = answer(201)
        observed.transport.abort(second)
        observed.transport.abort(first)
        assert [type(got) for got in await observed.until(1)] == [Answer]
    assert len(side.seen) == 2


async def test_closing_tells_those_on_their_way_from_those_that_wait_and_can_be_used_again(
    transport_for: Callable[[str], ObservedTransport],
) -> None:
    async with far_side(hang) as side:
        observed = transport_for(side.origin)
        observed.submit()
        observed.submit()
        await side.arrived.wait()
        await observed.transport.aclose()
        assert [type(got) for got in observed.outcomes] == [NoAnswer, NotSent]
        side.react = answer(201)
        observed.submit()
        assert isinstance((await observed.until(3))[-1], Answer)


async def test_the_origin_learns_of_its_connection_and_its_protocol(
    transport_for: Callable[[str], ObservedTransport], server_tls: Callable[..., ssl.SSLContext]
) -> None:
    async with far_side_2(lambda stream: stream.answer(201), server_tls("h2")) as side:
        observed = transport_for(side.origin)
        observed.submit()
        await observed.until(1)
        assert observed.connected == [observed.origin]
        assert (observed.origin.multiplexed, observed.origin.multiplexed_answers) == (True, 1)
