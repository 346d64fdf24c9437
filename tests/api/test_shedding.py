"""Reads give way to submissions when there are too many of them."""

import asyncio
import socket
from typing import Any

import pytest
from fastapi import Depends
from fastapi.routing import iter_route_contexts

from dispatcher.access.permissions import Permission
from dispatcher.api.application import application
from dispatcher.api.authentication import require, wired_routes
from dispatcher.api.shedding import (
    KEYS_AT_ONCE,
    KEYS_WAITING,
    LEDGERS_OF_ONE,
    READS_AT_ONCE,
    READS_OF_ONE,
    WAITING,
    Gate,
    Places,
)
from dispatcher.model.problems import RequestRefused
from tests.api.conftest import CAP, KEY, OTHER_KEY
from tests.support.histories import until
from tests.support.submissions import warning

TOO_MANY = 5


async def somebody_waits(gate: Gate, client: str, count: int) -> None:
    async def waiting() -> bool:
        return gate._inside[client] == count

    await until(waiting)


async def test_so_many_at_once_and_so_many_waiting() -> None:
    gate = Gate(2, 2, waiting=1, wait_s=60)
    assert await gate.enter("a")
    assert await gate.enter("a")
    third = asyncio.create_task(gate.enter("a"))
    await somebody_waits(gate, "a", 3)
    assert not await gate.enter("a"), "there is no place to wait in"
    gate.leave("a")
    assert await third
    gate.leave("a")
    gate.leave("a")
    assert await gate.enter("a")


async def test_one_client_leaves_places_to_others() -> None:
    gate = Gate(3, 2, waiting=9, wait_s=60)
    assert await gate.enter("a")
    assert await gate.enter("a")
    waiting = [asyncio.create_task(gate.enter("a")) for _ in range(9)]
    await somebody_waits(gate, "a", 11)
    assert await asyncio.wait_for(gate.enter("b"), 30), "who waits for his own stands in nobody's way"
    for task in waiting:
        task.cancel()
    await asyncio.wait(waiting)
    for client in "aab":
        gate.leave(client)
    assert not gate._own, "a client that left is forgotten"
    assert not gate._inside


async def test_a_crowd_in_which_each_is_alone_waits_in_so_many_places() -> None:
    gate = Gate(1, 1, waiting=9, waiting_of_all=2, wait_s=60)
    assert await gate.enter("a")
    waiting = [asyncio.create_task(gate.enter(client)) for client in "bc"]
    await somebody_waits(gate, "c", 1)
    assert not await gate.enter("d"), "all places to wait in are taken"
    gate.leave("a")
    assert await waiting[0]
    assert gate._all == 2
    gate.leave("b")
    assert await waiting[1]
    gate.leave("c")
    assert await gate.enter("d")
    assert gate._all == 1


async def test_a_crowd_that_finds_no_place_to_enrol_is_told_to_come_back_in_a_row() -> None:
    places = Places(lambda: None)
    gate = places.enrolments
    crowd = [asyncio.create_task(gate.enter(f"phone-{number}")) for number in range(67)]
    await somebody_waits(gate, "phone-66", 1)
    told: list[int] = []
    for number in range(200):
        client = f"late-{number}"
        with pytest.raises(RequestRefused) as refused:
            async with places.one(gate, client):
                pytest.fail("there is no place")
        told.append(refused.value.retry_after_s or 0)
    assert told == sorted(told)
    assert told[0] > 5
    assert told[-1] - told[0] >= 5, "a hundred turns a second, three for each"
    for task in crowd:
        task.cancel()
    await asyncio.wait(crowd)


async def test_nobody_waits_for_long_and_who_gave_up_takes_no_place() -> None:
    gate = Gate(1, 1, waiting=1, wait_s=0.01)
    assert await gate.enter("a")
    for _ in range(3):
        assert not await gate.enter("a")
        assert not await gate.enter("b")
    gate.leave("a")
    assert await gate.enter("b")


async def test_a_cancelled_reader_leaves_its_waiting_place() -> None:
    gate = Gate(1, 1, waiting=1, wait_s=60)
    assert await gate.enter("a")
    waiting = asyncio.create_task(gate.enter("a"))
    await somebody_waits(gate, "a", 2)
    waiting.cancel()
    await asyncio.wait([waiting])
    another = asyncio.create_task(gate.enter("a"))
    await somebody_waits(gate, "a", 2)
    gate.leave("a")
    assert await another


async def test_a_submission_passes_reads_that_hold_up_each_other(service: Any, pool: Any) -> None:
    alert = (await service.submit(warning())).json["alert"]["id"]
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute("LOCK TABLE batch IN ACCESS EXCLUSIVE MODE")
        reads = [
            asyncio.create_task(service.get(f"/v1/alerts/{alert}"))
            for _ in range(READS_AT_ONCE + WAITING + TOO_MANY)
        ]

        async def some_are_turned_away() -> bool:
            return service.count("warn_reads_shed_total") >= TOO_MANY

        await until(some_are_turned_away)
        assert (await service.submit(warning())).status == 201
        preview = await service.submit(warning(), path="/v1/alerts/preview")
        refused = preview.problem(503, "overloaded")
        assert "Vorrang" in refused["detail"]
        assert preview.headers["retry-after"]
        probe = await service.request("GET", "/livez", key=None)
        assert probe.status == 200
    answers = await asyncio.gather(*reads)
    assert {answer.status for answer in answers} == {200, 503}
    assert sum(answer.status == 200 for answer in answers) >= READS_OF_ONE


