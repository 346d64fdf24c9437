"""Ready bytes are answered in turn, few at a time, and as the application would answer."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import pytest

from dispatcher.runtime.beside_asgi.ready_answers import A_TURN_S, ReadyAnswer, ReadyAnswers, lines_of
from dispatcher.runtime.descriptors import raise_limit
from dispatcher.runtime.http_transport import HttpLimits
from dispatcher.runtime.strangers import StrangerLimits
from tests.support.bounded_server import Serving, apart, serving
from tests.support.conditions import comes_true

BODY = b"ready"
HEAD = b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n"
CLOSE = b"Connection: close\r\n"
FEW = HttpLimits(strangers=StrangerLimits(at_once=1, waiting=0, requests=2))


class Clock:
    """Each look costs so much."""

    def __init__(self, step_s: float = 0.0) -> None:
        self.step_s = step_s
        self.now = 0.0

    def __call__(self) -> float:
        self.now += self.step_s
        return self.now


class World:
    """What is ready, and the application behind it, which answers with the path."""

    def __init__(self, clock: Clock) -> None:
        self.found: list[str] = []
        self.asked: list[str] = []
        self.body = BODY
        self.ready = ReadyAnswers(("/read/",), self.find, clock)

    def find(self, scope: Any) -> ReadyAnswer | None:
        self.found.append(scope["path"])
        if scope["path"] == "/read/other":
            return None
        body = self.body if scope["method"] == "GET" else b""
        return ReadyAnswer(HEAD.replace(b": 5", b": %d" % len(self.body)), body)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.asked.append(scope["path"])
        while (await receive()).get("more_body"):
            pass
        body = scope["path"].encode()
        head = [(b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": 200, "headers": head})
        await send({"type": "http.response.body", "body": body})


def get(path: str = "/read/1", more: bytes = b"", method: str = "GET", version: str = "1.1") -> bytes:
    return f"{method} {path} HTTP/{version}\r\nHost: x\r\n".encode() + more + b"\r\n"


@asynccontextmanager
async def world_of(clock: Clock | None = None, limits: Any = None) -> AsyncIterator[tuple[World, Serving]]:
    world = World(clock or Clock())
    async with serving(world, limits or HttpLimits(), ready=world.ready) as server:
        yield world, server


def bodies(raw: bytes) -> list[bytes]:
    """What came after each head."""
    return [part.partition(b"HTTP/1.1")[0] for part in raw.split(b"\r\n\r\n")[1:]]


async def test_what_is_ready_is_answered_without_the_application() -> None:
    async with world_of() as (world, server):
        raw = await server.answered(get("/read/a") + get("/read/b?x", CLOSE))
        assert bodies(raw) == [BODY, BODY]
        assert raw.count(b"\r\ndate: ") == 2
        assert raw.count(b"connection: close") == 1
        assert (world.found, world.asked) == (["/read/a", "/read/b"], [])


@pytest.mark.parametrize("slow", [False, True], ids=["in one turn", "a turn for each"])
async def test_all_answers_come_in_their_order_whoever_gives_them(slow: bool) -> None:
    async with world_of(Clock(A_TURN_S if slow else 0)) as (world, server):
        paths = ["/read/1", "/x", "/read/2", "/read/3", "/read/other", "/y", "/read/4", "/read/5"]
        requests = b"".join(get(path, CLOSE if path == paths[-1] else b"") for path in paths)
        expected = [BODY if path[-1].isdigit() else path.encode() for path in paths]
        assert bodies(await server.answered(requests)) == expected
        assert (
            bodies(await server.answered(*(requests[n : n + 7] for n in range(0, len(requests), 7))))
            == expected
        )
        assert world.asked == ["/x", "/read/other", "/y"] * 2
        assert server.ended() == {}


async def test_only_simple_reads_are_answered_so() -> None:
    async with world_of() as (world, server):
        for request in (
            get(method="POST", more=CLOSE),
            get(more=CLOSE + b"Content-Length: 2\r\n") + b"ab",
            get(more=CLOSE + b"Transfer-Encoding: chunked\r\n") + b"0\r\n\r\n",
            get(more=CLOSE + b"Expect: 100-continue\r\n"),
            get("/elsewhere", CLOSE),
        ):
            assert b"\r\n\r\n/" in await server.answered(request), request
        assert (world.found, len(world.asked)) == ([], 5)


async def test_a_head_and_clients_of_http_1_0_are_answered_as_they_are_used_to() -> None:
    async with world_of() as (world, server):
        raw = await server.answered(get(method="HEAD") + get(more=CLOSE))
        assert bodies(raw) == [b"", BODY]
        assert b"content-length: 5" in raw.partition(b"\r\n\r\n")[0]
        raw = await server.answered(get(version="1.0", more=b"Connection: keep-alive\r\n"))
        assert b"connection: close" in raw
        assert world.asked == []


async def test_readers_are_no_strangers() -> None:
    """They are not turned away where many ask, and a connection of a proxy carries any number of theirs."""
    async with world_of(limits=FEW) as (_, server):
        raw = await server.answered(*(get() for _ in range(300)), get(more=CLOSE))
        assert raw.count(b"HTTP/1.1 200 OK") == 301
        answers = await asyncio.gather(*(server.answered(get() + get() + get(more=CLOSE)) for _ in range(50)))
        assert {one.count(b"HTTP/1.1 200 OK") for one in answers} == {3}
        assert server.ended() == {}


async def test_what_is_not_ready_is_a_strangers_request() -> None:
    async with world_of(limits=FEW) as (_, server):
        raw = await server.answered(*(get("/read/other") for _ in range(3)))
        assert raw.count(b"HTTP/1.1 200 OK") == 2
        assert b"connection: close" in raw


class Waiting:
    """Waits for a turn, and notes that it came."""

    def __init__(self, number: int, world: World, order: list[int]) -> None:
        self.number, self.world, self.order = number, world, order

    def take_turn(self) -> None:
        self.order.append(self.number)
        self.world.ready.find(scope())


async def test_a_turn_answers_for_so_long_and_the_next_goes_on_in_order() -> None:
    turns = Clock(A_TURN_S / 2)
    world = World(turns)
    order: list[int] = []
    assert has_room(world)
    for _ in range(2):
        world.ready.find(scope())
    assert not has_room(world)
    waiting = [Waiting(number, world, order) for number in range(5)]
    for one in waiting:
        world.ready.wait(one, is_ahead=False)
    world.ready.leave(waiting[3])
    world.ready.leave(waiting[3])
    await asyncio.sleep(0)
    assert order == [0, 1]
    assert not has_room(world), "those who wait come first"
    await comes_true(lambda: has_room(world), 0)
    assert order == [0, 1, 2, 4]


async def test_who_asked_ahead_waits_behind_those_who_waited_for_their_answer() -> None:
    world, order = World(Clock(A_TURN_S / 2)), list[int]()
    for number in range(6):
        world.ready.wait(Waiting(number, world, order), is_ahead=number < 3)
    leaving = Waiting(9, world, order)
    world.ready.wait(leaving, is_ahead=True)
    world.ready.leave(leaving)
    world.ready.find(scope())  # the next turn is asked for
    await comes_true(lambda: len(order) == 6, 0)
    assert order == [3, 4, 5, 0, 1, 2]
    world.ready.wait(leaving, is_ahead=True)
    world.ready._renew()
    world.ready._left = A_TURN_S
    world.ready._ahead[leaving] = None
    assert has_room(world), "nobody who waits for an answer stands behind one who asked ahead"
    assert not world.ready.has_room(is_ahead=True)


async def test_all_but_the_first_of_what_comes_at_once_is_asked_ahead() -> None:
    asked: list[bool] = []

    class Noting(ReadyAnswers):
        def has_room(self, *, is_ahead: bool) -> bool:
            asked.append(is_ahead)
            return super().has_room(is_ahead=is_ahead)

    world = World(Clock())
    world.ready = Noting(("/read/",), world.find, Clock())
    async with serving(world, HttpLimits(), ready=world.ready) as server:
        reader, writer = await server.open()
        for count in (1, 3, 1):
            writer.write(get() * count)
            for _ in range(count):
                await reader.readuntil(BODY)
        writer.close()
    assert asked == [False, False, True, True, False]


async def test_who_leaves_while_he_waits_costs_nothing() -> None:
    async with world_of() as (world, server):
        held = world.ready._left
        world.ready._left = 0.0
        reader, writer = await server.open()
        writer.write(get())
        await comes_true(lambda: world.ready._waiting)
        writer.close()
        await comes_true(lambda: not world.ready._waiting)
        world.ready._left = held
        assert world.found == []
        del reader


async def test_who_does_not_read_his_answers_gets_no_more_of_them() -> None:
    async with world_of() as (world, server):
        world.body = b"x" * 1_000_000
        reader, writer = await server.open()
        writer.write(get() * 200)
        await comes_true(lambda: len(world.found) > 10)
        for _ in range(50):
            await asyncio.sleep(0.001)
        assert len(world.found) < 100
        raw = 0
        while raw < 200 * len(world.body):
            raw += len(await reader.read(2**20))
        await comes_true(lambda: len(world.found) == 200)
        writer.close()


def has_room(world: World) -> bool:
    return world.ready.has_room(is_ahead=False)


def scope() -> Any:
    return {"path": "/read/1", "method": "GET", "headers": []}


SLOW = """
import asyncio
import os
import socket
import uvloop
from dispatcher.metrics import Metrics
from dispatcher.runtime.beside_asgi.ready_answers import ReadyAnswer, ReadyAnswers
from dispatcher.runtime.descriptors import raise_limit
from dispatcher.runtime.http_transport import HttpLimits
from dispatcher.runtime.serving import server_of

