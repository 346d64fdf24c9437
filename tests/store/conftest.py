"""The record and the queue, and what is in them before a test."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from dispatcher.model.principals import Source
from dispatcher.store import record
from dispatcher.store.alerts.alerts import Alerts
from dispatcher.store.audience.subscriptions import Subscriptions
from dispatcher.store.delivery.ledger_reader import LedgerReader
from dispatcher.store.delivery.plans import Plans
from dispatcher.store.sources import Sources
from tests.support.histories import ledger_of, plan, submit, subscribe
from tests.support.messages import DUEREN, SENDER
from tests.support.sealed import ADDRESSES

PEPPER = b"pepper of the tests"


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[Any]:
    pool = await record.connect(database_url, size=8)
    yield pool
    await pool.close()


@pytest.fixture
async def sources(pool: Any) -> Sources:
    sources = Sources(pool, PEPPER)
    await sources.put(Source("leitstelle", "Leitstelle Düren", frozenset({SENDER}), ("05358",)))
    return sources


@pytest.fixture
async def alerts(pool: Any, sources: Sources) -> Alerts:
    return Alerts(pool)


@pytest.fixture
def subscriptions(pool: Any) -> Subscriptions:
    return Subscriptions(pool, ADDRESSES)


@pytest.fixture
def ledger(pool: Any) -> Any:
    return ledger_of(pool)


@pytest.fixture
def plans(pool: Any) -> Plans:
    return Plans(pool, batch_size=3)


@pytest.fixture
def accounts(pool: Any) -> LedgerReader:
    return LedgerReader(pool)


@pytest.fixture
async def ready_batches(
    pool: Any, alerts: Alerts, ledger: Any, plans: Plans, subscriptions: Subscriptions
) -> list[Any]:
    """Five web push endpoints and one app, all in Düren."""
    await subscribe(pool, subscriptions, *"abcde")
    await subscribe(pool, subscriptions, "f", channel="app", ref="instance-1")
    await submit(alerts, "A", DUEREN)
    return sorted(await plan(ledger, plans, "A"), key=lambda wake_ups: wake_ups.batch_id)


async def batch_ids(pool: Any) -> list[Any]:
    rows = await pool.fetch("SELECT id FROM batch ORDER BY channel, cardinality(recipients) DESC")
    return [row["id"] for row in rows]
