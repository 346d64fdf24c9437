"""Real wake-ups through arq to the planner and the deliverer."""

import asyncio
import os
import signal
from pathlib import Path
from typing import Any

import pytest
import structlog

from dispatcher.delivery.reconciler import Reconciler
from dispatcher.embedded import EmbeddedValkey
from dispatcher.model.alerts import ReadyAlert
from dispatcher.model.batches import ReadyBatch
from dispatcher.model.principals import Source
from dispatcher.model.vocabulary import Lane, State
from dispatcher.queue import wakeups
from dispatcher.queue.address import parse
from dispatcher.queue.wakeups import WakeUp, WakeUpQueue, open_queue
from dispatcher.store.sources import Sources
from dispatcher.worker.dependencies import WorkerDependencies
from ops.lab.world import queue_group
from tests.delivery.conftest import House
from tests.support.histories import depth, let_wake_ups_lapse, until
from tests.support.messages import SENDER
from tests.worker.conftest import lanes_running, settled


@pytest.mark.parametrize("lane", list(Lane))
async def test_one_wake_up_leads_from_acceptance_to_the_gateway_in_every_lane(
    house: House, parts: WorkerDependencies, redis_url: str, lane: Any
) -> None:
    ids = await house.subscribe(*"abcd")
    await house.submit("A", lane=lane)
    async with lanes_running(parts, redis_url, lane):
        await house.wake_ups.enqueue([wakeups.plan_wake_up(ReadyAlert("A", lane, "centre"))])
        await until(settled(house))
    assert house.channel.seen == [("A", one) for one in ids]
    assert await depth(house.wake_ups, lane) == 0
    assert await house.wake_ups._queue.keys("arq:result:*") == [], "results are kept in the record only"


async def test_a_source_that_floods_a_lane_at_a_slow_gateway_holds_up_no_other(
    house: House, parts: WorkerDependencies, sources: Sources, redis_url: str
) -> None:
    """The gateway answers nothing before the other source's warning has been handed to it."""
    await house.subscribe(*"abc")
    for source in ("flood", "other"):
        await sources.put(Source(source, source, frozenset({SENDER}), ("05358",)))
    flood = [f"flood-{number}" for number in range(12)]
    for alert_id in flood:
        await house.submit(alert_id, lane=Lane.FLASH, source_id="flood")
    await house.submit("other", lane=Lane.FLASH, source_id="other")
    house.channel.open.clear()
    async with lanes_running(parts, redis_url, Lane.FLASH):
        ready = [ReadyAlert(alert_id, Lane.FLASH, "flood") for alert_id in flood]
        await house.wake_ups.enqueue([wakeups.plan_wake_up(one) for one in ready])

        async def all_slots_are_taken() -> bool:
            return len(house.channel.calls) == 2

        await until(all_slots_are_taken)
        await house.wake_ups.enqueue([wakeups.plan_wake_up(ReadyAlert("other", Lane.FLASH, "other"))])

        async def handed_over() -> bool:
            return "other" in {notice.alert_id for notice in house.channel.notices}

        await until(handed_over)
        assert len(house.channel.notices) == 3, "the flood waits for its own slots"
        house.channel.open.set()
        for alert_id in flood:
            await until(settled(house, alert_id))
    assert len(house.channel.seen) == 13 * 3


async def test_origins_that_never_answer_keep_no_other_warning_waiting(
    house: House, parts: WorkerDependencies, redis_url: str
) -> None:
    """Of one source, with two jobs in the lane."""
    answered = asyncio.Event()
    hanging = [f"hangs{number}" for number in range(10)]
    for name in hanging:
        await house.subscribe(name, gateway=f"https://{name}.example")
    [well] = await house.subscribe("well")
    silent = {row["id"] for row in await house.pool.fetch("SELECT id FROM subscription")} - {well}
    house.channel.silent = dict.fromkeys(silent, answered)
    async with lanes_running(parts, redis_url, Lane.FLASH):
        for alert_id in ("first", "second"):
            await house.submit(alert_id, lane=Lane.FLASH)
            ready = ReadyAlert(alert_id, Lane.FLASH, "centre")
            await house.wake_ups.enqueue([wakeups.plan_wake_up(ready)])

            async def is_told(alert_id: str = alert_id) -> bool:
                return (alert_id, well) in house.channel.seen

            await until(is_told)
        assert {one for _, one in house.channel.seen} == {well}, "the others are silent all the while"
        answered.set()
        for alert_id in ("first", "second"):
            await until(settled(house, alert_id))
    assert len(house.channel.seen) == 2 * 11


async def test_wake_ups_for_nothing_and_wake_ups_that_nobody_understands_do_no_harm(
    house: House, parts: WorkerDependencies, redis_url: str
) -> None:
    await house.subscribe("a")
    await house.submit("A")
    async with lanes_running(parts, redis_url, Lane.PRIORITY):
        await house.wake_ups.enqueue(
            [
                wakeups.batch_wake_up(ReadyBatch(999, Lane.PRIORITY, 0, "centre")),
                wakeups.plan_wake_up(ReadyAlert("never-seen", Lane.PRIORITY, "centre")),
                WakeUp("no_such_function", 1, "odd:1", Lane.PRIORITY, "centre"),
            ]
        )
        await house.wake_ups._queue.set("arq:job:odd:2", b"not msgpack")
        await house.wake_ups._queue.zadd(wakeups.source_queue_name(Lane.PRIORITY, "odd"), {"odd:2": 0})
        await house.wake_ups._queue.zadd(wakeups.queue_name(Lane.PRIORITY), {"odd": 0, "without a queue": 0})
        await house.wake_ups.enqueue([wakeups.plan_wake_up(ReadyAlert("A", Lane.PRIORITY, "centre"))])
        await until(settled(house))
    assert len(house.channel.seen) == 1


