"""What one connection may send, and when it ends."""

import asyncio
import contextlib
import logging
import socket
from typing import Any

import pytest

from dispatcher.runtime.acceptor import TURNED_AWAY
from dispatcher.runtime.http_connections import Phase
from dispatcher.runtime.http_transport import HttpLimits
from dispatcher.runtime.strangers import StrangerLimits
from tests.support.bounded_server import serving
from tests.support.histories import until

GET = b"GET /%d HTTP/1.1\r\nHost: x\r\n\r\n"
ANY_NUMBER = HttpLimits(strangers=StrangerLimits(requests=10_000))
LAST = b"GET /last HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"


class Echo:
    """An application that answers with the path and the size of the body, which it reads if the method is PUT."""

    def __init__(self) -> None:
        self.seen: list[str] = []
        self.headers: list[Any] = []
        self.incomplete = 0
        self.may_answer = asyncio.Event()
        self.may_answer.set()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.seen.append(scope["path"])
        body, more = b"", scope["method"] == "PUT"
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                self.incomplete += 1
                return
            body, more = body + message["body"], message["more_body"]
        self.headers = list(scope["headers"])
        await self.may_answer.wait()
        answer = f"{scope['path']} {len(body)};".encode()
        head = [(b"content-length", b"%d" % len(answer))]
        await send({"type": "http.response.start", "status": 200, "headers": head})
        await send({"type": "http.response.body", "body": answer})


@pytest.fixture
def echo() -> Echo:
    return Echo()


def put(body: bytes, *headers: bytes) -> bytes:
    return b"PUT / HTTP/1.1\r\nHost: x\r\n" + b"".join(one + b"\r\n" for one in headers) + b"\r\n" + body


@pytest.mark.parametrize(
    "head",
    [b"GET /1 HTTP/1.1\r\nX: " + b"a" * 1_000_000, b"GET /" + b"a" * 1_000_000, b"\r\n" * 500_000],
    ids=["a header", "a request line", "empty lines"],
)
async def test_a_head_without_end_is_cut_off(echo: Echo, head: bytes) -> None:
    async with serving(echo) as server:
        assert (await server.answered(head)).startswith(b"HTTP/1.1 431 ")
        assert server.ended() == {"head_too_large": 1}


@pytest.mark.parametrize("sent", [b"", b"GET /1 HTT", GET % 1 + b"GET /2 HT"])
async def test_a_head_that_does_not_come_is_not_waited_for(echo: Echo, sent: bytes) -> None:
    async with serving(echo, HttpLimits(head_s=0.1)) as server:
        assert (await server.answered(sent)).count(b"HTTP/1.1 200 ") == sent.count(b"/1 HTTP/1.1")
        assert server.ended() == {"head_late": 1}


async def test_empty_lines_do_not_keep_an_idle_connection(echo: Echo) -> None:
    async with serving(echo, HttpLimits(idle_s=0.1)) as server:
        reader, writer = await server.open()
        writer.write(GET % 1)
        await reader.readuntil(b";")
        reading = asyncio.create_task(reader.read())
        with contextlib.suppress(ConnectionError):
            async with asyncio.timeout(30):
                while not reading.done():
                    writer.write(b"\r\n")
                    await asyncio.wait([reading], timeout=0.01)
            assert await reading == b""  # or a reset, where a line came after the end
        assert reading.done()
        writer.close()


async def test_a_body_that_was_read_keeps_the_connection(echo: Echo) -> None:
    async with serving(echo) as server:
        reader, writer = await server.open()
        for _ in range(3):
            writer.write(put(b" " * 200_000, b"Content-Length: 200000"))
            answer = await reader.readuntil(b";")
            assert answer.endswith(b"/ 200000;")
            assert b"connection: close" not in answer
        writer.close()


async def test_an_early_answer_can_be_read_and_ends_the_connection(echo: Echo) -> None:
    """A client that is not done sending reads its answer only after it is."""
    async with serving(echo) as server:
        head = b"POST /1 HTTP/1.1\r\nHost: x\r\nContent-Length: 2000000\r\n\r\n"
        answer = await server.answered(head, *[b" " * 100_000] * 20, LAST)
        assert answer.startswith(b"HTTP/1.1 200 ")
        assert b"connection: close" in answer
        assert answer.endswith(b"/1 0;")
        assert echo.seen == ["/1"]


