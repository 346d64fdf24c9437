"""The pipeline on the real record and the real queue, with a scripted far side."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from dispatcher.audience.location_index import LocationIndex
from dispatcher.delivery.deliverer import Deliverer
from dispatcher.delivery.lanes import LaneGate
from dispatcher.delivery.notices import Notices
from dispatcher.delivery.planner import Planner
from dispatcher.delivery.reconciler import Reconciler
from dispatcher.delivery.work.dependencies import DelivererDependencies
from dispatcher.metrics import Metrics
from dispatcher.queue.address import parse
from dispatcher.queue.wakeups import WakeUpQueue, open_queue
from dispatcher.store.alerts.alerts import Alerts
from dispatcher.store.audience.subscriptions import Subscriptions
from dispatcher.store.audience.watched_areas import WatchedAreas
from dispatcher.store.delivery.plans import Plans
from dispatcher.store.delivery.statistics import Statistics
from dispatcher.store.leadership import Leadership
from tests.delivery.scripted_channel import ScriptedChannel
from tests.metrics.test_registry import samples
from tests.store import conftest as on_record
from tests.support.histories import jobs_waiting, submit, subscribe
from tests.support.messages import DUEREN, message

accounts = on_record.accounts
alerts = on_record.alerts
ledger = on_record.ledger
pool = on_record.pool
sources = on_record.sources
subscriptions = on_record.subscriptions


@pytest.fixture
async def wake_ups(redis_url: str) -> AsyncIterator[WakeUpQueue]:
    wake_ups = WakeUpQueue(open_queue(parse(redis_url)))
    yield wake_ups
    await wake_ups.aclose()


@dataclass
class House:
    """One process's pipeline, and what a test looks at."""

    pool: Any
    alerts: Any
    ledger: Any
    subscriptions: Any
    wake_ups: WakeUpQueue
    channel: ScriptedChannel
    dependencies: DelivererDependencies
    deliverer: Deliverer
    planner: Planner

    async def subscribe(self, *names: Any, **more: Any) -> list[Any]:
        return sorted(await subscribe(self.pool, self.subscriptions, *names, **more))

    async def submit(self, alert_id: Any, **changes: Any) -> Any:
        raw = changes.pop("raw", None)
        if raw is None:
            areas = changes.pop("areas", None) or (DUEREN,)
            raw = message(*areas, identifier=alert_id, sent=datetime.now(UTC)).xml()
        return await submit(self.alerts, alert_id, raw=raw, **changes)

    async def planned(self, alert_id: str = "A", **changes: Any) -> list[Any]:
        """Submit and plan; the batches' ids."""
        await self.submit(alert_id, **changes)
        await self.planner.plan(alert_id)
        rows = await self.pool.fetch("SELECT id FROM batch WHERE alert_id = $1 ORDER BY id", alert_id)
        return [row["id"] for row in rows]

    async def outcomes(self, batch_id: Any) -> Any:
        return await self.pool.fetchval("SELECT outcomes FROM batch WHERE id = $1", batch_id)

    async def state(self, batch_id: Any) -> Any:
        return await self.pool.fetchval("SELECT state FROM batch WHERE id = $1", batch_id)

    async def wake_ups_waiting(self, lane: str = "priority") -> dict[Any, Any]:
        """What waits in a lane's queue, with the due time in ms."""
        return await jobs_waiting(self.wake_ups._queue, lane)

    async def all_due_now(self) -> None:
        """What the passing of time does: nothing waits any more."""
        await self.pool.execute("UPDATE batch SET not_before = clock_timestamp() - interval '1 s'")
        await self.pool.execute(
            "UPDATE problem SET due = clock_timestamp() - interval '1 s' WHERE due IS NOT NULL"
        )
        await self.pool.execute("UPDATE gateway SET paused_until = clock_timestamp() - interval '1 s'")
        for gateway in self.deliverer._gateways._known.values():
            gateway.breaker._until = 0.0
            gateway.limiter.pace._rests_until = 0.0

    async def problems(self) -> list[Any]:
        rows = await self.pool.fetch(
            "SELECT recipient, label, code, attempts, crashes FROM problem ORDER BY recipient"
        )
        return [tuple(row) for row in rows]

    def count(self, name: Any, **labels: Any) -> Any:
        return samples(self.dependencies.metrics)[name, frozenset(labels.items())]

    def another(self, **changes: Any) -> Deliverer:
        """Another process: other breakers and another hand, the same record."""
        return Deliverer(replace(self.dependencies, gate=LaneGate(), **changes))


PUSH = "https://push.example"


async def paused(house: Any) -> Any:
    """The gateway's pause on record: its reason, and how many seconds are left."""
    return await house.pool.fetchrow(
        "SELECT reason, extract(epoch FROM paused_until - clock_timestamp())::float8 AS s FROM gateway"
    )


async def hung(house: Any, ids: Any) -> Any:
    """Let these be silent until the event that is returned is set, and others be answered at once."""
    answered = asyncio.Event()
    house.channel.silent = dict.fromkeys(ids, answered)
    house.deliverer._gateways.of("webpush", PUSH).answer_times.note(0.001)
    return answered


@pytest.fixture
def house(
    pool: Any, alerts: Alerts, ledger: Any, subscriptions: Subscriptions, wake_ups: WakeUpQueue
) -> House:
    channel = ScriptedChannel()
    metrics = Metrics()
    dependencies = DelivererDependencies(
        ledger=ledger,
        subscriptions=subscriptions,
        notices=Notices(alerts, ZoneInfo("Europe/Berlin")),
        channels={channel.name: channel},
        wake_ups=wake_ups,
        gate=LaneGate(),
        metrics=metrics,
        slice_size=3,
        random=lambda: 0.5,
    )
    planner = Planner(Plans(pool, 10), ledger, wake_ups, metrics, LocationIndex(WatchedAreas(pool)))
    return House(
        pool, alerts, ledger, subscriptions, wake_ups, channel, dependencies, Deliverer(dependencies), planner
    )


@pytest.fixture
async def reconciler(house: House) -> AsyncIterator[Reconciler]:
    leadership = Leadership(house.pool)
    yield Reconciler(
        plans=Plans(house.pool, 10),
        ledger=house.ledger,
        wake_ups=house.wake_ups,
        leadership=leadership,
        statistics=Statistics(house.pool),
        metrics=house.dependencies.metrics,
        interval_s=0.01,
    )
    await leadership.drop()
