"""From an accepted alert to its batches."""

from tests.delivery.conftest import House


async def test_planning_rings_for_every_batch(house: House) -> None:
    await house.subscribe(*(f"p{n:02}" for n in range(25)))
    batches = await house.planned()
    assert {f"deliver:{batch}:0" for batch in batches} == set(await house.rings())
    assert len(batches) == 3
    assert house.count("warn_plan_duration_seconds_count") == 1


async def test_a_plan_for_what_needs_none_does_nothing(house: House) -> None:
    await house.planner.plan("never-seen")
    assert house.count("warn_plan_duration_seconds_count") == 0
