"""The connections to one origin: to whom they are made, and how requests with equal headers share their fields."""

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Callable
from typing import Any, Self

import pytest

from channels.clock import elapsed
from channels.http.addresses import AddressPolicy
from channels.http.client import HttpClient
from channels.http.http2.pool import (
    LEFT_ALONE_S,
    MAX_RETRY_S,
    ConnectionPool,
    client_tls,
    retry_pause,
    target_of,
)
from channels.http.messages import NoAnswer, Request, header_lines
from channels.http.transport import TransportSettings
from tests.channels.far_side import FarSide2, answer, closed_port, deaf_port, far_side, far_side_2
from tests.support.limited_loop import LimitedLoop, LimitedSelectorLoop

TIMEOUT_S = 5.0
LINES = header_lines({"TTL": "60"})


@pytest.fixture(params=[LimitedSelectorLoop, LimitedLoop], ids=["asyncio", "uvloop"])
def anyio_backend(request: pytest.FixtureRequest) -> tuple[str, dict[str, object]]:
    return "asyncio", {"loop_factory": request.param}


def accept(stream: Any) -> None:
    stream.answer(201)


def pool_to(
    origin: Any, ca_file: Any, policy: Any = None, timeout_s: Any = TIMEOUT_S, monotonic: Any = elapsed
) -> ConnectionPool:
    settings = TransportSettings(
        policy=policy or AddressPolicy(frozenset({origin})),
        connect_timeout_s=timeout_s,
        ca_file=ca_file,
        user_agent="test",
        monotonic=monotonic,
    )
    return ConnectionPool(origin, client_tls(ca_file), settings)


async def tried(pool: Any) -> tuple[Any, ...]:
    """Ask once, and wait for what comes of it."""
    assert pool.start(Request(pool._origin + "/", LINES, b"", TIMEOUT_S), 0.0, print) is None
    await asyncio.wait([pool._connecting])
    again = pool.start(Request(pool._origin + "/", LINES, b"", TIMEOUT_S), 0.0, print)
    assert again is None
    made, retried = len(pool._connections), pool._connecting is not None
    await pool.aclose()
    return made, retried


async def test_an_address_that_the_policy_forbids_is_not_connected_to(
    ca_file: str, server_tls: Callable[..., ssl.SSLContext]
) -> None:
    async with far_side_2(accept, server_tls("h2")) as side:
        pool = pool_to(side.origin, ca_file, AddressPolicy())
        assert await tried(pool) == (0, False)
    assert side.connections == 0


async def test_a_server_that_cannot_be_verified_or_reached_or_speaks_otherwise_is_left_to_libcurl(
    ca_file: str, server_tls: Callable[..., ssl.SSLContext]
) -> None:
    async with (
        far_side(tls=server_tls(name="elsewhere.example")) as stranger,
        far_side(tls=server_tls("http/1.1")) as older,
    ):
        nobody = f"https://127.0.0.1:{closed_port()}"
        nowhere = "https://nowhere.invalid"
        for origin in (stranger.origin, older.origin, nobody, nowhere):
            assert await tried(pool_to(origin, ca_file)) == (0, False)
        assert (stranger.seen, older.seen) == ([], [])


async def test_a_connection_that_takes_too_long_is_left_to_libcurl(ca_file: str) -> None:
    async with far_side(answer(200)) as side:  # in the clear: the handshake hangs
        origin = side.origin.replace("http:", "https:")
        assert await tried(pool_to(origin, ca_file, timeout_s=0.05)) == (0, False)


async def test_a_host_that_does_not_answer_the_connection_is_left_to_libcurl(ca_file: str) -> None:
    with deaf_port() as port:
        pool = pool_to(f"https://127.0.0.1:{port}", ca_file, timeout_s=0.05)
        assert await tried(pool) == (0, False)


async def test_headers_of_different_messages_and_lengths_are_kept_apart(ca_file: str) -> None:
    pool = pool_to("https://127.0.0.1:8443", ca_file)
    lists = [header_lines({"TTL": str(number)}) for number in range(70)]
    seen = [pool._fields_of(lines, 5) for lines in lists]
    assert seen[0] == (
        (b":authority", b"127.0.0.1:8443"),
        (b"user-agent", b"test"),
        (b"content-length", b"5"),
        (b"ttl", b"0"),
    )
    assert len(set(seen)) == 70
    assert pool._fields_of(lists[-1], 5) is pool._fields_of(lists[-1], 5) is seen[-1]
    assert pool._fields_of(lists[-1], 6) != seen[-1]
    assert pool._fields_of(lists[-1], 5) is seen[-1]
    assert len(pool._fields) < 70