@pytest.mark.parametrize("body", [b"", b" " * 20_000], ids=["nothing more", "more than is drained"])
async def test_a_connection_is_not_kept_after_an_early_answer(echo: Echo, body: bytes) -> None:
    async with serving(echo, HttpLimits(linger_s=60 if body else 0.1, linger_bytes=10_000)) as server:
        reader, writer = await server.open()
        writer.write(b"POST /1 HTTP/1.1\r\nContent-Length: 9999999\r\n\r\n")
        assert (await reader.readuntil(b";")).startswith(b"HTTP/1.1 200 ")
        writer.write(body)

        async def all_ended() -> bool:
            return not server.server.server_state.connections

        await until(all_ended)
        assert server.ended() == {"body_unread": 1}
        writer.close()


async def test_requests_in_a_row_are_answered_in_order(echo: Echo) -> None:
    async with serving(echo, ANY_NUMBER) as server:
        answer = await server.answered(b"".join(GET % n for n in range(500)) + LAST)
        assert answer.count(b"HTTP/1.1 200 ") == 501
        assert echo.seen == [f"/{n}" for n in range(500)] + ["/last"]


async def test_few_requests_wait_for_an_answer(echo: Echo) -> None:
    echo.may_answer.clear()
    async with serving(echo, ANY_NUMBER) as server:
        answering = asyncio.create_task(server.answered(b"".join(GET % n for n in range(5000)) + LAST))

        async def one_is_answered() -> bool:
            return bool(echo.seen)

        await until(one_is_answered)
        [connection] = server.server.server_state.connections
        assert len(connection.pipeline) < 100
        assert len(connection._unparsed) <= 16_384
        echo.may_answer.set()
        assert (await answering).count(b"HTTP/1.1 200 ") == 5001


async def test_nothing_is_said_before_the_answer_that_is_due(echo: Echo) -> None:
    echo.may_answer.clear()
    async with serving(echo) as server:
        answering = asyncio.create_task(server.answered(GET % 1 + b"no request\r\n\r\n"))

        async def refused() -> bool:
            return bool(echo.seen)

        await until(refused)
        echo.may_answer.set()
        assert (await answering).partition(b"\r\n\r\n")[2].startswith(b"/1 0;")
        assert server.ended() == {"malformed": 1}


async def test_a_trailer_is_no_header(echo: Echo) -> None:
    async with serving(echo) as server:
        body = b"1\r\na\r\n0\r\nAuthorization: Bearer x\r\nX-Y: z\r\n\r\n"
        assert b"/ 1;" in await server.answered(put(body, b"Transfer-Encoding: chunked") + LAST)
        assert not {name for name, _ in echo.headers} & {b"authorization", b"x-y"}


@pytest.mark.parametrize(
    "frames",
    [b"1;" + b"a" * 100_000, b"1;abcdefghijk\r\nb\r\n" * 20_000, b"1\r\na\r\n0\r\n" + b"a: b\r\n" * 20_000],
    ids=["an extension", "extensions", "trailers"],
)
async def test_what_frames_a_body_is_bounded(echo: Echo, frames: bytes) -> None:
    async with serving(echo) as server:
        answer = await server.answered(put(frames, b"Transfer-Encoding: chunked"))
        assert answer.startswith(b"HTTP/1.1 400 ")
        assert server.ended() == {"framing": 1}

        async def given_up() -> bool:
            return echo.incomplete == 1

        await until(given_up)


async def test_small_chunks_of_an_honest_client_are_read(echo: Echo) -> None:
    async with serving(echo) as server:
        body = b"64\r\n" + b" " * 100 + b"\r\n"
        answer = await server.answered(put(body * 20_000 + b"0\r\n\r\n", b"Transfer-Encoding: chunked"), LAST)
        assert b"/ 2000000;" in answer


async def test_a_client_that_waits_for_leave_to_send_gets_it(echo: Echo) -> None:
    async with serving(echo) as server:
        reader, writer = await server.open()
        writer.write(put(b"", b"Expect: 100-continue", b"Content-Length: 3"))
        assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        writer.write(b"abc")
        assert (await reader.readuntil(b";")).endswith(b"/ 3;")
        writer.close()


