"""How many requests of strangers are worked on at once, and who goes past them."""

import asyncio
from typing import Any

from dispatcher.runtime.http_transport import HttpLimits
from dispatcher.runtime.strangers import (
    KNOWN,
    NO_CREDENTIAL,
    WAITING,
    Credential,
    StrangerLimits,
    Strangers,
    recognise,
)
from tests.support.bounded_server import Serving, serving
from tests.support.histories import until

AT_ONCE = 4


def get(path: str, key: str = "", *, last: bool = False) -> bytes:
    shown = f"Authorization: Bearer {key}\r\n" if key else ""
    end = "Connection: close\r\n" if last else ""
    return f"GET {path} HTTP/1.1\r\nHost: x\r\n{shown}{end}\r\n".encode()


class Door:
    """An application that lets strangers in one after the other, when told to, and whoever shows a good key at once."""

    def __init__(self) -> None:
        self.seen: list[str] = []
        self.may_answer = asyncio.Event()
        self.good = "Bearer good"

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        del receive
        self.seen.append(scope["path"])
        shown = dict(scope["headers"]).get(b"authorization", b"").decode()
        if shown == self.good:
            recognise(scope)
        else:
            if scope["path"] == "/elsewhere":
                scope["extensions"][WAITING]()
            await self.may_answer.wait()
        wrong = shown not in {"", self.good}
        head = [(b"content-length", b"%d" % (len(scope["path"]) + 1))]
        await send({"type": "http.response.start", "status": 401 if wrong else 200, "headers": head})
        await send({"type": "http.response.body", "body": scope["path"].encode() + b";"})


def limits(**strangers: Any) -> HttpLimits:
    return HttpLimits(strangers=StrangerLimits(**{"held_s": 60, **strangers}))


async def waiting(server: Serving, *, first: int = 0, later: int = 0) -> None:
    strangers = server.server._strangers

    async def all_wait() -> bool:
        return (len(strangers._first), len(strangers._later)) == (first, later)

    await until(all_wait)


async def test_few_strangers_requests_are_worked_on_at_once_and_no_known_key_waits() -> None:
    door = Door()
    async with serving(door, limits()) as server:
        assert b"200 OK" in await server.answered(get("/learnt", "good", last=True))
        crowd = [asyncio.create_task(server.answered(get("/x", last=True))) for _ in range(50)]
        await waiting(server, first=50 - AT_ONCE)
        assert b"200 OK" in await server.answered(get("/mine", "good", last=True))
        assert door.seen == ["/learnt", *["/x"] * AT_ONCE, "/mine"]
        door.may_answer.set()
        assert all(b"200 OK" in answer for answer in await asyncio.gather(*crowd))
        assert not server.server._strangers._working


async def test_a_connection_that_had_its_turn_waits_behind_those_that_had_none() -> None:
    door = Door()
    door.may_answer.set()
    async with serving(door, limits(waiting=3)) as server:
        served = [await server.open() for _ in range(5)]
        for reader, writer in served:
            writer.write(get("/before"))
            await reader.readuntil(b";")
        door.may_answer.clear()
        door.seen.clear()
        crowd = [asyncio.create_task(server.answered(get("/x", last=True))) for _ in range(AT_ONCE)]

        async def all_places_are_taken() -> bool:
            return len(door.seen) == AT_ONCE

        await until(all_places_are_taken)
        for _, writer in served:
            writer.write(get("/again"))
        await waiting(server, later=3)
        refused = [await served[number][0].readuntil(b"\r\n\r\n") for number in (3, 4)]
        assert all(b" 503 " in head and b"connection: close" in head for head in refused)
        assert server.ended() == {"crowded": 2}
        newcomer = asyncio.create_task(server.answered(get("/new", "good", last=True)))
        await waiting(server, first=1, later=3)
        door.may_answer.set()
        assert b"200 OK" in await newcomer
        await asyncio.gather(*crowd)
        for reader, _ in served[:3]:
            await reader.readuntil(b";")
        assert door.seen == [*["/x"] * AT_ONCE, "/new", *["/again"] * 3]
        for _, writer in served:
            writer.close()


async def test_a_crowd_of_newcomers_leaves_connections_to_who_shows_a_credential() -> None:
    door = Door()
    async with serving(door, limits(newcomers=3)) as server:

        async def two_are_turned_away() -> bool:
            return server.ended() == {"crowded": 2}

        crowd = [asyncio.create_task(server.answered(get("/x", last=True))) for _ in range(AT_ONCE + 5)]
        await waiting(server, first=3)
        await until(two_are_turned_away)
        centre = asyncio.create_task(server.answered(get("/centre", "good", last=True)))
        await waiting(server, first=4)
        door.may_answer.set()
        assert b"200 OK" in await centre
        answers = await asyncio.gather(*crowd)
        assert sum(b" 503 " in answer for answer in answers) == 2
        assert sum(b"200 OK" in answer for answer in answers) == AT_ONCE + 3
        assert server.server._strangers._newcomers == 0