async def test_ledgers_of_one_source_keep_nobody_from_reading(service: Any, pool: Any) -> None:
    mine = (await service.submit(warning())).json["alert"]["id"]
    await pool.execute(BATCH, mine)
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute("LOCK TABLE delivery_report IN ACCESS EXCLUSIVE MODE")
        ledgers = [
            asyncio.create_task(service.get(f"/v1/alerts/{mine}/ledger")) for _ in range(LEDGERS_OF_ONE + 3)
        ]

        async def the_others_are_turned_away() -> bool:
            return service.count("warn_reads_shed_total") == 3

        await until(the_others_are_turned_away)
        assert (await service.get(f"/v1/alerts/{mine}/cap")).status == 200
        assert (await service.get("/v1/alerts", key=OTHER_KEY)).status == 200
    # On a busy machine one waits too long for the lock, and may end as it likes.
    await asyncio.gather(*ledgers, return_exceptions=True)


BATCH = """INSERT INTO batch (alert_id, chain_id, kind, channel, gateway, language, lane, deadline, recipients, outcomes)
           SELECT $1, $1, 'alert', 'app', 'g', 'de', 'routine', now() + '1 h', array_agg(n),
             decode(repeat('00', 10000), 'hex')
           FROM generate_series(1, 10000) n"""


async def test_ledgers_that_nobody_reads_hold_no_connection_to_the_record(service: Any, pool: Any) -> None:
    mine = (await service.submit(warning())).json["alert"]["id"]
    for _ in range(10):
        await pool.execute(BATCH, mine)
    stalled = [await unread(service, f"/v1/alerts/{mine}/ledger") for _ in range(LEDGERS_OF_ONE)]

    async def all_wait_for_their_readers() -> bool:
        return pool.get_idle_size() == pool.get_size()

    await until(all_wait_for_their_readers)
    (await service.get(f"/v1/alerts/{mine}/ledger")).problem(503, "overloaded")
    assert (await service.get("/v1/alerts")).status == 200
    for connection in stalled:
        connection.close()

    async def a_place_is_free() -> bool:
        answer = await service.get(f"/v1/alerts/{mine}/ledger")
        return answer.status == 200 and answer.body.count(b"\n") == 100_000

    await until(a_place_is_free)


async def unread(service: Any, path: str) -> socket.socket:
    """A connection on which this was asked, and nothing but the beginning is read. Its buffers are small."""
    loop = asyncio.get_running_loop()
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    connection.setblocking(False)
    await loop.sock_connect(connection, ("127.0.0.1", int(service.url.rpartition(":")[2])))
    await loop.sock_sendall(
        connection, f"GET {path} HTTP/1.1\r\nAuthorization: Bearer {KEY}\r\n\r\n".encode()
    )
    assert await loop.sock_recv(connection, 12) == b"HTTP/1.1 200"
    return connection


async def test_stalled_previews_keep_nobody_from_reading(service: Any) -> None:
    head = (
        f"POST /v1/alerts/preview HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {KEY}\r\n"
        f"Content-Type: {CAP}\r\nContent-Length: 1000\r\nExpect: 100-continue\r\n\r\n"
    )
    writers = []
    for _ in range(READS_AT_ONCE + 2):
        reader, writer = await asyncio.open_connection("127.0.0.1", int(service.url.rpartition(":")[2]))
        writer.write(head.encode())
        assert await reader.readline() == b"HTTP/1.1 100 Continue\r\n", "its body is waited for"
        writers.append(writer)
    for key in (KEY, OTHER_KEY):
        assert (await service.get("/v1/alerts", key=key)).status == 200
    assert (await service.submit(warning(), path="/v1/alerts/preview")).status == 200
    for writer in writers:
        writer.close()


async def test_who_has_no_key_takes_no_place(service: Any, pool: Any) -> None:
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute("LOCK TABLE batch IN ACCESS EXCLUSIVE MODE")
        answers = await asyncio.gather(*(service.get("/v1/alerts", key="wk_x_y") for _ in range(50)))
        assert {answer.status for answer in answers} == {401}
    assert service.count("warn_reads_shed_total") == 0


async def test_a_key_that_was_good_before_waits_behind_no_strangers(service: Any) -> None:
    assert (await service.get("/v1/alerts")).status == 200
    keys = service.places.keys
    strangers = [f"stranger-{number}" for number in range(KEYS_AT_ONCE + KEYS_WAITING)]
    crowd = [asyncio.create_task(keys.enter(one)) for one in strangers]
    await somebody_waits(keys, strangers[-1], 1)
    assert (await service.get("/v1/alerts")).status == 200
    assert (await service.get("/v1/alerts", key=OTHER_KEY)).status == 503, "nobody knows this one yet"
    for task in crowd:
        task.cancel()
    await asyncio.wait(crowd)


def unplaced(app: Any) -> list[str]:
    """The reads below /v1 for which a key is needed and no place is taken. A gateway's GET hands over a report or
    a text."""
    found = []
    for route in iter_route_contexts(app.routes):
        permissions = {one.permission for one in wired_routes(app) if one.entrance == f"GET {route.path}"}
        asked = getattr(getattr(route, "dependant", None), "dependencies", [])
        names = {getattr(one.call, "__name__", "") for one in asked}
        if (
            permissions - {None, Permission.REPORT_DELIVERIES, Permission.DELIVER_TEXTS}
            and "GET" in route.methods
            and "placed" not in names
        ):
            found.append(str(route.path))
    return found


async def test_every_read_takes_a_place(service: Any) -> None:
    app = application(service.parts)
    assert unplaced(app) == []

    @app.get("/v1/another", dependencies=[Depends(require(Permission.READ_FEEDS))])
    async def another() -> None: ...

    assert unplaced(app) == ["/v1/another"]
