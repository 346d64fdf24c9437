"""The connections to one origin: to whom they are made, and how requests with equal headers share their fields."""

import asyncio
import socket
import ssl
from collections.abc import Callable
from typing import Any

import pytest

from channels.clock import elapsed
from channels.http.addresses import AddressPolicy
from channels.http.http2.pool import ConnectionPool, client_tls, target_of
from channels.http.messages import NoAnswer, Request, header_lines
from channels.http.transport import TransportSettings
from tests.channels.far_side import answer, closed_port, deaf_port, far_side, far_side_2

TIMEOUT_S = 5.0
LINES = header_lines({"TTL": "60"})


@pytest.fixture(params=[False, True], ids=["asyncio", "uvloop"])
def anyio_backend(request: pytest.FixtureRequest) -> tuple[Any, ...]:
    return "asyncio", {"use_uvloop": request.param}


def accept(stream: Any) -> None:
    stream.answer(201)


def pool_to(origin: Any, ca_file: Any, policy: Any = None, timeout_s: Any = TIMEOUT_S) -> ConnectionPool:
    settings = TransportSettings(
        policy=policy or AddressPolicy(frozenset({origin})),
        connect_timeout_s=timeout_s,
        ca_file=ca_file,
        user_agent="test",
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