async def test_a_place_is_not_held_for_what_waits_and_left_when_the_client_leaves() -> None:
    door = Door()
    async with serving(door, limits(held_s=0.01)) as server:
        crowd = [asyncio.create_task(server.answered(get("/x", last=True))) for _ in range(50)]

        async def all_begin() -> bool:
            return len(door.seen) == 50

        await until(all_begin)
        door.may_answer.set()
        await asyncio.gather(*crowd)
    door = Door()
    async with serving(door, limits()) as server:
        opened = [await server.open() for _ in range(AT_ONCE + 3)]
        for _, writer in opened:
            writer.write(get("/x"))
        await waiting(server, first=3)
        for _, writer in opened[AT_ONCE:]:
            writer.close()
        await waiting(server)
        for _, writer in opened[:AT_ONCE]:
            writer.close()


async def test_a_request_that_says_that_it_waits_for_something_else_holds_no_place_and_still_counts() -> None:
    door = Door()
    async with serving(door, limits(requests=2)) as server:
        opened = [await server.open() for _ in range(3 * AT_ONCE)]
        for _, writer in opened:
            writer.write(get("/elsewhere"))

        async def all_are_asked() -> bool:
            return len(door.seen) == len(opened)

        await until(all_are_asked)
        assert not server.server._strangers._working
        door.may_answer.set()
        for reader, writer in opened:
            await reader.readuntil(b";")
            writer.write(get("/elsewhere"))
            assert b"connection: close" in await reader.readuntil(b"\r\n\r\n"), "it was the last of two"
            writer.close()


async def test_an_answer_that_is_not_read_holds_no_place() -> None:
    async def much(scope: Any, receive: Any, send: Any) -> None:
        del receive
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for _ in range(1 if scope["path"] == "/last" else 300):
            await send({"type": "http.response.body", "body": b" " * 100_000, "more_body": True})
        await send({"type": "http.response.body", "body": b""})

    async with serving(much, limits()) as server:
        opened = [await server.open() for _ in range(2 * AT_ONCE)]
        for _, writer in opened:
            writer.write(get("/x"))
        assert b"200 OK" in await server.answered(get("/last", last=True))
        for _, writer in opened:
            writer.close()


async def test_a_strangers_connection_ends_after_so_many_requests() -> None:
    door = Door()
    door.may_answer.set()
    async with serving(door, limits(requests=5)) as server:
        answer = await server.answered(*[get("/x")] * 10)
        assert answer.count(b"200 OK") == 5
        assert answer.count(b"connection: close") == 1
        answer = await server.answered(*[get("/x", "good")] * 10, get("/x", last=True))
        assert answer.count(b"200 OK") == 11


async def test_a_key_that_is_refused_is_known_no_longer() -> None:
    door = Door()
    door.may_answer.set()
    async with serving(door, limits()) as server:
        assert b"200 OK" in await server.answered(get("/x", "good", last=True))
        assert len(server.server._strangers._known) == 1
        door.good = "another"
        assert b" 401 " in await server.answered(get("/x", "good", last=True))
        assert not server.server._strangers._known


def test_a_credential_is_a_header_or_a_token_and_few_are_known() -> None:
    strangers = Strangers(StrangerLimits())

    def shown(query: bytes = b"", **headers: bytes) -> Credential:
        named = [(name.encode(), value) for name, value in headers.items()]
        scope: Any = {"headers": named, "query_string": query}
        return strangers.credential_of(scope)

    assert (
        shown()
        == shown(b"tokens=x&a=token")
        == shown(cookie=b"__Host-warn-live-form=a; x=y")
        == NO_CREDENTIAL
    )
    assert shown(authorization=b"a") != shown(authorization=b"b")
    assert shown(b"a=b&token=a&c=d") == shown(b"token=a") != NO_CREDENTIAL
    several: Any = {"headers": [(b"authorization", b"a"), (b"authorization", b"b")], "query_string": b""}
    assert strangers.credential_of(several) == shown(authorization=b"a"), "as the application reads them"
    session = shown(cookie=b"a=b; __Host-warn-live=s; c=d")
    assert session == shown(cookie=b"__Host-warn-live=s") != shown(cookie=b"__Host-warn-exercise=s")
    assert (session.may_wait, shown(authorization=b"a").may_wait) == (False, True)
    first = shown(authorization=b"first")
    for number in range(KNOWN):
        strangers.know(first)
        strangers.know(Credential(b"%d" % number, may_wait=True))
        strangers.know(NO_CREDENTIAL)
    assert strangers.knows(first)
    assert not strangers.knows(Credential(b"0", may_wait=True))
    assert len(strangers._known) == KNOWN
