"""One process at a time."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import pytest

from dispatcher.store import record
from dispatcher.store.leadership import RECONCILER_LOCK, Leadership

HOLDERS = """
SELECT pid FROM pg_locks JOIN pg_database ON pg_database.oid = database AND datname = current_database()
WHERE locktype = 'advisory' AND granted AND objid = $1"""
"""Who holds this one lock of this database: a sweep takes others for a moment, and so do other tests' connections that
the server has not ended yet.
"""


@pytest.fixture
async def second_pool(database_url: str) -> AsyncIterator[Any]:
    pool = await record.connect(database_url, size=2)
    yield pool
    await pool.close()


async def end_the_leaders_connection(pool: Any) -> Any:
    (holder,) = await pool.fetch(HOLDERS, RECONCILER_LOCK & 0xFFFFFFFF)
    return await pool.fetchval("SELECT pg_terminate_backend($1)", holder["pid"])


async def test_one_of_two_leads_until_it_lets_go(pool: Any, second_pool: Any) -> None:
    first, second = Leadership(pool), Leadership(second_pool)
    assert await first.hold() is True
    assert await first.hold() is True
    assert await second.hold() is False
    await first.drop()
    assert await second.hold() is True
    assert await first.hold() is False
    await second.drop()


async def test_letting_go_of_what_one_does_not_hold_is_no_error(pool: Any) -> None:
    await Leadership(pool).drop()


async def test_who_does_not_lead_keeps_no_connection(pool: Any, second_pool: Any) -> None:
    first, second = Leadership(pool), Leadership(second_pool)
    await first.hold()
    for _ in range(5):
        assert await second.hold() is False
    assert second_pool.get_idle_size() == second_pool.get_size()
    await first.drop()


async def test_a_leader_that_lost_its_connection_says_so_and_another_leads(
    pool: Any, second_pool: Any
) -> None:
    first, second = Leadership(pool), Leadership(second_pool)
    await first.hold()
    assert await end_the_leaders_connection(second_pool)
    with pytest.raises(record.UNAVAILABLE):
        await first.hold()
    assert await second.hold() is True
    assert await first.hold() is False, "and the first asks again as if nothing had been"
    await second.drop()


async def test_a_leader_that_falls_silent_is_replaced_although_its_connection_stands(
    pool: Any, second_pool: Any
) -> None:
    first, second = Leadership(pool, silent_s=0.2), Leadership(second_pool)
    assert await first.hold() is True
    async with asyncio.timeout(10):
        while not await second.hold():  # noqa: ASYNC110 - the record tells nobody by itself
            await asyncio.sleep(0.02)
    with pytest.raises(record.UNAVAILABLE):
        await first.hold()
    assert await first.hold() is False
    await second.drop()


async def test_a_connection_given_back_by_a_leader_may_be_idle_again(pool: Any) -> None:
    leadership = Leadership(pool, silent_s=60)
    await leadership.hold()
    await leadership.drop()
    async with pool.acquire() as connection:
        assert await connection.fetchval("SHOW idle_session_timeout") == "0"


@pytest.fixture
async def only_connection(database_url: str) -> AsyncIterator[Any]:
    pool = await record.connect(database_url, size=1)
    yield pool
    await asyncio.wait_for(pool.close(), 10)


async def test_a_connection_that_breaks_while_asking_is_given_back(pool: Any, only_connection: Any) -> None:
    """Else each outage costs a worker one connection, until none is left."""
    leadership = Leadership(only_connection)
    for _ in range(3):
        await pool.fetch(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        # Whether the loss is noticed before or while asking is the loop's luck.
        with contextlib.suppress(*record.UNAVAILABLE):
            await leadership.hold()
        await leadership.drop()
        assert await asyncio.wait_for(only_connection.fetchval("SELECT 1"), 10) == 1
    assert await leadership.hold() is True
    await leadership.drop()


async def test_a_lead_that_the_record_has_ended_meanwhile_is_let_go_without_an_error(pool: Any) -> None:
    """Its connection may be back in the pool by then: there is nothing to end any more."""
    leader = Leadership(pool)
    assert await leader.hold() is True
    assert leader._connection is not None
    await pool.release(leader._connection)
    await leader.drop()
    assert await leader.hold() is True
    await leader.drop()
