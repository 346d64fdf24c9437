"""Reads give way to submissions when there are too many of them."""

import asyncio
from typing import Any

from dispatcher.api.shedding import READS_AT_ONCE, WAITING, Gate
from tests.support.histories import until
from tests.support.submissions import warning

TOO_MANY = 5


async def somebody_waits(gate: Any) -> None:
    async def waiting() -> bool:
        return gate._waiting > 0

    await until(waiting)


async def test_so_many_at_once_and_so_many_waiting() -> None:
    gate = Gate(2, waiting=1, wait_s=60)
    assert await gate.enter()
    assert await gate.enter()
    third = asyncio.create_task(gate.enter())
    await somebody_waits(gate)
    assert not await gate.enter(), "there is no place to wait in"
    gate.leave()
    assert await third
    gate.leave()
    gate.leave()
    assert await gate.enter()


async def test_nobody_waits_for_long_and_who_gave_up_takes_no_place() -> None:
    gate = Gate(1, waiting=1, wait_s=0.01)
    assert await gate.enter()
    for _ in range(3):
        assert not await gate.enter()
    gate.leave()
    assert await gate.enter()


async def test_a_cancelled_reader_leaves_its_waiting_place() -> None:
    gate = Gate(1, waiting=1, wait_s=60)
    assert await gate.enter()
    waiting = asyncio.create_task(gate.enter())
    await somebody_waits(gate)
    waiting.cancel()
    await asyncio.wait([waiting])
    another = asyncio.create_task(gate.enter())
    await somebody_waits(gate)
    gate.leave()
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
    assert sum(answer.status == 200 for answer in answers) >= READS_AT_ONCE


async def test_a_ledger_that_is_read_slowly_keeps_nobody_else_from_reading(service: Any, pool: Any) -> None:
    alert = (await service.submit(warning())).json["alert"]["id"]
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute("LOCK TABLE batch IN ACCESS EXCLUSIVE MODE")
        ledgers = [
            asyncio.create_task(service.get(f"/v1/alerts/{alert}/ledger")) for _ in range(READS_AT_ONCE)
        ]

        async def none_is_left() -> bool:
            return service.count("warn_reads_shed_total") == READS_AT_ONCE - 2

        await until(none_is_left)
        assert (await service.get(f"/v1/alerts/{alert}/cap")).status == 200
    await asyncio.gather(*ledgers)