@pytest.mark.parametrize("wanted", [b"websocket", b"h2c"])
async def test_an_upgrade_is_answered_as_it_stands_and_nothing_after_it(
    echo: Echo, wanted: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    headers = [
        b"Connection: Upgrade, HTTP2-Settings",
        b"Upgrade: " + wanted,
    ]
    async with serving(echo) as server:
        answer = await server.answered(put(b"", *headers) + GET % 2)
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert answer.endswith(b"/ 0;")
    assert b"connection: close" in answer
    assert echo.seen == ["/"]
    assert not caplog.records


async def test_an_answer_that_nobody_reads_ends() -> None:
    gone = asyncio.Event()

    async def endless(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        disconnected = asyncio.create_task(receive())
        while not disconnected.done():
            await send({"type": "http.response.body", "body": b" " * 65_536, "more_body": True})
            await asyncio.sleep(0)
        gone.set()

    async with serving(endless, HttpLimits(unread_s=0.1)) as server:
        _, writer = await server.open()
        writer.write(GET % 1)
        await asyncio.wait_for(gone.wait(), 30)
        assert server.ended() == {"answer_unread": 1}
        writer.close()


async def test_an_answer_that_nobody_reads_ends_also_when_it_is_complete() -> None:
    async def much(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b" " * 30_000_000})

    async with serving(much, HttpLimits(unread_s=0.1)) as server:
        _, writer = await server.open()
        writer.write(LAST)

        async def all_ended() -> bool:
            return not server.server.server_state.connections and server.ended() != {}

        await until(all_ended)
        assert server.ended() == {"answer_unread": 1}
        writer.close()


async def strangers(server: Any, count: int, sent: bytes, *, answered: bool = False) -> list[Any]:
    """Connections that are kept open, each `answered` before the next comes or not."""
    opened = []
    for _ in range(count):
        reader, writer = await server.open()
        writer.write(sent)
        if answered:
            await reader.readuntil(b";")
        opened.append((reader, writer))
    return opened


@pytest.mark.parametrize(
    "sent",
    [b"", b"GET /1 HTT", b"PUT / HTTP/1.1\r\nContent-Length: 5\r\n\r\n", GET % 1],
    ids=["nothing", "half a head", "half a body", "an idle connection"],
)
async def test_a_newcomer_gets_the_place_of_who_has_waited_longest(echo: Echo, sent: bytes) -> None:
    async with serving(echo, HttpLimits(connections=5)) as server:
        opened = await strangers(server, 20, sent, answered=sent == GET % 1)
        assert (await server.answered(LAST)).endswith(b"/last 0;")
        assert len(server.server._connections) <= 5
        assert server.ended()["gave_way"] >= 15

        async def the_others_are_ended() -> bool:
            return sum(one.at_eof() or one.exception() is not None for one, _ in opened) >= 15

        await until(the_others_are_ended)
        for _, writer in opened:
            writer.close()


async def test_a_newcomer_gets_the_place_of_who_does_not_read_his_answer() -> None:
    async def much(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        more = b" " * (0 if scope["path"] == "/last" else 30_000_000)
        await send({"type": "http.response.body", "body": more})

    async with serving(much, HttpLimits(connections=3)) as server:
        opened = await strangers(server, 3, GET % 1)

        async def all_stall() -> bool:
            return len(server.server._connections._queues[Phase.STALLED]) == 3

        await until(all_stall)
        assert (await server.answered(LAST)).startswith(b"HTTP/1.1 200 ")
        assert server.ended() == {"gave_way": 1}
        for _, writer in opened:
            writer.close()


async def test_a_request_in_the_kernel_does_not_end_for_a_newcomer(echo: Echo) -> None:
    """In a crowd the loop has not read it yet: its client would see its connection reset, and not know why."""
    async with serving(echo, HttpLimits(connections=1)) as server:
        connections = server.server._connections
        with socket.create_connection(("127.0.0.1", server.port)) as client:

            async def is_waiting() -> bool:
                return len(connections._queues[Phase.WAITING]) == 1

            await until(is_waiting)
            [waiting] = connections._queues[Phase.WAITING]
            assert not waiting.has_sent()
            client.sendall(LAST)  # the loop has no turn until this test awaits something
            assert waiting.has_sent()
            assert not connections.make_room()


async def test_who_is_turned_away_reads_so_whatever_was_sent(echo: Echo) -> None:
    echo.may_answer.clear()
    async with serving(echo, HttpLimits(connections=1)) as server:
        answering = asyncio.create_task(server.answered(LAST))

        async def it_is_here() -> bool:
            return len(echo.seen) == 1

        await until(it_is_here)
        for number in range(TURNED_AWAY + 2):
            reader, writer = await server.open()
            writer.write(b"PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n")
            answer = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 30)
            writer.write(b"12345")  # as clients do that send head and body one after the other
            await writer.drain()
            assert answer.startswith(b"HTTP/1.1 503 "), number
            assert await asyncio.wait_for(reader.read(), 30) == b"", "an end, and no reset"
            writer.close()
        assert server.ended() == {"no_place": TURNED_AWAY + 2}
        echo.may_answer.set()
        assert (await answering).endswith(b"/last 0;")


async def test_a_request_that_is_here_gives_way_to_nobody(echo: Echo) -> None:
    echo.may_answer.clear()
    async with serving(echo, HttpLimits(connections=3)) as server:
        answering = [asyncio.create_task(server.answered(LAST)) for _ in range(3)]

        async def all_are_here() -> bool:
            return len(echo.seen) == 3

        await until(all_are_here)
        refused = await server.answered(b"")
        assert refused.startswith(b"HTTP/1.1 503 ")
        assert b"retry-after" in refused
        assert server.ended() == {"no_place": 1}
        echo.may_answer.set()
        assert all(answer.endswith(b"/last 0;") for answer in await asyncio.gather(*answering))
        assert (await server.answered(LAST)).endswith(b"/last 0;")


SMUGGLED = b"GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n"
LENGTH = b"Content-Length: %d" % len(SMUGGLED)


@pytest.mark.parametrize(
    "headers",
    [
        [LENGTH, b"Transfer-Encoding: chunked"],
        [b"Transfer-Encoding: chunked", b"Content-Length: 0"],
        [b"Content-Length: 0", LENGTH],
        [b"Content-Length: 0, 34"],
        [b"Content-Length: +0"],
        [b"Content-Length: 0x0"],
        [b"Content-Length: -1"],
        [b"Content-Length : 0", LENGTH],
        [b"Transfer-Encoding : chunked"],
        [b"Transfer-Encoding: xchunked"],
        [b"Transfer-Encoding: chunked, identity"],
        [b"Transfer-Encoding: chunked", b"Transfer-Encoding: identity"],
        [b"X: y", b" Content-Length: 0"],
        [b"X: y\nContent-Length: 0"],
        [b"X: y\rContent-Length: 0"],
        [b"X\0: y"],
    ],
    ids=lambda headers: b"|".join(headers).decode(errors="replace"),
)
async def test_no_second_request_is_read_out_of_a_body(echo: Echo, headers: list[bytes]) -> None:
    async with serving(echo, HttpLimits(head_s=0.5, idle_s=0.5, linger_s=0.5)) as server:
        answer = await server.answered(
            put(b"0\r\n\r\n" * (b"chunked" in b"".join(headers)) + SMUGGLED, *headers)
        )
    assert "/smuggled" not in echo.seen
    assert b"/smuggled" not in answer


@pytest.mark.parametrize(
    "chunk",
    [b"+5\r\nhello\r\n", b"0x5\r\nhello\r\n", b"-1\r\n", b"5\nhello\r\n", b"5\r\nhelloo\r\n", b"g\r\n"],
)
async def test_a_chunk_that_others_may_read_otherwise_is_refused(echo: Echo, chunk: bytes) -> None:
    async with serving(echo) as server:
        answer = await server.answered(put(chunk + b"0\r\n\r\n" + SMUGGLED, b"Transfer-Encoding: chunked"))
        assert answer.startswith(b"HTTP/1.1 400 ")
        assert server.ended() == {"malformed": 1}
    assert "/smuggled" not in echo.seen


async def test_the_check_for_a_second_request_sees_one(echo: Echo) -> None:
    async with serving(echo) as server:
        answer = await server.answered(put(b"", b"Content-Length: 0") + SMUGGLED + LAST)
    assert "/smuggled" in echo.seen
    assert b"/smuggled" in answer


async def test_a_server_that_ends_does_not_wait_for_clients_that_send_on(echo: Echo) -> None:
    async with serving(echo) as server:
        reader, writer = await server.open()
        writer.write(b"POST /1 HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n")
        await reader.read()
        server.server.should_exit = True

        async def all_ended() -> bool:
            return not server.server.server_state.connections

        await until(all_ended)
        writer.close()
