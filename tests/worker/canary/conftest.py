"""The pipeline of one process, and what tests it."""

from typing import Any

import pytest

from dispatcher.store.canary.endpoints import CanaryEndpoints
from dispatcher.worker.canary.running import CanaryTests
from tests.delivery import conftest as in_house
from tests.delivery.conftest import House
from tests.support.sealed import ADDRESSES

accounts = in_house.accounts
alerts = in_house.alerts
wake_ups = in_house.wake_ups
house = in_house.house
ledger = in_house.ledger
pool = in_house.pool
reconciler = in_house.reconciler
sources = in_house.sources
subscriptions = in_house.subscriptions


@pytest.fixture
def endpoints(pool: Any) -> CanaryEndpoints:
    return CanaryEndpoints(pool, ADDRESSES)


@pytest.fixture
def canary_tests(house: House) -> CanaryTests:
    metrics = house.dependencies.metrics
    return CanaryTests(house.pool, house.alerts, house.wake_ups, metrics, leads=lambda: True)
