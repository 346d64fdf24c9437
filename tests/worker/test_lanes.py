"""Real rings through arq into the pipeline."""

import asyncio
import os
import signal

import pytest
import structlog

from dispatcher.embedded import EmbeddedValkey
from dispatcher.model import Lane, State
from dispatcher.store import doorbell
from dispatcher.store.doorbell import Doorbell, Ring, open_queue
from dispatcher.store.ledger import Bell
from dispatcher.store.queue_address import parse
from ops.lab import queue_group
from tests.store.histories import let_bells_fade, let_leases_end, until
from tests.worker.conftest import lanes_running


def settled(house, alert_id="A"):
    async def look():
        return (await house.alerts.get(alert_id)).state == "settled"

    return look


@pytest.mark.parametrize("lane", list(Lane))
async def test_one_ring_leads_from_acceptance_to_the_gateway_in_every_lane(house, parts, redis_url, lane):
    ids = await house.subscribe(*"abcd")
    await house.submit("A", lane=lane)
    async with lanes_running(parts, redis_url, lane):
        await house.bell.ring([doorbell.plan("A", lane)])
        await until(settled(house))
    assert house.channel.seen == [("A", one) for one in ids]
    assert await house.bell.depth(lane) == 0
    assert await house.bell._queue.keys("arq:result:*") == [], "results are kept in the record only"


async def test_a_job_that_fails_is_counted_logged_and_not_lost(house, parts, redis_url, reconciler):
    [one] = await house.subscribe("a")
    house.channel.script[one] = [RuntimeError("unforeseen")]
    await house.submit("A")

    async def failed():
        return house.count("warn_jobs_failed_total", function="deliver") == 1

    async with lanes_running(parts, redis_url, Lane.PRIORITY):
        await house.bell.ring([doorbell.plan("A", Lane.PRIORITY)])
        await until(failed)
        await let_leases_end(house.pool)
        await reconciler.sweep()
        await until(settled(house))
    assert house.channel.seen == [("A", one)]


async def test_a_plan_that_fails_is_counted_and_made_later(house, parts, redis_url, reconciler):
    await house.subscribe("a")
    await house.submit("A")

    async def failed():
        return house.count("warn_jobs_failed_total", function="plan") == 1

    async with lanes_running(parts, redis_url, Lane.PRIORITY):
        await house.pool.execute("ALTER TABLE place RENAME TO place_away")
        await house.bell.ring([doorbell.plan("A", Lane.PRIORITY)])
        await until(failed)
        await house.pool.execute("ALTER TABLE place_away RENAME TO place")
        await let_bells_fade(house.pool)
        await reconciler.sweep()
        await until(settled(house))
    assert len(house.channel.seen) == 1


async def test_rings_for_nothing_and_rings_that_nobody_understands_do_no_harm(house, parts, redis_url):
    await house.subscribe("a")
    await house.submit("A")
    async with lanes_running(parts, redis_url, Lane.PRIORITY):
        await house.bell.ring(
            [
                doorbell.deliver(Bell(999, Lane.PRIORITY, 0)),
                doorbell.plan("never-seen", Lane.PRIORITY),
                Ring("no_such_function", 1, "odd:1", Lane.PRIORITY),
            ]
        )
        await house.bell._queue.set("arq:job:odd:2", b"not msgpack")
        await house.bell._queue.zadd(doorbell.queue_name(Lane.PRIORITY), {"odd:2": 0})
        await house.bell.ring([doorbell.plan("A", Lane.PRIORITY)])
        await until(settled(house))
    assert len(house.channel.seen) == 1


async def test_a_queue_that_is_emptied_in_mid_send_costs_no_message(house, parts, redis_url, reconciler):
    ids = await house.subscribe(*(f"p{n:02}" for n in range(25)))
    await house.submit("A")
    house.channel.open.clear()
    async with lanes_running(parts, redis_url, Lane.PRIORITY):
        await house.bell.ring([doorbell.plan("A", Lane.PRIORITY)])
        await house.channel.entered.wait()
        await house.bell._queue.flushall()
        house.channel.open.set()

        async def all_settled():
            await let_bells_fade(house.pool)
            await reconciler.sweep()
            return await settled(house)()

        await until(all_settled)
    assert sorted(house.channel.seen) == [("A", one) for one in ids]


async def test_a_queue_that_restarts_empty_under_the_worker_is_found_again(house, parts, tmp_path):
    """Its own Valkey, without persistence: what it knew is gone."""
    await house.subscribe("a")
    await house.submit("A")
    await house.submit("B")
    with EmbeddedValkey(tmp_path / "valkey", durable=False) as server:
        bell = Doorbell(open_queue(parse(server.url)))
        async with lanes_running(parts, server.url, Lane.PRIORITY) as tasks:
            await bell.ring([doorbell.plan("A", Lane.PRIORITY)])
            house.planner._doorbell = bell
            await until(lambda: rung_or_settled(house, bell))
            with structlog.testing.capture_logs() as logs:
                await asyncio.to_thread(server.stop)

                async def noticed():
                    return any(line["event"] == "queue_unavailable" for line in logs)

                await until(noticed)
            server.start()
            assert not any(task.done() for task in tasks)
            await let_bells_fade(house.pool)
            await bell.ring([doorbell.plan("B", Lane.PRIORITY)])
            await until(settled(house, "B"))
            for one in await house.pool.fetch("SELECT id FROM batch WHERE state = 'open'"):
                await bell.ring([doorbell.deliver(Bell(one["id"], Lane.PRIORITY, 99))])
            await until(settled(house, "A"))
        await bell.aclose()
    assert sorted({alert_id for alert_id, _ in house.channel.seen}) == ["A", "B"]


async def rung_or_settled(house, bell):
    return (await house.alerts.get("A")).state in {"planned", "settled"}


async def test_a_worker_told_to_stop_puts_down_what_is_in_hand_and_takes_nothing_more(
    house, parts, redis_url
):
    ids = await house.subscribe(*"abcdefg")
    await house.submit("A")
    house.channel.open.clear()
    async with lanes_running(parts, redis_url, Lane.PRIORITY) as tasks:
        await house.bell.ring([doorbell.plan("A", Lane.PRIORITY)])
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


async def test_lanes_follow_a_failover_of_the_queue(house, parts, tmp_path):
    ids = await house.subscribe("a")
    await house.submit("A")
    await house.submit("B")
    with queue_group.standing(tmp_path / "group") as group:
        bell = house.planner._doorbell = Doorbell(open_queue(parse(group.url)))
        async with lanes_running(parts, group.url, Lane.PRIORITY) as tasks:
            await bell.ring([doorbell.plan("A", Lane.PRIORITY)])
            await until(settled(house, "A"))
            former = group.primary()
            os.kill(group.servers[former], signal.SIGSTOP)
            await asyncio.to_thread(group.await_new_primary, former)
            await until(bell.ping)
            assert await bell.ring([doorbell.plan("B", Lane.PRIORITY)]) is True
            await until(settled(house, "B"))
            assert not any(task.done() for task in tasks)
        await bell.aclose()
    assert house.channel.seen == [("A", ids[0]), ("B", ids[0])]
