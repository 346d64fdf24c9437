"""The contract of `Transport`, run over libcurl and over our own HTTP/2 against the same servers."""

import asyncio
import os
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
import trustme

from channels.http.addresses import AddressPolicy
from channels.http.curl.transport import CurlTransport
from channels.http.http2.transport import Http2Transport
from channels.http.messages import (
    MAX_ANSWER_BYTES,
    Answer,
    BrokenAnswer,
    HttpError,
    NoAnswer,
    NotSent,
    Outcome,
    Refused,
    Request,
    Unprocessed,
    header_lines,
)
from channels.http.origins import Origin
from channels.http.sockets import UNACKNOWLEDGED_MS
from channels.http.transport import Exchange, Transport, TransportSettings
from tests.channels.far_side import FarSide2, Stream, closed_port, far_side_2
from tests.channels.standstill import Clock, arrived, narrow, until

LINES = header_lines({"TTL": "60"})
PATIENCE_S = 10.0
SOON_S = 0.5
HEADERS, DATA, RST = 1, 0, 3
END_STREAM, END_HEADERS = 1, 4
RETRY_LATER = b"\x08\x03429" + b"\x0f\x26\x0217"  # :status 429, retry-after 17

Tls = Callable[..., ssl.SSLContext]


@pytest.fixture(params=[False, True], ids=["asyncio", "uvloop"])
def anyio_backend(request: pytest.FixtureRequest) -> tuple[str, dict[str, bool]]:
    return "asyncio", {"use_uvloop": request.param}


class Client:
    """What a transport needs of a client: it makes exchanges, and is told their outcomes once."""

    def __init__(self, kind: str, settings: TransportSettings) -> None:
        self.outcomes: dict[Exchange, Outcome] = {}
        self.told = asyncio.Event()
        self.monotonic = settings.monotonic
        self.transport: Transport = (
            CurlTransport(settings, self.finished, lambda _: None, max_in_flight=100)
            if kind == "curl"
            else Http2Transport(settings, self.finished, max_origins=4)
        )

    def finished(self, exchange: Exchange, outcome: Outcome) -> None:
        assert exchange not in self.outcomes, "told twice"
        self.outcomes[exchange] = outcome
        self.told.set()

    def exchange(self, origin: str, *, timeout_s: float = PATIENCE_S, body: bytes = b"body") -> Exchange:
        request = Request(origin + "/push/1", LINES, body, timeout_s)
        due = self.monotonic() + timeout_s
        return Exchange(request, Origin(origin), due, lambda _: None)

    async def submit(self, exchange: Exchange) -> None:
        """Hand over an exchange, as soon as the transport can take it."""
        async with asyncio.timeout(PATIENCE_S):
            taken = self.transport.submit(exchange)
            while not taken:
                await asyncio.sleep(0)
                taken = self.transport.submit(exchange)
        assert exchange not in self.outcomes, "told before `submit` returned"

    def sockets(self, origin: str) -> list[socket.socket]:
        """Duplicates of the sockets to `origin`."""
        if isinstance(self.transport, CurlTransport):
            running = {transfer.descriptor for _, transfer in self.transport._active.values()}
        else:
            assert isinstance(self.transport, Http2Transport)
            running = {one._tls._raw.fileno() for one in self.transport._pools[origin]._connections}
        return [socket.fromfd(one, socket.AF_INET, socket.SOCK_STREAM) for one in running if one >= 0]

    def unsent(self, origin: str) -> bool:
        """Whether something waits in this process for the kernel to take it."""
        if isinstance(self.transport, CurlTransport):
            multi = self.transport._multi
            assert multi is not None
            return any(multi.unsent(one) for one in multi._watched)
        assert isinstance(self.transport, Http2Transport)
        return any(one._tls.unsent for one in self.transport._pools[origin]._connections)

    async def outcome(self, exchange: Exchange) -> Outcome:
        async with asyncio.timeout(PATIENCE_S):
            while exchange not in self.outcomes:
                self.told.clear()
                await self.told.wait()
        return self.outcomes[exchange]

    async def carry(self, exchange: Exchange) -> Outcome:
        await self.submit(exchange)
        return await self.outcome(exchange)

    async def warm(self, side: FarSide2) -> None:
        """Have one request answered, so that all transports have a connection."""
        act, side.act = side.act, accept
        assert await self.carry(self.exchange(side.origin)) == status(201)
        side.act = act
        side.streams.clear()


Make = Callable[..., Client]


