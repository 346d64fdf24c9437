"""What is taken out of a lane's queue, on the real Valkey."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from dispatcher.model.alerts import ReadyAlert
from dispatcher.model.batches import ReadyBatch
from dispatcher.model.vocabulary import Lane
from dispatcher.queue.address import parse
from dispatcher.queue.lane_queue import LaneQueue
from dispatcher.queue.turns import next_turns
from dispatcher.queue.wakeups import WakeUpQueue, batch_wake_up, open_queue, plan_wake_up, tags_name
from tests.support.histories import depth


@pytest.fixture
async def wake_ups(redis_url: str) -> AsyncIterator[WakeUpQueue]:
    wake_ups = WakeUpQueue(open_queue(parse(redis_url)))
    yield wake_ups
    await wake_ups.aclose()


@pytest.fixture
def lane(wake_ups: WakeUpQueue) -> LaneQueue:
    return LaneQueue(wake_ups._queue, Lane.FLASH, 15.0)


def batches(source: str, *numbers: int, delay_s: float = 0.0) -> list[Any]:
    return [batch_wake_up(ReadyBatch(number, Lane.FLASH, 0, source), delay_s) for number in numbers]


async def served(lane: LaneQueue, count: int) -> list[str]:
    """Which sources so many single slots go to, one after the other."""
    order: list[str] = []
    for _ in range(count):
        [turn, *_] = next_turns(await lane.waiting(), {}, 1)
        order += [job.source_id for job in await lane.take([turn.source_id])]
    return order


async def test_a_batch_is_not_behind_another_sources_thousand(wake_ups: WakeUpQueue, lane: LaneQueue) -> None:
    await wake_ups.enqueue(batches("flood", *range(1000)))
    assert await served(lane, 3) == ["flood"] * 3
    await wake_ups.enqueue(batches("other", 5000))
    assert "other" in await served(lane, 2)
    assert await depth(wake_ups, Lane.FLASH) == 996


async def test_two_that_flood_are_served_in_turn(wake_ups: WakeUpQueue, lane: LaneQueue) -> None:
    await wake_ups.enqueue(batches("a", *range(20)))
    assert await served(lane, 6) == ["a"] * 6
    await wake_ups.enqueue(batches("b", *range(100, 120)))
    order = await served(lane, 12)
    assert abs(order.count("a") - order.count("b")) <= 1
    assert all(len(set(order[start : start + 3])) == 2 for start in range(10)), order


async def test_nobody_saves_up_turns_while_it_has_nothing_to_do(
    wake_ups: WakeUpQueue, lane: LaneQueue
) -> None:
    await wake_ups.enqueue(batches("rare", 1))
    assert await served(lane, 1) == ["rare"]
    await wake_ups.enqueue(batches("busy", *range(100, 130)))
    assert await served(lane, 20) == ["busy"] * 20
    await wake_ups.enqueue(batches("rare", *range(200, 220)))
    order = await served(lane, 10)
    assert abs(order.count("rare") - order.count("busy")) <= 1
    assert await wake_ups._queue.zcard(tags_name(Lane.FLASH)) <= 2, "only who is ahead is remembered"


async def test_one_source_alone_is_served_in_the_order_of_its_due_times(
    wake_ups: WakeUpQueue, lane: LaneQueue
) -> None:
    await wake_ups.enqueue(batches("a", 1, delay_s=60.0))
    await wake_ups.enqueue([*batches("a", 2), plan_wake_up(ReadyAlert("A", Lane.FLASH, "a"))])
    taken = await lane.take(["a"] * 4)
    assert {job.job_id for job in taken} == {"deliver:2:0", "plan:A:0"}
    assert await lane.waiting() == [], "what is not due does not wait"
    assert await depth(wake_ups, Lane.FLASH) == 1


async def test_a_job_that_is_being_worked_on_is_not_taken_a_second_time(
    wake_ups: WakeUpQueue, lane: LaneQueue
) -> None:
    await wake_ups.enqueue(batches("a", 1))
    assert len(await lane.take(["a"])) == 1
    await wake_ups.enqueue(batches("a", 1, 2))
    assert [job.job_id for job in await lane.take(["a", "a"])] == ["deliver:2:0"]
    assert await lane.waiting() == []


async def test_a_source_without_jobs_takes_nothing_and_no_turn(
    wake_ups: WakeUpQueue, lane: LaneQueue
) -> None:
    assert await lane.take(["nobody"]) == []
    assert await lane.waiting() == []
    await wake_ups.enqueue(batches("a", 1))
    [one] = await lane.waiting()
    assert (one.source_id, one.tag) == ("a", 0)


async def test_a_queue_that_forgot_everything_begins_anew(wake_ups: WakeUpQueue, lane: LaneQueue) -> None:
    await wake_ups.enqueue([*batches("a", 1, 2, 3), *batches("b", 4)])
    await served(lane, 2)
    await wake_ups._queue.flushall()
    await wake_ups.enqueue([*batches("a", 2, 3), *batches("b", 4)])
    assert sorted(await served(lane, 3)) == ["a", "a", "b"]
