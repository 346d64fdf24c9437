"""From an accepted alert to its batches."""

import asyncio
from datetime import UTC
from typing import Any

import pytest

from channels.sms.contract import Contract
from dispatcher.audience.location_index import LocationIndex
from dispatcher.delivery.notices import Notices
from dispatcher.delivery.planner import Planner, audience_guard
from dispatcher.store.audience.watched_areas import WatchedAreas
from dispatcher.store.delivery.plans import Plans
from dispatcher.store.sms.charges import Charges
from tests.delivery.conftest import House


async def test_planning_enqueues_a_wake_up_for_every_batch(house: House) -> None:
    await house.subscribe(*(f"p{n:02}" for n in range(25)))
    batches = await house.planned()
    assert {f"deliver:{batch}:0" for batch in batches} == set(await house.wake_ups_waiting())
    assert len(batches) == 3
    assert house.count("warn_plan_duration_seconds_count") == 1


async def test_a_plan_for_what_needs_none_does_nothing(house: House) -> None:
    await house.planner.plan("never-seen")
    assert house.count("warn_plan_duration_seconds_count") == 0


class SlowNotices(Notices):
    """Notices that nobody gets before they are let out."""

    def __init__(self, *parts: Any) -> None:
        super().__init__(*parts)
        self.asked, self.let_out = asyncio.Event(), asyncio.Event()

    async def languages(self, alert_id: str) -> tuple[str, ...]:
        self.asked.set()
        await self.let_out.wait()
        return await super().languages(alert_id)


@pytest.mark.parametrize("budget", [None, 1_000], ids=["no budget", "a budget"])
async def test_the_parts_of_an_sms_are_waited_for_only_where_a_budget_depends_on_them(
    house: House, budget: int | None
) -> None:
    await house.subscribe("a", "b", channel="sms", gateway="sms-1")
    contracts = [Contract("sms-1", max_parts=1, parts_per_month=budget)]
    notices = SlowNotices(house.alerts, UTC)
    house.planner = Planner(
        Plans(house.pool, 10, charges=Charges(contracts)),
        house.ledger,
        house.wake_ups,
        house.dependencies.metrics,
        LocationIndex(WatchedAreas(house.pool)),
        notices=notices,
        contracts=lambda: contracts,
    )
    planning = asyncio.create_task(house.planned())
    if budget is None:
        await planning
        assert await house.pool.fetchval("SELECT text_parts FROM batch") == 0
        delivering, counting = sorted(await house.wake_ups_waiting())
        assert (delivering[:8], counting[:7]) == ("deliver:", "plan:A:")
        planning = asyncio.create_task(house.planner.plan("A"))
    await notices.asked.wait()
    assert await house.pool.fetch("SELECT text_parts FROM batch") == ([] if budget else [(0,)])
    notices.let_out.set()
    await planning
    assert await house.pool.fetchval("SELECT text_parts FROM batch") == 1
    await house.planner.plan("A")
    assert len(await house.wake_ups_waiting()) == (1 if budget else 2), "nothing is counted twice"


async def test_where_no_sms_is_sent_no_parts_are_counted(house: House) -> None:
    await house.subscribe("a")
    notices, contracts = SlowNotices(house.alerts, UTC), [Contract("sms-1", max_parts=1)]
    house.planner = Planner(
        Plans(house.pool, 10, charges=Charges(contracts)),
        house.ledger,
        house.wake_ups,
        house.dependencies.metrics,
        LocationIndex(WatchedAreas(house.pool)),
        notices=notices,
        contracts=lambda: contracts,
    )
    assert len(await house.planned()) == 1
    assert not notices.asked.is_set()


@pytest.mark.parametrize(
    ("factor", "recipients", "baseline", "approved", "said"),
    [
        (10, 1_001, 100, None, "1001 recipients are many times the usual for this source (100)"),
        (10, 1_000, 100, None, ""),
        (20, 1_001, 100, None, ""),
        (10, 1_000_000, None, None, ""),
        (10, 1_001, 100, 1_001, ""),
        (10, 1_002, 100, 1_001, "1002 recipients are more than was approved (1001)"),
        (0, 1_000_000, 1, None, ""),
        (0, 2, 1, 1, "2 recipients are more than was approved (1)"),
    ],
)
def test_more_than_was_approved_or_is_usual_is_said(
    factor: float, recipients: int, baseline: int | None, approved: int | None, said: str
) -> None:
    assert audience_guard(factor)(recipients, baseline, approved) == said
