"""What devices say stands beside the batches, joined, and disturbs nobody."""

import asyncio
from typing import Any

import pytest

from dispatcher.model.batches import Progress
from dispatcher.model.reports import ReceiptMasks
from dispatcher.model.vocabulary import State
from dispatcher.store.delivery import device_receipts
from dispatcher.store.delivery.device_receipts import DeviceReceipts
from dispatcher.store.delivery.ledger_reader import LedgerReader
from dispatcher.store.delivery.relocation import move_waiting
from tests.support.histories import finish, plan, submit, subscribe
from tests.support.messages import DUEREN, JUELICH

FIRST, SECOND, THIRD = 1, 2, 4
NEW = "https://new.example"


@pytest.fixture
async def people(pool: Any, subscriptions: Any) -> list[int]:
    ids: list[int] = await subscribe(pool, subscriptions, *"abc", channel="app")
    return sorted(ids)


@pytest.fixture
async def batch(alerts: Any, ledger: Any, plans: Any, people: list[int]) -> int:
    await submit(alerts, "A")
    [ready] = await plan(ledger, plans, "A")
    number: int = ready.batch_id
    return number


@pytest.fixture
def receipts(pool: Any) -> DeviceReceipts:
    return DeviceReceipts(pool)


async def kept(pool: Any) -> dict[int, list[str]]:
    rows = await pool.fetch("SELECT batch_id, delivered, displayed, confirmed FROM batch_receipt")
    return {row[0]: [bits.as_string().replace(" ", "") for bits in tuple(row)[1:]] for row in rows}


async def test_what_several_processes_say_is_joined(pool: Any, receipts: DeviceReceipts, batch: int) -> None:
    await receipts.add({(batch, 0): ReceiptMasks(FIRST | SECOND, SECOND)})
    await receipts.add({(batch, 0): ReceiptMasks(THIRD, THIRD, THIRD)})
    assert await kept(pool) == {batch: ["111", "011", "001"]}


async def test_what_is_said_twice_writes_nothing(pool: Any, receipts: DeviceReceipts, batch: int) -> None:
    masks = {(batch, 0): ReceiptMasks(FIRST, FIRST)}
    await receipts.add(masks)
    before = await pool.fetchval("SELECT xmin::text FROM batch_receipt")
    await receipts.add(masks)
    assert await pool.fetchval("SELECT xmin::text FROM batch_receipt") == before


