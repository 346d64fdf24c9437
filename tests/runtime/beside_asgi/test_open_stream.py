"""A connection that is only written to costs little, hears of its end, and waits for no slow client."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest

from dispatcher.metrics.http import StreamEnded
from dispatcher.runtime.beside_asgi import open_stream
from dispatcher.runtime.beside_asgi.open_stream import STREAM
from dispatcher.runtime.http_transport import DEFAULT_LIMITS, HttpLimits
from tests.support.bounded_server import Serving, serving
from tests.support.conditions import comes_true

GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
MUCH = b"x" * 4_000_000
"""More than the kernel keeps for a client that does not read."""


class Listener:
    """What is told of the streams."""

    def __init__(self) -> None:
        self.streams: list[Any] = []
        self.caught_up_with = 0
        self.ends: list[StreamEnded] = []

    def caught_up(self) -> None:
        self.caught_up_with += 1

    def lost(self, reason: StreamEnded) -> None:
        self.ends.append(reason)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        stream = scope["extensions"][STREAM]([(b"content-type", b"text/plain")], b"first;", self)
        if stream is None:
            await send({"type": "http.response.start", "status": 200, "headers": [(b"x-none", b"1")]})
            await send({"type": "http.response.body", "body": b""})
        else:
            self.streams.append(stream)


@pytest.fixture
def listener() -> Listener:
    return Listener()


class Clients:
    """Clients of one server; all are gone in the end."""

    def __init__(self, server: Serving) -> None:
        self.server = server
        self.writers: list[asyncio.StreamWriter] = []

    async def opened(self, request: bytes = GET) -> Any:
        """The head of the answer, and the two sides of the connection."""
        reader, writer = await self.server.open()
        self.writers.append(writer)
        writer.write(request)
        head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 30)
        return head, reader, writer


@asynccontextmanager
async def clients_of(app: Any, limits: HttpLimits = DEFAULT_LIMITS) -> AsyncIterator[Clients]:
    async with serving(app, limits) as server:
        clients = Clients(server)
        try:
            yield clients
        finally:
            for writer in clients.writers:
                writer.close()
                with suppress(ConnectionError):
                    await writer.wait_closed()


async def test_a_request_is_answered_until_either_side_ends_it(listener: Listener) -> None:
    async with clients_of(listener) as clients:
        head, reader, writer = await clients.opened()
        assert head.startswith(b"HTTP/1.1 200 OK\r\n")
        assert b"\r\nconnection: close\r\n" in head
        assert b"content-length" not in head
        assert b"transfer-encoding" not in head
        assert await reader.readexactly(6) == b"first;"
        [stream] = listener.streams
        for piece in (b"second;", b"third;"):
            stream.write(piece)
            assert await reader.readexactly(len(piece)) == piece
        writer.close()
        await comes_true(lambda: listener.ends == [StreamEnded.CLIENT])
        stream.write(b"to nobody")
        _, reader, writer = await clients.opened()
        listener.streams[1].end(StreamEnded.FAILED)
        assert await reader.read() == b"first;"
        await comes_true(lambda: listener.ends[1:] == [StreamEnded.FAILED])
        assert clients.server.ended() == {}


async def test_a_head_and_a_client_of_http_1_0_get_their_answer(listener: Listener) -> None:
    async with clients_of(listener) as clients:
        head, reader, _ = await clients.opened(b"HEAD / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert b"x-none: 1" in head
        assert await reader.read() == b""
        assert listener.streams == []
        _, reader, writer = await clients.opened(b"GET / HTTP/1.0\r\n\r\n")
        assert await reader.readexactly(6) == b"first;"
        writer.close()


async def test_what_follows_the_request_is_thrown_away_and_bounded(
    listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(open_stream, "TAKEN_BYTES", 1000)
    async with clients_of(listener) as clients:
        _, reader, writer = await clients.opened(GET + GET)
        assert await reader.readexactly(6) == b"first;"
        writer.write(GET)
        listener.streams[0].write(b"second;")
        assert await reader.readexactly(7) == b"second;"
        writer.write(b"a" * 2000)
        assert await reader.read() == b""
        assert (len(listener.streams), listener.ends) == (1, [StreamEnded.SENT_ON])


async def test_a_client_that_is_behind_says_when_it_has_caught_up(listener: Listener) -> None:
    async with clients_of(listener) as clients:
        _, reader, writer = await clients.opened()
        [stream] = listener.streams
        stream.write(MUCH)
        assert stream.is_behind
        assert await reader.readexactly(6 + len(MUCH))
        await comes_true(lambda: listener.caught_up_with == 1)
        assert not stream.is_behind
        stream.write(b"end")
        assert await reader.readexactly(3) == b"end"
        writer.close()


@pytest.mark.parametrize("reads", [False, True], ids=["nothing", "little by little"])
async def test_a_client_that_takes_nothing_or_too_long_is_dropped(
    listener: Listener, reads: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(open_stream, "BEHIND_MAX_S", 0.15)
    async with clients_of(listener, HttpLimits(unread_s=0.05)) as clients:
        _, reader, writer = await clients.opened()
        listener.streams[0].write(MUCH * 8)
        with suppress(ConnectionError):
            while not listener.ends:
                if reads:
                    await reader.read(1)
                await asyncio.sleep(0)
        assert listener.ends == [StreamEnded.SLOW]
        writer.close()


async def test_a_stream_that_is_read_gives_way_to_nobody_and_one_that_is_not_does(listener: Listener) -> None:
    async with clients_of(listener, HttpLimits(connections=2)) as clients:
        _, reader, writer = await clients.opened()
        _, slow_reader, slow = await clients.opened()
        assert (await clients.server.answered(GET)).startswith(b"HTTP/1.1 503 ")
        listener.streams[1].write(MUCH)
        assert listener.streams[1].is_behind
        _, third_reader, third = await clients.opened()
        assert listener.ends == [StreamEnded.GAVE_WAY]
        listener.streams[0].write(b"on")
        assert await reader.readexactly(8) == b"first;on"
        del slow_reader, third_reader
        for one in (writer, slow, third):
            one.close()


async def test_the_end_of_the_server_is_the_end_of_its_streams_at_once(listener: Listener) -> None:
    async with clients_of(listener) as clients:
        _, reader, _ = await clients.opened()
        _, behind, _ = await clients.opened()
        listener.streams[1].write(MUCH)
        clients.server.server.should_exit = True
        await comes_true(lambda: listener.ends == [StreamEnded.SHUTDOWN] * 2)
        assert await reader.read() == b"first;"
        with suppress(ConnectionError):
            assert len(await behind.read()) < len(MUCH)


async def test_streams_do_not_take_the_places_of_strangers(listener: Listener) -> None:
    """More of them than requests of strangers are worked on at once, or wait."""
    async with clients_of(listener) as clients:
        opening = [await clients.opened() for _ in range(80)]
        assert len(listener.streams) == 80
        for _, _, writer in opening:
            writer.close()
        await comes_true(lambda: len(listener.ends) == 80)
        assert clients.server.ended() == {}
