"""A worker's lanes in this process, on the real queue, with a scripted far side."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from dispatcher.delivery.reconciler import Reconciler
from dispatcher.model.vocabulary import Lane
from dispatcher.queue.address import parse
from dispatcher.runtime.probes import Health
from dispatcher.worker.dependencies import WorkerDependencies
from dispatcher.worker.lanes import run_lane
from tests.delivery import conftest as in_house
from tests.delivery.conftest import House

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
def parts(house: House, reconciler: Reconciler) -> WorkerDependencies:
    return WorkerDependencies(
        planner=house.planner,
        deliverer=house.deliverer,
        reconciler=reconciler,
        metrics=house.dependencies.metrics,
        health=Health(house.pool, house.wake_ups, needs_queue=True),
    )


@asynccontextmanager
async def lanes_running(parts: Any, redis_url: Any, *lanes: Any) -> AsyncIterator[list[Any]]:
    """These lanes, or all, until the end of the block; then they must end by themselves."""
    tasks = [asyncio.create_task(run_lane(lane, parts, parse(redis_url), 2)) for lane in lanes or Lane]
    try:
        yield tasks
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait_for(asyncio.gather(*tasks, return_exceptions=True), 20)


def settled(house: Any, alert_id: str = "A") -> Any:
    async def look() -> bool:
        return (await house.alerts.get(alert_id)).state == "settled"

    return look
