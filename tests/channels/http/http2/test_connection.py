"""One connection by itself: what it takes when, and what it finds after the process stood still."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from channels.http.http2.connection import MAX_UNSENT_BYTES, Connection
from channels.http.http2.pool import client_tls
from channels.http.http2.tls_socket import TlsSocket
from channels.http.messages import Answer, NoAnswer
from tests.channels.far_side import FarSide2, far_side_2
from tests.channels.standstill import Clock, arrived, until
from tests.support.limited_loop import LimitedLoop, LimitedSelectorLoop

FIELDS = ((b":authority", b"push.example"), (b"content-length", b"4"))


@pytest.fixture(params=[LimitedSelectorLoop, LimitedLoop], ids=["asyncio", "uvloop"])
def anyio_backend(request: pytest.FixtureRequest) -> tuple[str, dict[str, object]]:
    return "asyncio", {"loop_factory": request.param}


Connect = Callable[..., Any]


@pytest.fixture
async def connect(ca_file: str) -> AsyncIterator[Connect]:
    """Makes connections to a port of this machine, by a clock of the test's."""
    made: list[Connection] = []

    async def make(port: int, clock: Clock) -> Connection:
        loop = asyncio.get_running_loop()
        raw = socket.socket()
        raw.setblocking(False)
        await loop.sock_connect(raw, ("127.0.0.1", port))
        tls = TlsSocket(loop, raw, client_tls(ca_file), "127.0.0.1", clock)
        await tls.handshake()
        made.append(Connection(loop, "https://push.example", tls, clock))
        return made[-1]

    yield make
    for connection in made:
        connection.close()


def port_of(side: FarSide2) -> int:
    return int(side.origin.rpartition(":")[2])


async def test_what_is_not_yet_ready_blocked_or_closed_takes_nothing(
    connect: Connect, server_tls: Callable[..., ssl.SSLContext]
) -> None:
    async with far_side_2(lambda stream: stream.answer(201), server_tls("h2")) as side:
        connection = await connect(port_of(side), Clock())
        assert (connection.room(1), connection.retiring) == (False, False)
        await until(lambda: connection.ready)
        assert connection.room(1)
        connection._tls._unsent = bytes(MAX_UNSENT_BYTES)
        assert not connection.room(1)
        connection.close()
        connection.lost("reset")
        assert (connection.room(1), connection.retiring) == (False, True)


async def test_an_answer_that_came_while_the_process_stood_still_counts(
    connect: Connect, server_tls: Callable[..., ssl.SSLContext]
) -> None:
    clock, told = Clock(), list[Any]()
    async with far_side_2(lambda stream: stream.answer(201), server_tls("h2")) as side:
        connection = await connect(port_of(side), clock)
        await until(lambda: connection.ready)
        asyncio.get_running_loop().remove_reader(connection._tls._raw.fileno())
        connection.start(b"/", FIELDS, b"body", told.append, clock() + 5, brief=False)
        await until(lambda: arrived(connection._tls._raw, 0.0))
        assert told == []
        clock.ahead = 10.0
        connection._sweep()
        assert [type(got) for got in told] == [Answer]
        assert not connection.retiring


async def test_what_was_to_be_given_up_while_the_process_stood_still_is_given_up(
    connect: Connect, server_tls: Callable[..., ssl.SSLContext]
) -> None:
    clock, told = Clock(), list[Any]()
    async with far_side_2(lambda _: None, server_tls("h2")) as side:
        connection = await connect(port_of(side), clock)
        await until(lambda: connection.ready)
        connection.start(b"/", FIELDS, b"body", told.append, clock() + 5, brief=False)
        await until(lambda: side.streams)
        clock.ahead = 10.0
        connection._sweep()
    assert [(type(got), got.code) for got in told] == [(NoAnswer, "timeout")]
    assert connection.retiring