@pytest.fixture(params=["curl", "http2"])
async def client_to(request: pytest.FixtureRequest, ca_file: str) -> AsyncIterator[Make]:
    """Makes clients of either transport; `allowed` are the origins that may lie anywhere."""
    clients: list[Client] = []

    def make(*allowed: str, ca: str = ca_file, clock: Clock | None = None) -> Client:
        policy = AddressPolicy(frozenset(allowed))
        settings = TransportSettings(
            policy, connect_timeout_s=5.0, ca_file=ca, user_agent="test", monotonic=clock or Clock()
        )
        clients.append(Client(request.param, settings))
        return clients[-1]

    yield make
    for client in clients:
        await client.transport.aclose()


class status:  # noqa: N801 - reads like the answer it stands for
    """Equal to a complete answer with this status, whatever its headers."""

    def __init__(self, wanted: int) -> None:
        self.wanted = wanted

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Answer) and other.status == self.wanted

    __hash__ = None  # type: ignore[assignment]


def accept(stream: Stream) -> None:
    stream.answer(201)


def hang(_stream: Stream) -> None:
    pass


def reset_stream(stream: Stream) -> None:
    stream._write(RST, 0, stream.number, (2).to_bytes(4, "big"))  # INTERNAL_ERROR


def break_connection(stream: Stream) -> None:
    stream.writer.transport.abort()


def speak_nonsense(stream: Stream) -> None:
    stream._write(HEADERS, END_HEADERS, 0, b"")
    stream.writer.close()  # libcurl tells only then, or after 5 s


def answer_with(block: bytes, body: bytes, *, ends: bool = True) -> Callable[[Stream], None]:
    def act(stream: Stream) -> None:
        stream._write(HEADERS, END_HEADERS, stream.number, block)
        for start in range(0, len(body), 16_384):
            stream._write(DATA, 0, stream.number, body[start : start + 16_384])
        if ends:
            stream._write(DATA, END_STREAM, stream.number, b"")

    return act


async def test_an_answer_has_status_headers_and_body(client_to: Make, server_tls: Tls) -> None:
    async with far_side_2(answer_with(RETRY_LATER, b"later"), server_tls("h2")) as side:
        client = client_to(side.origin)
        got = await client.carry(client.exchange(side.origin))
    assert isinstance(got, Answer)
    assert (got.status, got.header("retry-after"), got.body) == (429, "17", b"later")
    assert side.streams[-1].body == b"body"


@pytest.mark.parametrize("place", ["Prüf stand", "試験", os.fsdecode(b"latin-\xfc")])
async def test_the_authorities_may_lie_anywhere(
    client_to: Make, server_tls: Tls, authority: trustme.CA, tmp_path: Path, place: str
) -> None:
    elsewhere = tmp_path / place / "Zertifikate für Düren.pem"
    elsewhere.parent.mkdir()
    authority.cert_pem.write_to_path(elsewhere)
    async with far_side_2(accept, server_tls("h2")) as side:
        client = client_to(side.origin, ca=str(elsewhere))
        assert await client.carry(client.exchange(side.origin)) == status(201)


async def test_many_at_a_time(client_to: Make, server_tls: Tls) -> None:
    async with far_side_2(accept, server_tls("h2")) as side:
        client = client_to(side.origin)
        await client.warm(side)
        exchanges = [client.exchange(side.origin, body=b"%d" % number) for number in range(50)]
        for exchange in exchanges:
            await client.submit(exchange)
        assert [await client.outcome(one) for one in exchanges] == [status(201)] * 50
    assert sorted(int(stream.body) for stream in side.streams) == list(range(50))


@pytest.mark.parametrize(
    ("act", "expected", "code"),
    [
        (hang, NoAnswer, "timeout"),
        (reset_stream, NoAnswer, "reset"),
        (break_connection, NoAnswer, "reset"),
        (answer_with(RETRY_LATER, b"a part", ends=False), BrokenAnswer, "timeout"),
        (answer_with(RETRY_LATER, b"x" * (MAX_ANSWER_BYTES + 1)), BrokenAnswer, "oversized"),
    ],
    ids=["hang", "stream", "connection", "half", "oversized"],
)
async def test_what_went_wrong_has_the_same_class(
    client_to: Make, server_tls: Tls, act: Any, expected: type[HttpError], code: str
) -> None:
    """And the server was asked once: what it may have acted on is not sent again."""
    async with far_side_2(act, server_tls("h2")) as side:
        client = client_to(side.origin)
        await client.warm(side)
        got = await client.carry(client.exchange(side.origin, timeout_s=SOON_S if code == "timeout" else 5))
    assert (type(got), getattr(got, "code", ""), getattr(got, "origin", "")) == (expected, code, side.origin)
    assert [stream.body for stream in side.streams] == [b"body"]
    if isinstance(got, BrokenAnswer):
        assert (got.answer.status, got.answer.header("retry-after"), got.answer.body) == (429, "17", b"")