@pytest.mark.parametrize(
    ("url", "target"),
    [
        ("https://push.example/a/../b?c=/d", "/a/../b?c=/d"),
        ("https://push.example:443/a", "/a"),
        ("HTTPS://PUSH.example/A", "/A"),
        ("https://push.example", "/"),
        ("https://push.example?x=/y", "/?x=/y"),
    ],
)
def test_the_target_is_the_url_from_its_path_on(url: str, target: str) -> None:
    assert target_of(url) == target


async def test_what_a_server_does_not_read_is_given_up_with_its_connection(
    ca_file: str, server_tls: Callable[..., ssl.SSLContext]
) -> None:
    """What waits to be written is perhaps of requests whose time is over: none of it leaves any more."""
    stuck = asyncio.Event()

    def stop_reading(stream: Any) -> None:
        stream._write(8, 0, 0, (1 << 30).to_bytes(4, "big"))  # WINDOW_UPDATE: as much as you like
        stream.writer.transport.pause_reading()
        stuck.set()

    async with far_side_2(stop_reading, server_tls("h2")) as side:
        pool = pool_to(side.origin, ca_file)
        outcomes: list[object] = []
        ended = asyncio.Event()

        def done(outcome: Any) -> None:
            outcomes.append(outcome)
            ended.set()

        request = Request(side.origin + "/", LINES, b"x" * 16_000, TIMEOUT_S)
        due = elapsed() + TIMEOUT_S
        async with asyncio.timeout(TIMEOUT_S):
            started = pool.start(request, due, done)
            while started is None:
                await asyncio.sleep(0)
                started = pool.start(request, due, done)
            await stuck.wait()
            connection, _ = started
            connection._tls._raw.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1)
            count = 1
            while connection._tls.unsent == 0:
                count += pool.start(request, due, done) is not None
                await asyncio.sleep(0)
            count += pool.start(request, 0.0, done) is not None
            await ended.wait()
        await pool.aclose()
    assert [(type(one), getattr(one, "code", "")) for one in outcomes] == [(NoAnswer, "timeout")] * count
    assert connection.retiring


