"""libcurl as a transport, beyond what all transports promise: exchanges that wait for their turn, and what it notes."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Callable

import pytest

from channels.http.addresses import AddressPolicy
from channels.http.curl.multi import CurlMulti
from channels.http.curl.transport import CurlTransport
from channels.http.messages import Answer, NoAnswer, NotSent, Outcome, Request
from channels.http.origins import Origin
from channels.http.transport import Exchange, TransportSettings
from tests.channels.far_side import Seen, Stream, answer, far_side, far_side_2, hang
from tests.channels.standstill import Clock, until

TIMEOUT_S = 5.0
SHORT_S = 0.05
LINES = ["ttl: 60"]


class ObservedTransport:
    """A transport of one exchange at a time, and what it has said."""

    def __init__(self, origin: str, ca_file: str, most: int, per_host: int = 0) -> None:
        policy = AddressPolicy(frozenset({origin}))
        self.clock = Clock()
        settings = TransportSettings(
            policy, connect_timeout_s=5.0, ca_file=ca_file, user_agent="test", monotonic=self.clock
        )
        self.origin: Origin[Exchange] = Origin(origin)
        self.outcomes: list[Outcome] = []
        self.connected: list[Origin[Exchange]] = []
        self.told = asyncio.Event()
        self.transport = CurlTransport(
            settings, self._finished, self.connected.append, max_in_flight=most, per_host=per_host
        )

    def _finished(self, _exchange: Exchange, outcome: Outcome) -> None:
        self.outcomes.append(outcome)
        self.told.set()

    @property
    def multi(self) -> CurlMulti:
        """libcurl, which there is once something was submitted."""
        assert self.transport._multi is not None
        return self.transport._multi

    def submit(self, timeout_s: float = TIMEOUT_S, body: bytes = b"", own_header: str = "") -> Exchange:
        request = Request(self.origin.name + "/", LINES, body, timeout_s, own_header=own_header)
        due = self.clock() + timeout_s
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
async def transport_for(ca_file: str) -> AsyncIterator[Callable[..., ObservedTransport]]:
    made: list[ObservedTransport] = []

    def make(origin: str, most: int = 1, per_host: int = 0) -> ObservedTransport:
        made.append(ObservedTransport(origin, ca_file, most, per_host))
        return made[-1]

    yield make
    for observed in made:
        await observed.transport.aclose()


async def test_beyond_the_bound_exchanges_wait_for_their_turn(
    transport_for: Callable[..., ObservedTransport],
) -> None:
    async with far_side(answer(201)) as side:
        observed = transport_for(side.origin)
        for _ in range(3):
            observed.submit()
        assert [type(got) for got in await observed.until(3)] == [Answer] * 3
        assert side.connections == 1


async def test_a_header_of_one_request_alone_is_not_the_next_one_s(
    transport_for: Callable[..., ObservedTransport],
) -> None:
    async with far_side(answer(201)) as side:
        observed = transport_for(side.origin)
        for number, own in enumerate(("", "apns-id: 1", "apns-id: 2", "")):
            observed.submit(own_header=own)
            await observed.until(number + 1)
    assert [one.headers.get("apns-id") for one in side.seen] == [None, "1", "2", None]
    assert {one.headers["ttl"] for one in side.seen} == {"60"}


async def test_a_host_with_one_stream_gets_one_connection_where_it_may_have_no_more(
    transport_for: Callable[..., ObservedTransport], server_tls: Callable[..., ssl.SSLContext]
) -> None:
    async with far_side_2(lambda stream: stream.answer(201), server_tls("h2")) as side:
        side.settings = b"\x00\x03\x00\x00\x00\x01"  # SETTINGS_MAX_CONCURRENT_STREAMS = 1
        observed = transport_for(side.origin, 8, per_host=1)
        for count in (1, 9):
            for _ in range(count):
                observed.submit()
            await observed.until(count)
        assert (len(await observed.until(10)), side.connections) == (10, 1)


async def test_the_wait_counts_towards_the_time(transport_for: Callable[..., ObservedTransport]) -> None:
    async with far_side(hang) as side:
        observed = transport_for(side.origin)
        observed.submit()
        observed.submit(SHORT_S)
        (got,) = await observed.until(1)
        assert (type(got), str(got)) == (NotSent, f"timeout_queue {side.origin}")


async def test_an_exchange_that_is_aborted_while_it_waits_never_starts_and_the_next_takes_its_turn(
    transport_for: Callable[..., ObservedTransport],
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
    transport_for: Callable[..., ObservedTransport],
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
    transport_for: Callable[..., ObservedTransport], server_tls: Callable[..., ssl.SSLContext]
) -> None:
    async with far_side_2(lambda stream: stream.answer(201), server_tls("h2")) as side:
        observed = transport_for(side.origin)
        observed.submit()
        await observed.until(1)
        assert observed.connected == [observed.origin]
        assert (observed.origin.multiplexed, observed.origin.multiplexed_answers) == (True, 1)


NO_WINDOW = (4).to_bytes(2, "big") + bytes(4)  # SETTINGS_INITIAL_WINDOW_SIZE: 0
BIG = b"x" * (1 << 24)


async def test_a_body_for_which_there_was_no_window_does_not_follow_its_headers_after_its_time(
    transport_for: Callable[..., ObservedTransport], server_tls: Callable[..., ssl.SSLContext]
) -> None:
    begun: asyncio.Queue[Stream] = asyncio.Queue()
    async with far_side_2(lambda stream: stream.answer(201), server_tls("h2")) as side:
        side.settings = NO_WINDOW
        observed = transport_for(side.origin, 2)
        observed.submit()
        await observed.until(1)
        side.begin = begun.put_nowait
        observed.submit(body=b"late")
        observed.submit(10 * TIMEOUT_S, body=b"in time")
        streams = [await begun.get(), await begun.get()]
        observed.clock.ahead = 2 * TIMEOUT_S
        for stream in streams:
            stream.widen(stream.number, 1000)
        _, late, in_time = await observed.until(3)
    assert (type(late), str(late)) == (NoAnswer, f"timeout {side.origin}")
    assert isinstance(in_time, Answer)
    assert [stream.body for stream in side.streams] == [b"", b"in time"]
    assert side.connections == 1


async def test_the_rest_of_a_request_does_not_follow_its_beginning_after_its_time(
    transport_for: Callable[..., ObservedTransport],
) -> None:
    loop = asyncio.get_running_loop()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        observed = transport_for(f"http://127.0.0.1:{listener.getsockname()[1]}")
        observed.submit(body=BIG)
        theirs, _ = await loop.sock_accept(listener)
        with theirs:
            count = len(await loop.sock_recv(theirs, 1))
            observed.clock.ahead = 2 * TIMEOUT_S
            async with asyncio.timeout(TIMEOUT_S):
                while more := await _received(theirs):
                    count += more
        (got,) = await observed.until(1)
    assert (type(got), getattr(got, "code", "")) == (NoAnswer, "timeout")
    assert count < len(BIG)


async def _received(theirs: socket.socket) -> int:
    try:
        return len(await asyncio.get_running_loop().sock_recv(theirs, 1 << 20))
    except ConnectionResetError:
        return 0


async def test_breaking_one_off_does_not_send_what_waits_of_another_after_its_time(
    transport_for: Callable[..., ObservedTransport],
) -> None:
    """Of HTTP/2 libcurl would write it on the way, so nothing may be left to write it to."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        observed = transport_for(f"http://127.0.0.1:{listener.getsockname()[1]}", 2)
        stuck, other = observed.submit(body=BIG), observed.submit(10 * TIMEOUT_S, body=BIG)
        running = dict(observed.transport._active)
        transfer = next(transfer for one, transfer in running.values() if one is stuck)
        await until(lambda: observed.multi.unsent(transfer.descriptor))
        with socket.fromfd(transfer.descriptor, socket.AF_INET, socket.SOCK_STREAM) as ours:
            observed.clock.ahead = 2 * TIMEOUT_S
            observed.transport.abort(other)
            with pytest.raises(BrokenPipeError):
                ours.send(b"x")