async def test_nonsense_is_no_answer(client_to: Make, server_tls: Tls) -> None:
    async with far_side_2(speak_nonsense, server_tls("h2")) as side:
        client = client_to(side.origin)
        await client.warm(side)
        assert isinstance(await client.carry(client.exchange(side.origin)), NoAnswer)
    assert len(side.streams) == 1


async def test_what_the_server_gave_back_is_sent_again_or_given_back(
    client_to: Make, server_tls: Tls
) -> None:
    async with far_side_2(accept, server_tls("h2")) as side:
        client = client_to(side.origin)
        await client.warm(side)
        side.act = lambda stream: stream.refuse() if len(side.streams) == 1 else stream.answer(201)
        got = await client.carry(client.exchange(side.origin))
        if isinstance(client.transport, Http2Transport):
            assert isinstance(got, Unprocessed)
        else:
            assert got == status(201)
            assert len(side.streams) == 2


async def test_an_address_that_the_policy_forbids_is_not_connected_to(
    client_to: Make, server_tls: Tls
) -> None:
    async with far_side_2(accept, server_tls("h2")) as side:
        client = client_to()
        got = await carried_at_all(client, client.exchange(side.origin))
    assert got is None or (type(got), got.code) == (Refused, "private_address")
    assert side.connections == 0


async def test_a_server_that_cannot_be_reached_or_verified_is_sent_nothing(
    client_to: Make, server_tls: Tls, tmp_path: Any
) -> None:
    foreign = tmp_path / "foreign.pem"
    trustme.CA().cert_pem.write_to_path(foreign)
    async with far_side_2(accept, server_tls("h2")) as side:
        for origin, code in (
            (f"https://127.0.0.1:{closed_port()}", "connect"),
            ("https://nowhere.invalid", "dns"),
            (side.origin, "tls"),
        ):
            client = client_to(origin, ca=str(foreign))
            got = await carried_at_all(client, client.exchange(origin))
            assert got is None or (type(got), got.code) == (NotSent, code)
        assert side.streams == []


async def carried_at_all(client: Client, exchange: Exchange) -> HttpError | None:
    """The error with which an exchange ends; None where the transport takes none to this origin."""
    if not client.transport.submit(exchange):
        assert isinstance(client.transport, Http2Transport)
        connecting = client.transport._pools[exchange.origin.name]._connecting
        assert connecting is not None
        await asyncio.wait([connecting])
        assert not client.transport.submit(exchange)
        assert client.outcomes == {}
        return None
    got = await client.outcome(exchange)
    assert isinstance(got, HttpError)
    return got


async def test_an_aborted_exchange_is_not_told_and_hurts_no_other(client_to: Make, server_tls: Tls) -> None:
    arrived = asyncio.Event()
    async with far_side_2(lambda _: arrived.set(), server_tls("h2")) as side:
        client = client_to(side.origin)
        await client.warm(side)
        aborted, other = (client.exchange(side.origin, body=body) for body in (b"aborted", b"other"))
        await client.submit(aborted)
        await arrived.wait()
        await client.submit(other)
        client.transport.abort(aborted)
        side.act = accept
        assert await client.carry(client.exchange(side.origin)) == status(201)
        for stream in side.streams:
            stream.answer(201)
        assert await client.outcome(other) == status(201)
        assert aborted not in client.outcomes


async def test_closing_ends_what_is_on_its_way(client_to: Make, server_tls: Tls) -> None:
    arrived = asyncio.Event()
    async with far_side_2(lambda _: arrived.set(), server_tls("h2")) as side:
        client = client_to(side.origin)
        await client.warm(side)
        exchanges = [client.exchange(side.origin) for _ in range(3)]
        for exchange in exchanges:
            await client.submit(exchange)
        await arrived.wait()
        await client.transport.aclose()
        outcomes = [client.outcomes[one] for one in exchanges]
    assert [type(got) for got in outcomes] == [NoAnswer] * 3
    assert {got.code for got in outcomes if isinstance(got, HttpError)} == {"closed"}


async def test_nothing_is_left_of_closing_twice_or_unused(client_to: Make) -> None:
    client = client_to()
    await client.transport.aclose()
    await client.transport.aclose()
    assert client.outcomes == {}