async def test_a_queue_that_is_emptied_in_mid_send_costs_no_message(
    house: House, parts: WorkerDependencies, redis_url: str, reconciler: Reconciler
) -> None:
    ids = await house.subscribe(*(f"p{n:02}" for n in range(25)))
    await house.submit("A")
    house.channel.open.clear()
    async with lanes_running(parts, redis_url, Lane.PRIORITY):
        await house.wake_ups.enqueue([wakeups.plan_wake_up(ReadyAlert("A", Lane.PRIORITY, "centre"))])
        await house.channel.entered.wait()
        await house.wake_ups._queue.flushall()
        house.channel.open.set()

        async def all_settled() -> Any:
            await let_wake_ups_lapse(house.pool)
            await reconciler.sweep()
            return await settled(house)()

        await until(all_settled)
    assert sorted(house.channel.seen) == [("A", one) for one in ids]


async def test_a_queue_that_restarts_empty_under_the_worker_is_found_again(
    house: House, parts: WorkerDependencies, server_dir: Path
) -> None:
    """Its own Valkey, without persistence: what it knew is gone."""
    await house.subscribe("a")
    await house.submit("A")
    await house.submit("B")
    with EmbeddedValkey(server_dir, durable=False) as server:
        wake_ups = WakeUpQueue(open_queue(parse(server.url)))
        async with lanes_running(parts, server.url, Lane.PRIORITY) as tasks:
            await wake_ups.enqueue([wakeups.plan_wake_up(ReadyAlert("A", Lane.PRIORITY, "centre"))])
            house.planner._wake_ups = wake_ups
            await until(lambda: planned_or_settled(house, wake_ups))
            with structlog.testing.capture_logs() as logs:
                await asyncio.to_thread(server.stop)

                async def noticed() -> Any:
                    return any(line["event"] == "queue_unavailable" for line in logs)

                await until(noticed)
            server.start()
            assert not any(task.done() for task in tasks)
            await let_wake_ups_lapse(house.pool)
            await wake_ups.enqueue([wakeups.plan_wake_up(ReadyAlert("B", Lane.PRIORITY, "centre"))])
            await until(settled(house, "B"))
            for one in await house.pool.fetch("SELECT id FROM batch WHERE state = 'open'"):
                await wake_ups.enqueue(
                    [wakeups.batch_wake_up(ReadyBatch(one["id"], Lane.PRIORITY, 99, "centre"))]
                )
            await until(settled(house, "A"))
        await wake_ups.aclose()
    assert sorted({alert_id for alert_id, _ in house.channel.seen}) == ["A", "B"]


async def planned_or_settled(house: Any, wake_ups: Any) -> bool:
    return (await house.alerts.get("A")).state in {"planned", "settled"}


async def test_a_worker_told_to_stop_puts_down_what_is_in_hand_and_takes_nothing_more(
    house: House, parts: WorkerDependencies, redis_url: str
) -> None:
    ids = await house.subscribe(*"abcdefg")
    await house.submit("A")
    house.channel.open.clear()
    async with lanes_running(parts, redis_url, Lane.PRIORITY) as tasks:
        await house.wake_ups.enqueue([wakeups.plan_wake_up(ReadyAlert("A", Lane.PRIORITY, "centre"))])
        await house.channel.entered.wait()
        parts.deliverer.stop()
        for task in tasks:
            task.cancel()
        house.channel.open.set()
        await asyncio.gather(*tasks, return_exceptions=True)
    [outcomes] = [row["outcomes"] for row in await house.pool.fetch("SELECT outcomes FROM batch")]
    assert outcomes == bytes([State.ACCEPTED] * 3 + [State.PENDING] * 4)
    assert house.channel.seen == [("A", one) for one in ids[:3]]
    assert await house.pool.fetchval("SELECT lease_until FROM batch") is None


async def test_lanes_follow_a_failover_of_the_queue(
    house: House, parts: WorkerDependencies, server_dir: Path
) -> None:
    ids = await house.subscribe("a")
    await house.submit("A")
    await house.submit("B")
    with queue_group.running(server_dir) as group:
        wake_ups = house.planner._wake_ups = WakeUpQueue(open_queue(parse(group.url)))
        async with lanes_running(parts, group.url, Lane.PRIORITY) as tasks:
            await wake_ups.enqueue([wakeups.plan_wake_up(ReadyAlert("A", Lane.PRIORITY, "centre"))])
            await until(settled(house, "A"))
            former = group.primary()
            os.kill(group.servers[former], signal.SIGSTOP)
            await asyncio.to_thread(group.await_new_primary, former)
            await until(wake_ups.ping)
            assert (
                await wake_ups.enqueue([wakeups.plan_wake_up(ReadyAlert("B", Lane.PRIORITY, "centre"))])
                is True
            )
            await until(settled(house, "B"))
            assert not any(task.done() for task in tasks)
        await wake_ups.aclose()
    assert house.channel.seen == [("A", ids[0]), ("B", ids[0])]