async def test_what_waits_takes_the_turn_of_what_is_broken_off(
    transport_for: Callable[..., ObservedTransport],
) -> None:
    async with far_side(hang) as side:
        observed = transport_for(side.origin)

        async def stand_still(_seen: Seen, writer: asyncio.StreamWriter) -> None:
            observed.clock.ahead = 2 * TIMEOUT_S
            side.react = answer(201)
            writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")  # which libcurl has to look at

        side.react = stand_still
        observed.submit()
        observed.submit(10 * TIMEOUT_S)
        assert [type(got) for got in await observed.until(2)] == [NoAnswer, Answer]


async def test_a_connection_made_after_the_requests_time_gets_none(
    transport_for: Callable[..., ObservedTransport], server_tls: Callable[..., ssl.SSLContext]
) -> None:
    """The server shakes hands when the process that connected to it has stood still."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        observed = transport_for(f"https://127.0.0.1:{listener.getsockname()[1]}")
        observed.submit()
        await until(lambda: observed.multi._watched)
        observed.clock.ahead = 2 * TIMEOUT_S
        came: list[bytes] = []

        async def read(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            came.append(await reader.read())
            writer.close()

        server = await asyncio.start_server(read, sock=listener, ssl=server_tls("http/1.1"))
        (got,) = await observed.until(1)
        server.close()
    assert (type(got), getattr(got, "code", "")) == (NotSent, "timeout_connect")
    assert not any(came)