async def test_a_transport_that_tells_twice_is_noticed(client_to: Make) -> None:
    client = client_to()
    exchange = client.exchange("https://push.example")
    client.finished(exchange, NotSent("closed"))
    with pytest.raises(AssertionError, match="told twice"):
        client.finished(exchange, NotSent("closed"))


# a process that stood still


async def full(client: Client, side: FarSide2) -> list[Exchange]:
    """Send until something waits, as the other side does not read; returns what is under way."""
    stuck = asyncio.Event()

    def stop_reading(stream: Stream) -> None:
        stream.widen(0)
        stream.writer.transport.pause_reading()  # type: ignore[attr-defined]
        stuck.set()

    await client.warm(side)
    side.act = stop_reading
    exchanges = [client.exchange(side.origin)]
    await client.submit(exchanges[0])
    await stuck.wait()
    for one in client.sockets(side.origin):
        with one:
            narrow(one)
    while not client.unsent(side.origin):
        exchanges.append(client.exchange(side.origin, body=b"%d" % len(exchanges) + b"x" * 16_000))
        await client.submit(exchanges[-1])
        await asyncio.sleep(0)
    return exchanges


async def test_what_waits_for_the_other_side_to_read_does_not_leave_when_its_time_is_over(
    client_to: Make, server_tls: Tls
) -> None:
    clock = Clock()
    async with far_side_2(hang, server_tls("h2")) as side:
        client = client_to(side.origin, clock=clock)
        exchanges = await full(client, side)
        clock.ahead = 2 * PATIENCE_S
        side.act = accept
        side.streams[0].writer.transport.resume_reading()  # type: ignore[attr-defined]
        outcomes = [await client.outcome(one) for one in exchanges]
    assert type(outcomes[-1]) is NoAnswer
    assert exchanges[-1].request.body not in {stream.body for stream in side.streams}


async def test_what_waits_for_the_other_side_to_read_leaves_in_time(client_to: Make, server_tls: Tls) -> None:
    """The same, of a process that does not stand still: the test before is not passed by sending nothing."""
    async with far_side_2(hang, server_tls("h2")) as side:
        client = client_to(side.origin)
        exchanges = await full(client, side)
        side.act = accept
        side.streams[0].answer(201)
        side.streams[0].writer.transport.resume_reading()  # type: ignore[attr-defined]
        outcomes = [await client.outcome(one) for one in exchanges]
    assert outcomes == [status(201)] * len(exchanges)


async def test_what_was_found_to_be_in_time_is_the_kernels_before_anything_else_runs(
    client_to: Make, server_tls: Tls
) -> None:
    """A process that is stopped later in the same round of the loop has nothing to write when it wakes."""
    async with far_side_2(accept, server_tls("h2")) as side:
        client = client_to(side.origin)
        await client.warm(side)
        assert await client.carry(client.exchange(side.origin)) == status(201)
        theirs = side.streams[-1].writer.get_extra_info("socket")
        for _ in range(3):  # what the answer gave rise to has been done
            await asyncio.sleep(0)
        await until(lambda: not arrived(theirs, 0.0))
        came: list[bool] = []
        exchange = client.exchange(side.origin)
        await client.submit(exchange)
        asyncio.get_running_loop().call_soon(lambda: came.append(arrived(theirs)))
        assert await client.outcome(exchange) == status(201)
    assert came == [True]


async def test_what_is_given_back_after_its_time_is_not_sent_again(client_to: Make, server_tls: Tls) -> None:
    clock = Clock()

    def refuse_late(stream: Stream) -> None:
        clock.ahead = 2 * PATIENCE_S
        stream.refuse()

    async with far_side_2(refuse_late, server_tls("h2")) as side:
        client = client_to(side.origin, clock=clock)
        await client.warm(side)
        got = await client.carry(client.exchange(side.origin))
    assert type(got) in {NoAnswer, Unprocessed}  # the client does not start what is over
    assert len(side.streams) == 1


async def test_the_kernel_forgets_what_the_other_side_does_not_take(client_to: Make, server_tls: Tls) -> None:
    there = asyncio.Event()
    async with far_side_2(lambda _: there.set(), server_tls("h2")) as side:
        client = client_to(side.origin)
        await client.warm(side)
        await client.submit(client.exchange(side.origin))
        await there.wait()
        bounds = []
        for one in client.sockets(side.origin):
            with one:
                bounds.append(one.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT))
    assert bounds == [UNACKNOWLEDGED_MS]
