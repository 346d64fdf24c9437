"""What devices say is written together, and nothing of it is lost at a clean stop."""

import asyncio
from typing import Any

import pytest

from dispatcher.access.receipt_tokens import ReceiptTokens
from dispatcher.api.receipts.collector import ReceiptCollector
from dispatcher.metrics import Metrics
from dispatcher.model.reports import ReceiptPosition, ReceiptState
from dispatcher.store import record
from dispatcher.store.delivery.device_receipts import DeviceReceipts
from tests.store import conftest as on_record
from tests.support.histories import plan, submit, subscribe

alerts = on_record.alerts
ledger = on_record.ledger
plans = on_record.plans
pool = on_record.pool
sources = on_record.sources
subscriptions = on_record.subscriptions

TOKENS = ReceiptTokens(bytes(32))
DELIVERED, DISPLAYED, CONFIRMED = ReceiptState
NAME = "warn_device_receipts_posted_total"


@pytest.fixture
async def batch(pool: Any, alerts: Any, ledger: Any, plans: Any, subscriptions: Any) -> int:
    await subscribe(pool, subscriptions, *"abc")
    await submit(alerts, "A")
    [ready] = await plan(ledger, plans, "A")
    number: int = ready.batch_id
    return number


def collector(pool: Any) -> ReceiptCollector:
    return ReceiptCollector(TOKENS, DeviceReceipts(pool), Metrics())


def take(collector: ReceiptCollector, batch: int, position: int, state: ReceiptState) -> None:
    assert collector.take(TOKENS.token(ReceiptPosition(batch, 0, position)).decode(), state)


async def kept(pool: Any) -> list[str]:
    rows = await pool.fetch("SELECT delivered::text, displayed::text, confirmed::text FROM batch_receipt")
    return [bits for row in rows for bits in tuple(row)]


async def test_a_later_state_implies_the_earlier_ones(pool: Any, batch: int) -> None:
    one = collector(pool)
    for position, state in enumerate(ReceiptState):
        take(one, batch, position, state)
    await one.flush()
    assert await kept(pool) == ["111", "011", "001"]
    assert not one._waiting


async def test_a_clean_stop_writes_what_is_left(pool: Any, batch: int) -> None:
    one = collector(pool)
    running = asyncio.create_task(one.run())
    await asyncio.sleep(0)
    take(one, batch, 0, CONFIRMED)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert await kept(pool) == ["100"] * 3


async def test_each_batch_is_written_by_itself_with_what_came_of_it_within_a_second(
    pool: Any, batch: int
) -> None:
    one = collector(pool)
    take(one, batch, 0, DELIVERED)
    for step in range(20):
        take(one, batch + step, 1, DISPLAYED)  # the record knows none but the first
        assert await one.step(step / 8)
        first = max(0, step - 6)
        assert list(one._waiting) == [(batch + number, 0) for number in range(first, step + 1)]
        assert await kept(pool) == ([] if step < 7 else ["110", "010", "000"])
    await one.flush()
    assert not one._waiting


async def test_what_cannot_be_written_waits_and_is_joined_with_what_comes(
    pool: Any, batch: int, database_url: str
) -> None:
    away = await record.connect(database_url, size=1)
    await away.close()
    one = collector(away)
    take(one, batch, 0, DELIVERED)
    assert await one.step(0.0)
    assert not await one.step(1.0)
    take(one, batch, 0, DISPLAYED)
    take(one, batch, 1, DELIVERED)
    assert await kept(pool) == []
    one._store = DeviceReceipts(pool)
    await one.flush()
    assert await kept(pool) == ["110", "100", "000"]


def test_many_are_taken_and_counted_as_single_ones_are() -> None:
    metrics = Metrics()
    one = ReceiptCollector(TOKENS, DeviceReceipts(None), metrics)
    tokens = [TOKENS.token(ReceiptPosition(7, 0, position)).decode() for position in range(3)]
    one.take_many([*zip(tokens, ReceiptState, strict=True), ("A" * 24, DELIVERED)])
    single = ReceiptCollector(TOKENS, DeviceReceipts(None), Metrics())
    for token, state in zip(tokens, ReceiptState, strict=True):
        single.take(token, state)
    assert one._waiting == single._waiting == {(7, 0): [1, 2, 4]}
    counted = [metrics.registry.get_sample_value(NAME, {"result": result}) for result in ("taken", "forged")]
    assert counted == [3, 1]