BODY = os.urandom(1_000_000)
HEAD = b"content-length: %d" % len(BODY)

def find(scope):
    return ReadyAnswer(b"HTTP/1.1 200 OK\\r\\n" + HEAD + b"\\r\\n", BODY)

async def by_a_route(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": [tuple(HEAD.split(b": "))]})
    await send({"type": "http.response.body", "body": BODY})

async def main():
    raise_limit()
    listener = socket.create_server(("127.0.0.1", 0), backlog=2000)
    limits = HttpLimits(connections=1200, unread_s=600)
    server = server_of(by_a_route, Metrics(), limits, None, ReadyAnswers(("/read/",), find))
    print(listener.getsockname()[1], flush=True)
    await server.serve([listener])

uvloop.run(main())
"""
SLOW_READERS = 1_000


def read_slowly(port: int, number: int) -> socket.socket:
    """A connection whose client asks for a megabyte, more than once, and takes next to nothing of it."""
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    client.settimeout(60)
    client.connect(("127.0.0.1", port))
    client.sendall(get("/read/1" if number % 2 else "/route") * 3)
    if number % 10 == 0:
        assert client.recv(1) == b"H"
    return client


@pytest.mark.processes
def test_a_thousand_who_read_nothing_or_a_byte_take_no_memory_and_nobody_elses_answer() -> None:
    raise_limit()
    with apart(SLOW) as server, contextlib.ExitStack() as stack:
        before = server.rss_mb()
        slow = [stack.enter_context(read_slowly(server.port, number)) for number in range(SLOW_READERS)]
        for path in ("/read/1", "/route"):
            with socket.create_connection(("127.0.0.1", server.port), timeout=60) as client:
                client.sendall(get(path, CLOSE))
                answer = b"".join(iter(partial(client.recv, 1_000_000), b""))
            assert len(answer) > 1_000_000
        for client in slow[::10]:
            assert client.recv(1) == b"T", "they are waited for, and get what they ask for"
        assert server.rss_mb() - before < 100, "a gigabyte was asked for, thrice"


def test_headers_are_lines() -> None:
    assert lines_of([(b"a", b"1"), (b"b", b"2")]) == b"a: 1\r\nb: 2\r\n"