async def test_what_many_batches_say_is_written_piece_by_piece_and_as_one(
    pool: Any, alerts: Any, ledger: Any, plans: Any, batch: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All batches are held before the first receipt is written: whoever holds a later one may still need that."""
    monkeypatch.setattr(device_receipts, "TOGETHER", 1)
    await submit(alerts, "B")
    [other] = await plan(ledger, plans, "B")
    first, last = sorted((batch, other.batch_id))
    receipts = DeviceReceipts(pool)
    await receipts.add({(first, 0): ReceiptMasks(FIRST)})
    async with pool.acquire() as holder:
        moving = holder.transaction()
        await moving.start()
        await holder.execute("SELECT FROM batch WHERE id = $1 FOR UPDATE", last)
        adding = asyncio.create_task(
            receipts.add({(last, 0): ReceiptMasks(THIRD), (first, 0): ReceiptMasks(SECOND)})
        )
        while not await holder.fetchval("SELECT count(*) FROM pg_locks WHERE NOT granted"):
            pass
        await holder.execute("SELECT FROM batch_receipt WHERE batch_id = $1 FOR UPDATE NOWAIT", first)
        assert await kept(pool) == {first: ["100", "000", "000"]}
        await moving.rollback()
    await adding
    assert await kept(pool) == {first: ["110", "000", "000"], last: ["001", "000", "000"]}


async def test_what_has_no_place_is_dropped(pool: Any, receipts: DeviceReceipts, batch: int) -> None:
    """No such batch, another generation, a position beyond the last."""
    await receipts.add(
        {
            (batch + 1, 0): ReceiptMasks(FIRST),
            (batch, 1): ReceiptMasks(FIRST),
            (batch, 0): ReceiptMasks(SECOND | 1 << 9_000),
        }
    )
    await receipts.add({})
    assert await kept(pool) == {batch: ["010", "000", "000"]}


async def test_what_comes_a_week_late_is_dropped(pool: Any, receipts: DeviceReceipts, batch: int) -> None:
    await pool.execute("UPDATE batch SET deadline = clock_timestamp() - interval '8 days'")
    await receipts.add({(batch, 0): ReceiptMasks(FIRST)})
    assert await kept(pool) == {}


async def test_a_worker_and_its_lease_are_not_disturbed(
    pool: Any, ledger: Any, receipts: DeviceReceipts, batch: int
) -> None:
    """Receipts are written while the worker's write is not committed, and the other way round."""
    lease = await ledger.acquire(batch)
    row = await pool.fetchrow("SELECT xmin::text, ctid::text FROM batch")
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute("UPDATE batch SET outcomes = outcomes WHERE id = $1", batch)
        async with asyncio.timeout(10):
            await receipts.add({(batch, 0): ReceiptMasks(FIRST)})
    assert await pool.fetchrow("SELECT xmin::text, ctid::text FROM batch") != row, "the worker's own write"
    row = await pool.fetchrow("SELECT xmin::text, ctid::text FROM batch")
    await receipts.add({(batch, 0): ReceiptMasks(SECOND)})
    assert await pool.fetchrow("SELECT xmin::text, ctid::text FROM batch") == row
    assert await ledger.release(lease, Progress(bytes([State.ACCEPTED] * 3)))


async def test_who_moves_takes_along_what_was_said(
    pool: Any, ledger: Any, receipts: DeviceReceipts, batch: int, people: list[int]
) -> None:
    """A token from before names a position that is another's now: it is dropped."""
    lease = await ledger.acquire(batch)
    await ledger.release(lease, Progress(bytes([State.PENDING, State.ACCEPTED, State.PENDING])))
    await receipts.add({(batch, lease.generation): ReceiptMasks(FIRST | SECOND, SECOND, SECOND)})
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute("UPDATE subscription SET gateway = $2 WHERE id = $1", people[0], NEW)
        await move_waiting(connection, people[0], NEW)
    new = await pool.fetchval("SELECT max(id) FROM batch")
    assert await kept(pool) == {batch: ["10", "10", "10"], new: ["1", "0", "0"]}
    await receipts.add({(batch, lease.generation): ReceiptMasks(SECOND)})
    assert await kept(pool) == {batch: ["10", "10", "10"], new: ["1", "0", "0"]}
    again = await ledger.acquire(batch)
    assert again.generation == lease.generation + 1
    await receipts.add({(batch, again.generation): ReceiptMasks(SECOND)})
    assert (await kept(pool))[batch] == ["11", "10", "10"]


async def test_status_and_ledger_show_it(
    pool: Any, alerts: Any, ledger: Any, plans: Any, subscriptions: Any, receipts: DeviceReceipts
) -> None:
    await subscribe(pool, subscriptions, "anna", places=(DUEREN, JUELICH))
    await subscribe(pool, subscriptions, "bernd", places=(JUELICH,))
    await subscribe(pool, subscriptions, "carla", places=(DUEREN,), channel="sms", gateway="provider")
    await submit(alerts, "A", DUEREN, JUELICH)
    push, sms = sorted(
        [ready.batch_id for ready in await plan(ledger, plans, "A")],
        key=lambda number: -number,
    )
    if await pool.fetchval("SELECT channel FROM batch WHERE id = $1", push) == "sms":
        push, sms = sms, push
    await finish(ledger, push, State.ACCEPTED)
    reader = LedgerReader(pool)
    none = {"delivered": 0, "displayed": 0, "confirmed": 0}
    assert [one.receipts for one in await reader.summary("A")] == [none, none]
    assert await reader.receipts_by_municipality("A") == {}

    await receipts.add({(push, 0): ReceiptMasks(FIRST | SECOND, FIRST, FIRST)})
    await pool.execute(
        """INSERT INTO delivery_report (batch_id, position, gateway, state, code, delivered_parts, failed_parts,
             contradictions) VALUES ($1, 0, 'provider', 'delivered', '', '', '', 0)""",
        sms,
    )
    summaries = {one.channel: one.receipts for one in await reader.summary("A")}
    assert summaries == {
        "sms": none | {"delivered": 1},
        "webpush": {"delivered": 2, "displayed": 1, "confirmed": 1},
    }
    assert await reader.receipts_by_municipality("A") == {
        DUEREN: {"delivered": 2, "displayed": 1, "confirmed": 1},
        JUELICH: {"delivered": 2, "displayed": 1, "confirmed": 1},
    }
    lines = [line for number in (push, sms) for line in await reader.lines(number)]
    assert [line.receipt for line in lines] == ["confirmed", "delivered", "delivered"]