class Clock:
    """Stands still until it is told to move."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_the_first_try_after_a_failure_comes_within_a_second_and_all_within_seconds() -> None:
    pauses = [retry_pause(failures) for failures in range(1, 1000)]
    assert pauses[0] <= 1.0
    assert pauses == sorted(pauses)
    assert max(pauses) == MAX_RETRY_S <= 5.0
    assert pauses[1] <= 2 * pauses[0], "it grows slowly"
    assert retry_pause(1, lasting=True) == retry_pause(9, lasting=True) == LEFT_ALONE_S


async def failed_try(pool: Any) -> float:
    """Let the pool try, in vain; return for how many seconds it will not try again."""
    request = Request(pool._origin + "/", LINES, b"", TIMEOUT_S)
    assert pool.start(request, 0.0, print) is None
    await asyncio.wait([pool._connecting])
    clock, before = pool._monotonic, pool._monotonic()
    assert pool.start(request, 0.0, print) is None
    assert pool._connecting is None, "not at once"
    clock.now = pool._not_before - 0.001
    assert pool.start(request, 0.0, print) is None
    assert pool._connecting is None, "not before its time"
    clock.now = pool._not_before
    return float(clock.now - before)


@pytest.mark.parametrize("kind", ["stalls", "swallows", "refuses"])
async def test_after_a_connect_that_fails_for_the_moment_the_next_comes_within_a_second(
    ca_file: str, kind: str
) -> None:
    with deaf_port() as deaf, socket.create_server(("127.0.0.1", 0)) as silent:  # the handshake hangs
        port = {"stalls": silent.getsockname()[1], "swallows": deaf, "refuses": closed_port()}[kind]
        pool = pool_to(f"https://127.0.0.1:{port}", ca_file, timeout_s=0.05, monotonic=Clock())
        assert [await failed_try(pool) for _ in range(3)] == [retry_pause(n) for n in (1, 2, 3)]
        await pool.aclose()


async def test_who_cannot_be_spoken_with_is_left_alone(
    ca_file: str, server_tls: Callable[..., ssl.SSLContext]
) -> None:
    async with (
        far_side(tls=server_tls(name="elsewhere.example")) as stranger,
        far_side(tls=server_tls("http/1.1")) as older,
    ):
        for origin in (stranger.origin, older.origin):
            pool = pool_to(origin, ca_file, monotonic=Clock())
            assert await failed_try(pool) == LEFT_ALONE_S
            await pool.aclose()
        pool = pool_to(older.origin, ca_file, AddressPolicy(), monotonic=Clock())
        assert await failed_try(pool) == LEFT_ALONE_S
        await pool.aclose()


class Stalling:
    """Stands in front of a server: the connections with these numbers are taken, and nothing more."""

    def __init__(self, side: FarSide2, stalled: set[int]) -> None:
        self._port = int(side.origin.rpartition(":")[2])
        self._stalled = stalled
        self._tasks: set[asyncio.Task[None]] = set()
        self.connections = 0
        self.origin = ""

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.origin = f"https://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self.connections += 1
        try:
            if self.connections in self._stalled:
                await reader.read()
                return
            onward, back = await asyncio.open_connection("127.0.0.1", self._port)
            try:
                await asyncio.gather(self._pass(reader, back), self._pass(onward, writer))
            finally:
                back.transport.abort()
        except (asyncio.CancelledError, ConnectionError):  # the test is over
            pass
        finally:
            writer.transport.abort()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(1 << 16):
            writer.write(data)
        writer.close()


async def test_while_a_connect_stalls_libcurl_carries_on_and_the_next_try_brings_a_connection(
    ca_file: str, server_tls: Callable[..., ssl.SSLContext]
) -> None:
    """It sent an origin back to the slow path for half a minute: three to ten times slower for a whole mass send."""
    clock = Clock()
    async with far_side_2(accept, server_tls("h2")) as side, Stalling(side, {2}) as front:
        policy = AddressPolicy(frozenset({front.origin}))
        client = HttpClient(policy, ca_file=ca_file, connect_timeout_s=1.0, http2_after=1, monotonic=clock)

        async def post() -> int:
            return (await client.post(front.origin + "/", {"TTL": "60"}, b"x", TIMEOUT_S)).status

        try:
            assert [await post() for _ in range(3)] == [201] * 3
            pool: Any = client._http2._pools[front.origin]
            stalled = pool._connecting
            assert await post() == 201, "libcurl carries on"
            await asyncio.wait([stalled])
            assert await post() == 201
            assert (pool._connecting, front.connections) == (None, 2)
            clock.now += 1.0
            assert await post() == 201
            await asyncio.wait([pool._connecting])
            answered = len(side.streams)
            assert await post() == 201
            assert pool._connections[0].answered
            assert (front.connections, len(side.streams)) == (3, answered + 1)
        finally:
            await client.aclose()


async def test_a_server_that_never_says_what_it_allows_is_no_connection(
    ca_file: str, server_tls: Callable[..., ssl.SSLContext]
) -> None:
    """One such connection kept all others from being made until it had been idle for long."""

    async def read_only(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            await reader.read()
        writer.close()

    server = await asyncio.start_server(read_only, "127.0.0.1", 0, ssl=server_tls("h2"))
    async with server:
        origin = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        pool = pool_to(origin, ca_file, timeout_s=0.3, monotonic=Clock())
        assert await failed_try(pool) == retry_pause(1)
        assert pool._connections == []
        await pool.aclose()


async def test_who_takes_connections_and_drops_them_gets_fewer_and_fewer(
    ca_file: str, server_tls: Callable[..., ssl.SSLContext]
) -> None:
    async with far_side_2(lambda stream: stream.writer.transport.abort(), server_tls("h2")) as side:
        clock = Clock()
        pool = pool_to(side.origin, ca_file, monotonic=clock)
        request = Request(side.origin + "/", LINES, b"", TIMEOUT_S)
        for _ in range(200):
            ended = asyncio.get_running_loop().create_future()
            if pool.start(request, clock() + TIMEOUT_S, ended.set_result) is None:
                if pool._connecting is not None:
                    await asyncio.wait([pool._connecting])
            else:
                await ended
            clock.now += 0.01
        await pool.aclose()
    assert 2 <= side.connections <= 6, "2 s bring the first, its replacement, and what backing off leaves"
