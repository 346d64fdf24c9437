"""When a key was last used is written coarsely, and in no request's way."""

import asyncio
from typing import Any

import pytest

from dispatcher.access.keys import KeyKind, KeyName
from dispatcher.store.key_uses import KeyUses
from dispatcher.store.sources import Sources

SECRET = "s" * 43
KEY = f"wk_leitstelle-1_{SECRET}"
NAME = KeyName(KeyKind.SOURCE, "leitstelle-1")
USED = "SELECT used_at FROM api_key"
WAITING = """SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%SET used_at%'"""


@pytest.fixture
async def keyed(sources: Sources) -> Sources:
    await sources.add_key("leitstelle", KEY)
    return sources


async def test_a_use_is_written_and_the_next_within_a_minute_is_not(keyed: Sources, pool: Any) -> None:
    assert await pool.fetchval(USED) is None
    await keyed.recognise(KEY)
    await keyed.uses.written()
    first = await pool.fetchval(USED)
    assert first is not None
    for _ in range(3):
        await keyed.recognise(KEY)
    await keyed.uses.written()
    assert await pool.fetchval(USED) == first
    await pool.execute("UPDATE api_key SET used_at = used_at - interval '61 s'")
    await keyed.recognise(KEY)
    await keyed.uses.written()
    assert await pool.fetchval(USED) > first


@pytest.mark.parametrize("change", ["revoked_at = now()", "expires_at = now()"])
async def test_a_refused_use_is_none(keyed: Sources, pool: Any, change: str) -> None:
    await pool.execute(f"UPDATE api_key SET {change}")
    await keyed.recognise(KEY)
    await keyed.uses.written()
    assert await pool.fetchval(USED) is None


async def test_a_crowd_of_requests_writes_one_statement_at_a_time(keyed: Sources, pool: Any) -> None:
    """However long the record takes for it."""
    uses = KeyUses(pool)
    async with pool.acquire() as connection, connection.transaction():
        await connection.fetchrow("SELECT 1 FROM api_key FOR UPDATE")
        for _ in range(100):
            uses.note(NAME)
            await asyncio.sleep(0)
        async with asyncio.timeout(10):
            while not (waiting := await pool.fetchval(WAITING)):
                pass
        assert waiting == 1
    await uses.written()
    assert await pool.fetchval(USED) is not None


async def test_where_requests_have_all_connections_a_use_is_left(keyed: Sources, pool: Any) -> None:
    uses = KeyUses(pool)
    held = [await pool.acquire() for _ in range(pool.get_max_size())]
    uses.note(NAME)
    await uses.written()
    for connection in held:
        await pool.release(connection)
    assert await pool.fetchval(USED) is None


async def test_a_record_that_is_away_costs_a_use_and_nothing_else(keyed: Sources, pool: Any) -> None:
    uses = KeyUses(pool)
    uses.note(NAME)
    pool.terminate()
    await uses.written()
