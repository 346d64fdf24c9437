"""Chaining what is committed, whoever writes and whatever ends it."""

import asyncio
from typing import Any

import asyncpg
import pytest

from dispatcher.access.principals import WORKER
from dispatcher.audit.entry import GENESIS
from dispatcher.store import audit
from dispatcher.store.audit_chain.writer import ChainWriter, _append
from tests.support.audit import chained, noted, tamper, verdict

ACTIONS = """SELECT a.action FROM audit_chain c JOIN audit a ON a.id = c.audit_id ORDER BY c.position"""


async def actions(pool: Any) -> list[str]:
    return [row["action"] for row in await pool.fetch(ACTIONS)]


async def test_what_is_committed_is_chained_in_an_order_that_stays(pool: Any) -> None:
    writer = await chained(pool, "a", "b")
    await noted(pool, "c")
    assert await writer.write() == 1
    assert await actions(pool) == ["a", "b", "c"]
    rows = await pool.fetch("SELECT position, previous, hash FROM audit_chain ORDER BY position")
    assert [row["position"] for row in rows] == [1, 2, 3]
    assert [row["previous"] for row in rows] == [GENESIS, rows[0]["hash"], rows[1]["hash"]]
    assert (await verdict(pool)).entries == 3
    assert await writer.write() == 0


async def test_a_long_transaction_leaves_no_gap_and_nothing_is_chained_past_it(pool: Any) -> None:
    writer = ChainWriter(pool)
    async with pool.acquire() as slow:
        transaction = slow.transaction()
        await transaction.start()
        await audit.note(slow, WORKER, "slow", None)
        await noted(pool, "quick")
        assert await writer.write() == 0, "the slow line comes before it"
        assert (await writer.waiting()).lines == 1
        await transaction.commit()
    assert await writer.write() == 2
    assert await actions(pool) == ["slow", "quick"]
    waiting = await writer.waiting()
    assert (waiting.lines, waiting.since) == (0, None)


async def test_a_deed_that_is_undone_leaves_no_place(pool: Any) -> None:
    async with pool.acquire() as connection:
        transaction = connection.transaction()
        await transaction.start()
        await audit.note(connection, WORKER, "undone", None)
        await transaction.rollback()
    await chained(pool, "done")
    assert await actions(pool) == ["done"]
    assert (await verdict(pool)).sound


async def test_writers_of_lines_at_once_and_two_of_the_chain_make_one_chain(pool: Any) -> None:
    async def deeds(name: str) -> None:
        for number in range(10):
            async with pool.acquire() as connection, connection.transaction():
                await audit.note(connection, WORKER, f"{name}-{number}", None)
                await asyncio.sleep(0)

    writers = [ChainWriter(pool, page=7), ChainWriter(pool, page=7)]
    done = asyncio.Event()

    async def write(writer: ChainWriter) -> None:
        while not done.is_set():
            await writer.write()

    async with asyncio.TaskGroup() as tasks:
        for writer in writers:
            tasks.create_task(write(writer))
        async with asyncio.TaskGroup() as doing:
            for name in "abc":
                doing.create_task(deeds(name))
        done.set()
    await chained(pool)
    whole = await verdict(pool)
    assert whole.sound
    assert whole.entries == len(set(await actions(pool))) == 30


async def test_a_fork_is_refused_by_the_record_itself(pool: Any) -> None:
    await chained(pool, "a")
    await noted(pool, "b", "c")
    second, third = [row["id"] for row in await pool.fetch("SELECT id FROM audit ORDER BY id OFFSET 1")]
    head = await pool.fetchval("SELECT hash FROM audit_chain")
    insert = "INSERT INTO audit_chain (position, audit_id, previous, hash) VALUES ($1, $2, $3, $4)"
    await pool.execute(insert, 2, second, head, b"h" * 32)
    for position, audit_id, previous in ((2, third, b"p" * 32), (3, third, head), (3, second, b"p" * 32)):
        with pytest.raises(asyncpg.UniqueViolationError):
            await pool.execute(insert, position, audit_id, previous, b"i" * 32)


async def test_a_writer_that_is_killed_in_the_middle_leaves_nothing_half_and_another_goes_on(
    pool: Any, database_url: str
) -> None:
    await noted(pool, "a", "b")
    killed = await asyncpg.connect(database_url)
    await killed.execute("BEGIN")
    await _append(killed, await ChainWriter(pool)._entries(killed))
    killed.terminate()
    writer = ChainWriter(pool)
    async with asyncio.timeout(10):
        while await writer.write() != 2:  # until the server has noticed
            writer.begin_anew()
    assert await actions(pool) == ["a", "b"]
    assert (await verdict(pool)).sound


async def test_pages_are_gone_through_in_order(pool: Any) -> None:
    await noted(pool, *"abcde")
    writer = ChainWriter(pool, page=2)
    assert [await writer.write() for _ in range(4)] == [2, 2, 1, 0]
    assert await actions(pool) == list("abcde")


async def test_what_was_restored_from_another_server_is_chained_and_so_is_what_comes_after(pool: Any) -> None:
    """Transactions of a dump's server may be far ahead of this one's, and begin anew here."""
    await chained(pool, "a", "b")
    await noted(pool, "c")
    ahead = 2**40
    await tamper(pool, f"UPDATE audit SET xid = (id + {ahead})::text::xid8")
    writer = ChainWriter(pool)
    assert await writer.write() == 1
    await noted(pool, "d")
    assert await writer.write() == 1
    assert await actions(pool) == ["a", "b", "c", "d"]


async def test_lines_of_before_the_chain_are_chained_by_number(pool: Any) -> None:
    await noted(pool, "a", "b", "c")
    await tamper(pool, "UPDATE audit SET xid = '3'")
    await ChainWriter(pool).write()
    assert await actions(pool) == ["a", "b", "c"]


async def test_a_line_that_was_put_in_as_if_it_were_old_is_never_chained(pool: Any) -> None:
    """Whoever begins anew, after a restart or by a command, goes through the whole trail."""
    await chained(pool, "a", "b")
    await tamper(
        pool,
        """INSERT INTO audit (id, xid, at, actor, action) OVERRIDING SYSTEM VALUE
           SELECT -3, xid, at, 'nobody', 'x' FROM audit WHERE action = 'a'""",
    )
    for action in "cd":
        await chained(pool, action)
        whole = await verdict(pool)
        assert [one.fault for one in whole.findings] == ["inserted"]
        assert "entry -3 is not in the chain" in whole.findings[0].sentence
    assert await actions(pool) == ["a", "b", "c", "d"]


async def test_a_deed_after_a_restore_is_chained_though_the_dump_had_higher_transactions(pool: Any) -> None:
    await chained(pool, "a", "b")
    await noted(pool, "c")
    await tamper(pool, "UPDATE audit SET xid = pg_current_xact_id() WHERE action = 'b'")
    await chained(pool)
    assert await actions(pool) == ["a", "b", "c"]


async def test_no_later_page_of_a_whole_scan_is_beyond_the_horizon(pool: Any) -> None:
    await noted(pool, "a", "b")
    writer = ChainWriter(pool, page=1)
    assert await writer.write() == 1
    async with pool.acquire() as slow:
        transaction = slow.transaction()
        await transaction.start()
        await audit.note(slow, WORKER, "slow", None)
        await noted(pool, "quick")
        assert [await writer.write() for _ in range(3)] == [1, 0, 0], (
            "the slow line comes before the quick one"
        )
        await transaction.commit()
    assert [await writer.write() for _ in range(2)] == [1, 1]
    assert await actions(pool) == ["a", "b", "slow", "quick"]
