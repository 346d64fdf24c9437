"""From an accepted alert to its batches."""

from datetime import UTC

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


async def test_the_parts_of_an_sms_are_counted_before_it_is_planned(house: House) -> None:
    await house.subscribe("a", "b", channel="sms", gateway="sms-1")
    house.planner = Planner(
        Plans(house.pool, 10, charges=Charges([Contract("sms-1", max_parts=1)])),
        house.ledger,
        house.wake_ups,
        house.dependencies.metrics,
        LocationIndex(WatchedAreas(house.pool)),
        notices=Notices(house.alerts, UTC),
        contracts=lambda: [Contract("sms-1", max_parts=1)],
    )
    await house.planned()
    assert await house.pool.fetchval("SELECT text_parts FROM batch") == 1


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
