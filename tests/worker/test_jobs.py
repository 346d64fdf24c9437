"""Jobs that fail."""

from typing import Any

from dispatcher.delivery.reconciler import Reconciler
from dispatcher.model.alerts import ReadyAlert
from dispatcher.model.vocabulary import Lane
from dispatcher.queue import wakeups
from tests.delivery.conftest import House
from tests.support.histories import let_leases_end, let_wake_ups_lapse, until
from tests.worker.conftest import lanes_running, settled


async def test_a_job_that_fails_is_counted_logged_and_not_lost(
    house: House, parts: Any, redis_url: str, reconciler: Reconciler
) -> None:
    [one] = await house.subscribe("a")
    house.channel.script[one] = [RuntimeError("unforeseen")]
    await house.submit("A")

    async def failed() -> Any:
        return house.count("warn_jobs_failed_total", function="deliver") == 1

    async with lanes_running(parts, redis_url, Lane.PRIORITY):
        await house.wake_ups.enqueue([wakeups.plan_wake_up(ReadyAlert("A", Lane.PRIORITY, "centre"))])
        await until(failed)
        await let_leases_end(house.pool)
        await reconciler.sweep()
        await until(settled(house))
    assert house.channel.seen == [("A", one)]


async def test_a_plan_that_fails_is_counted_and_made_later(
    house: House, parts: Any, redis_url: str, reconciler: Reconciler
) -> None:
    await house.subscribe("a")
    await house.submit("A")

    async def failed() -> Any:
        return house.count("warn_jobs_failed_total", function="plan") == 1

    async with lanes_running(parts, redis_url, Lane.PRIORITY):
        await house.pool.execute("ALTER TABLE followed_municipality RENAME TO place_away")
        await house.wake_ups.enqueue([wakeups.plan_wake_up(ReadyAlert("A", Lane.PRIORITY, "centre"))])
        await until(failed)
        await house.pool.execute("ALTER TABLE place_away RENAME TO followed_municipality")
        await let_wake_ups_lapse(house.pool)
        await reconciler.sweep()
        await until(settled(house))
    assert len(house.channel.seen) == 1
