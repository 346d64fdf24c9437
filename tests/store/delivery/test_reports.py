"""Reports of one request are recorded together, and requests about the same deliveries do not block each other."""

import asyncio
from typing import Any

import asyncpg
import pytest

from dispatcher.model.reports import FinalReport
from dispatcher.store.delivery.reports import Reports

KEYS = [(batch, position) for batch in range(4) for position in range(50)]


def final(key: Any, state: str = "failed") -> FinalReport:
    batch, position = key
    return FinalReport(batch, position, "sms-1", state, "")


@pytest.fixture
async def reports(pool: Any) -> Reports:
    reports = Reports(pool)
    for batch in reversed(range(4)):  # so that the order on the disk is none that anybody may rely on
        await reports.record([final(key) for key in KEYS if key[0] == batch])
    return reports


async def counts(pool: Any) -> dict[Any, Any]:
    rows = await pool.fetch("SELECT batch_id, position, contradictions FROM delivery_report ORDER BY 1, 2")
    return {(row[0], row[1]): row[2] for row in rows}


async def waiting(pool: Any) -> None:
    """Until a statement waits for a lock."""
    while not await pool.fetchval(  # noqa: ASYNC110 - the server tells nobody
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    ):
        await asyncio.sleep(0)


async def test_contradictions_are_counted_at_their_deliveries(pool: Any, reports: Reports) -> None:
    new = (9, 0)
    assert await reports.record([final(new)], [KEYS[0], KEYS[0], KEYS[7]]) == {new}
    expected = dict.fromkeys(KEYS, 0) | {KEYS[0]: 2, KEYS[7]: 1, new: 0}
    assert await counts(pool) == expected


async def test_what_contradicts_a_final_that_came_too_late_is_left_to_be_judged_again(
    pool: Any, reports: Reports
) -> None:
    new = (9, 0)
    assert await reports.record([final(KEYS[0], "delivered"), final(new)], [KEYS[0], new]) == {new}
    assert (await counts(pool))[KEYS[0]] == 0
    assert (await counts(pool))[new] == 1


async def test_of_a_request_all_is_recorded_or_nothing(pool: Any, reports: Reports) -> None:
    await pool.execute("ALTER TABLE delivery_report ADD CHECK (contradictions < 1)")
    with pytest.raises(asyncpg.CheckViolationError):
        await reports.record([final((9, 0))], [KEYS[0]])
    assert await counts(pool) == dict.fromkeys(KEYS, 0)


async def test_deliveries_are_locked_in_one_order_whatever_the_order_of_their_reports(
    pool: Any, reports: Reports
) -> None:
    """Else two requests about the same ones, in different orders, end as the victims of a deadlock."""
    async with pool.acquire() as holder:
        held = holder.transaction()
        await held.start()
        await holder.execute("SELECT FROM delivery_report WHERE batch_id = 0 AND position = 0 FOR UPDATE")
        counting = asyncio.create_task(reports.record([], KEYS[::-1]))
        await waiting(pool)
        free = await pool.fetch("SELECT FROM delivery_report FOR UPDATE SKIP LOCKED")
        assert len(free) == len(KEYS) - 1, "nothing is held while the first one is waited for"
        await held.rollback()
        await counting
    assert await counts(pool) == dict.fromkeys(KEYS, 1)
