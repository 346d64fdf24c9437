"""Who keeps others waiting is shown, and ended if it still does what was shown; nobody else is."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime, timedelta
from typing import Any

import asyncpg
import pytest

from dispatcher.access.principals import of_operator
from dispatcher.store import record
from dispatcher.store.audit import listed
from dispatcher.store.servers.locks import STATEMENT_SHOWN, LockEnding, end_lock, locks
from tests.support.histories import until

LOCK = "LOCK TABLE batch"
NOW, NORMAL = timedelta(0), timedelta(seconds=30)
BY = of_operator("k.wachter").actor
WEAK = "weak_looker"


@pytest.fixture
async def connection(database_url: str) -> AsyncIterator[Any]:
    pool = await record.connect(database_url, size=1)
    async with pool.acquire() as connection:
        yield connection
    await pool.close()


@asynccontextmanager
async def locking(url: str, name: str = "psql", waiting: int = 1) -> AsyncIterator[asyncpg.Connection]:
    """Somebody who has a table locked, and so many who wait for it."""
    async with AsyncExitStack() as stack:
        sessions = []
        for _ in range(1 + waiting):
            sessions.append(await asyncpg.connect(url, server_settings={"application_name": name}))
            stack.callback(sessions[-1].terminate)
        somebody, *others = sessions
        await somebody.execute(f"BEGIN; {LOCK}")
        asked = [asyncio.ensure_future(one.execute("SELECT FROM batch")) for one in others]
        watch = await asyncpg.connect(url)
        stack.callback(watch.terminate)

        async def all_wait() -> bool:
            pid = somebody.get_server_pid()
            sql = "SELECT count(*) FROM pg_stat_activity WHERE $1 = ANY(pg_blocking_pids(pid))"
            return bool(await watch.fetchval(sql, pid) == waiting)

        await until(all_wait)
        try:
            yield somebody
        finally:
            somebody.terminate()
            for one in others:
                one.terminate()
            await asyncio.gather(*asked, return_exceptions=True)


async def begun(connection: Any, somebody: asyncpg.Connection) -> datetime:
    sql = "SELECT xact_start FROM pg_stat_activity WHERE pid = $1"
    found: datetime = await connection.fetchval(sql, somebody.get_server_pid())
    return found


async def test_who_keeps_others_waiting_is_shown_with_how_many_and_nobody_who_waits(
    connection: Any, database_url: str
) -> None:
    async with locking(database_url, waiting=2) as somebody:
        [found] = await locks(connection, NOW)
        assert (found.pid, found.since) == (somebody.get_server_pid(), await begun(connection, somebody))
        assert (found.application, found.state, found.keeps_waiting) == ("psql", "idle in transaction", 2)
        assert (found.statement, found.is_ours) == (f"BEGIN; {LOCK}", False)
        await somebody.execute("COMMIT")
        assert await locks(connection, NOW) == []


async def test_who_waits_itself_is_not_the_cause(connection: Any, database_url: str) -> None:
    async with locking(database_url) as somebody, AsyncExitStack() as stack:
        between, last = [await asyncpg.connect(database_url) for _ in range(2)]
        await between.execute("BEGIN; LOCK TABLE problem")
        for one, table in ((between, "batch"), (last, "problem")):
            asked = asyncio.ensure_future(one.execute(f"SELECT FROM {table}"))
            stack.push_async_callback(asyncio.gather, asked, return_exceptions=True)
            stack.callback(one.terminate)
        for one in (between, last):

            async def waits(pid: int = one.get_server_pid()) -> bool:
                return bool(await connection.fetchval("SELECT cardinality(pg_blocking_pids($1)) > 0", pid))

            await until(waits)
        [found] = await locks(connection, NOW)
        assert (found.pid, found.keeps_waiting) == (somebody.get_server_pid(), 2)


async def test_what_is_done_in_a_moment_is_not_shown_nor_who_keeps_nobody_waiting(
    connection: Any, database_url: str
) -> None:
    async with locking(database_url):
        assert await locks(connection, NORMAL) == []
    async with locking(database_url, waiting=0):
        assert await locks(connection, NOW) == []


async def test_our_own_are_marked_and_a_statement_is_cut(connection: Any, database_url: str) -> None:
    async with locking(database_url, name=record.APPLICATION) as somebody:
        await somebody.execute(f"SELECT '{'x' * 200}'")
        [found] = await locks(connection, NOW)
        assert (found.is_ours, len(found.statement)) == (True, STATEMENT_SHOWN)


async def test_those_of_another_database_are_neither_shown_nor_ended(
    connection: Any, empty_database: str
) -> None:
    other = await asyncpg.connect(empty_database)
    await other.execute("CREATE TABLE batch ()")
    await other.close()
    async with locking(empty_database) as somebody:
        assert await locks(connection, NOW) == []
        since = await begun(connection, somebody)
        assert await end_lock(connection, somebody.get_server_pid(), since, BY) is LockEnding.CHANGED
        assert await somebody.fetchval("SELECT 1") == 1


async def test_one_that_was_shown_is_ended_and_stands_on_the_trail(
    connection: Any, database_url: str
) -> None:
    async with locking(database_url) as somebody:
        [found] = await locks(connection, NOW)
        assert found.since is not None
        assert await end_lock(connection, found.pid, found.since, BY) is LockEnding.ENDED

        async def is_gone() -> bool:
            return somebody.is_closed()

        await until(is_gone)
    [line] = await listed(connection, 1)
    assert (line.actor, line.action, line.alert_id) == (BY, "lock.end", None)
    assert line.detail == {"pid": found.pid, "since": found.since.isoformat(), "application": "psql"}


async def test_a_session_that_does_another_transaction_by_now_is_not_ended(
    connection: Any, database_url: str
) -> None:
    async with locking(database_url) as somebody:
        [found] = await locks(connection, NOW)
        assert found.since is not None
        await somebody.execute("COMMIT; BEGIN")
        for since in (found.since, found.since + timedelta(microseconds=1)):
            assert await end_lock(connection, found.pid, since, BY) is LockEnding.CHANGED
        await somebody.execute("COMMIT")
        assert await end_lock(connection, found.pid, found.since, BY) is LockEnding.CHANGED
        assert await somebody.fetchval("SELECT 1") == 1
    assert await listed(connection, 1) == []


@pytest.fixture
def weak_url(database_url: str, execute: Callable[[str], None]) -> Any:
    """The same database by a role that may neither see nor end what superusers do."""
    execute(f"CREATE ROLE {WEAK}")
    yield f"{database_url}&role={WEAK}"
    execute(f"DROP ROLE {WEAK}")


@pytest.fixture
def seeing_url(weak_url: str, execute: Callable[[str], None]) -> str:
    """The same by a role that may see everything, and still end nothing."""
    execute(f"GRANT pg_read_all_stats TO {WEAK}")
    return weak_url


async def test_a_role_without_rights_sees_that_there_is_one_and_ends_nothing(
    connection: Any, database_url: str, weak_url: str
) -> None:
    pool = await record.connect(weak_url, size=1)
    try:
        async with locking(database_url) as somebody, pool.acquire() as weak:
            [found] = await locks(weak, NORMAL)
            assert (found.pid, found.since, found.lasts) == (somebody.get_server_pid(), None, None)
            assert (found.statement, found.application, found.keeps_waiting) == ("", "psql", 1)
            since = await begun(connection, somebody)
            assert await end_lock(weak, found.pid, since, BY) is LockEnding.FORBIDDEN
            assert await somebody.fetchval("SELECT 1") == 1
    finally:
        await pool.close()


async def test_a_role_that_may_see_and_not_end_says_so(
    connection: Any, database_url: str, seeing_url: str
) -> None:
    pool = await record.connect(seeing_url, size=1)
    try:
        async with locking(database_url) as somebody, pool.acquire() as weak:
            [found] = await locks(weak, NOW)
            assert found.since == await begun(connection, somebody)
            assert found.since is not None
            assert await end_lock(weak, found.pid, found.since, BY) is LockEnding.FORBIDDEN
            assert await somebody.fetchval("SELECT 1") == 1
    finally:
        await pool.close()
