"""The record and the queue, and what is in them before a test."""

import pytest

from dispatcher.model import Source
from dispatcher.store import record
from dispatcher.store.accounts import Accounts
from dispatcher.store.alerts import Alerts
from dispatcher.store.ledger import Ledger
from dispatcher.store.plans import Plans
from dispatcher.store.sources import Sources
from dispatcher.store.subscriptions import Subscriptions
from tests.pipeline.messages import SENDER

PEPPER = b"pepper of the tests"


@pytest.fixture
async def pool(database_url):
    pool = await record.connect(database_url, size=8)
    yield pool
    await pool.close()


@pytest.fixture
async def sources(pool):
    sources = Sources(pool, PEPPER)
    await sources.put(Source("leitstelle", "Leitstelle Düren", frozenset({SENDER}), ("05358",)))
    return sources


@pytest.fixture
async def alerts(pool, sources):
    return Alerts(pool)


@pytest.fixture
def subscriptions(pool):
    return Subscriptions(pool)


@pytest.fixture
def ledger(pool):
    return Ledger(pool)


@pytest.fixture
def plans(pool):
    return Plans(pool, batch_size=3)


@pytest.fixture
def accounts(pool):
    return Accounts(pool)
