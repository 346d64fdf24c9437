"""The pipeline on the real record and the real queue, with a scripted far side."""

from dataclasses import dataclass, replace
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from dispatcher.metrics import Meter
from dispatcher.pipeline.deliver import Deliverer, Tools
from dispatcher.pipeline.lanes import LaneGate
from dispatcher.pipeline.notices import Notices
from dispatcher.pipeline.plan import Planner
from dispatcher.pipeline.precise import Precise
from dispatcher.pipeline.sweep import Reconciler
from dispatcher.store.doorbell import Doorbell, open_queue, queue_name
from dispatcher.store.leadership import Leadership
from dispatcher.store.plans import Plans
from dispatcher.store.queue_address import parse
from dispatcher.store.spots import Spots
from dispatcher.store.statistics import Statistics
from tests.pipeline.far_side import ScriptedChannel
from tests.pipeline.messages import DUEREN, message
from tests.store import conftest as on_record
from tests.store.histories import submit, subscribe
from tests.test_metrics import samples

accounts = on_record.accounts
alerts = on_record.alerts
ledger = on_record.ledger
pool = on_record.pool
sources = on_record.sources
subscriptions = on_record.subscriptions


@pytest.fixture
async def bell(redis_url):
    bell = Doorbell(open_queue(parse(redis_url)))
    yield bell
    await bell.aclose()


@dataclass
class House:
    """One process's pipeline, and what a test looks at."""

    pool: Any
    alerts: Any
    ledger: Any
    subscriptions: Any
    bell: Doorbell
    channel: ScriptedChannel
    tools: Tools
    deliverer: Deliverer
    planner: Planner

    async def subscribe(self, *names, **more):
        return sorted(await subscribe(self.pool, self.subscriptions, *names, **more))

    async def submit(self, alert_id, **changes):
        raw = message(*(changes.get("areas") or (DUEREN,)), identifier=alert_id).xml()
        changes.pop("areas", None)
        return await submit(self.alerts, alert_id, raw=raw, **changes)

    async def planned(self, alert_id="A", **changes):
        """Submit and plan; the batches' ids."""
        await self.submit(alert_id, **changes)
        await self.planner.plan(alert_id)
        rows = await self.pool.fetch("SELECT id FROM batch WHERE alert_id = $1 ORDER BY id", alert_id)
        return [row["id"] for row in rows]

    async def outcomes(self, batch_id):
        return await self.pool.fetchval("SELECT outcomes FROM batch WHERE id = $1", batch_id)

    async def state(self, batch_id):
        return await self.pool.fetchval("SELECT state FROM batch WHERE id = $1", batch_id)

    async def rings(self, lane="priority"):
        """What waits in a lane's queue, with the due time in ms."""
        waiting = await self.bell._queue.zrange(queue_name(lane), 0, -1, withscores=True)
        return {name.decode(): score for name, score in waiting}

    async def all_due_now(self):
        """What the passing of time does: nothing waits any more."""
        await self.pool.execute("UPDATE batch SET not_before = clock_timestamp() - interval '1 s'")
        await self.pool.execute(
            "UPDATE problem SET due = clock_timestamp() - interval '1 s' WHERE due IS NOT NULL"
        )
        await self.pool.execute("UPDATE gateway SET paused_until = clock_timestamp() - interval '1 s'")
        for breaker in self.deliverer._breakers.values():
            breaker._until = 0.0

    async def problems(self):
        rows = await self.pool.fetch(
            "SELECT recipient, label, code, attempts, crashes FROM problem ORDER BY recipient"
        )
        return [tuple(row) for row in rows]

    def count(self, name, **labels):
        return samples(self.tools.meter)[name, frozenset(labels.items())]

    def another(self, **changes):
        """Another process: other breakers and another hand, the same record."""
        return Deliverer(replace(self.tools, gate=LaneGate(), **changes))


@pytest.fixture
def house(pool, alerts, ledger, subscriptions, bell):
    channel = ScriptedChannel()
    meter = Meter()
    tools = Tools(
        ledger=ledger,
        subscriptions=subscriptions,
        notices=Notices(alerts, ZoneInfo("Europe/Berlin")),
        channels={channel.name: channel},
        doorbell=bell,
        gate=LaneGate(),
        meter=meter,
        slice_size=3,
        random=lambda: 0.5,
    )
    planner = Planner(Plans(pool, 10), ledger, bell, meter, Precise(Spots(pool)))
    return House(pool, alerts, ledger, subscriptions, bell, channel, tools, Deliverer(tools), planner)


@pytest.fixture
async def reconciler(house):
    leadership = Leadership(house.pool)
    yield Reconciler(
        plans=Plans(house.pool, 10),
        ledger=house.ledger,
        bell=house.bell,
        leadership=leadership,
        statistics=Statistics(house.pool),
        meter=house.tools.meter,
        interval_s=0.01,
    )
    await leadership.drop()
