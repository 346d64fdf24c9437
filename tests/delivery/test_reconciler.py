"""Planning enqueues, the reconciler repairs: the queue may forget everything at any time."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from dispatcher.delivery.planner import Planner
from dispatcher.delivery.reconciler import Reconciler
from dispatcher.model.vocabulary import Reason, State
from dispatcher.queue.address import parse
from dispatcher.queue.wakeups import WakeUpQueue, open_queue
from dispatcher.store.alerts.held import Held
from dispatcher.store.delivery.standby import Standby
from dispatcher.store.delivery.statistics import Statistics
from dispatcher.store.leadership import RECONCILER_LOCK, Leadership
from tests.delivery.conftest import House
from tests.store.test_leadership import HOLDERS
from tests.support.histories import finish, let_leases_end, let_wake_ups_lapse, submit, until
from tests.support.messages import DUEREN
from tests.support.people import person

ACCEPTED = State.ACCEPTED


@pytest.fixture
async def no_queue(tmp_path: Path, house: House) -> AsyncIterator[WakeUpQueue]:
    wake_ups = WakeUpQueue(
        open_queue(parse(f"unix://{tmp_path}/nobody.sock")), house.dependencies.metrics.enqueue_failures.inc
    )
    yield wake_ups
    await wake_ups.aclose()


async def test_without_the_queue_the_plan_is_made_and_the_missed_wake_ups_are_counted(
    house: House, no_queue: WakeUpQueue
) -> None:
    await house.subscribe("a")
    await house.submit("A")
    await Planner(
        house.planner._plans, house.ledger, no_queue, house.dependencies.metrics, house.planner._locations
    ).plan("A")
    assert (await house.alerts.get("A")).state == "planned"
    assert house.count("warn_enqueue_failures_total") == 1


async def test_a_queue_that_forgot_everything_costs_a_moment_and_no_message(
    house: House, reconciler: Reconciler
) -> None:
    ids = await house.subscribe(*"abc")
    [batch] = await house.planned()
    await house.submit("X")
    await house.wake_ups._queue.flushall()
    await let_wake_ups_lapse(house.pool)
    await reconciler.sweep()
    assert set(await house.wake_ups_waiting()) == {f"deliver:{batch}:0", "plan:X:0"}
    await house.deliverer.deliver(batch)
    assert house.channel.seen == [("A", one) for one in ids]
    assert house.count("warn_queue_up") == 1


async def test_a_dead_workers_batch_is_enqueued_as_soon_as_its_lease_ends(
    house: House, reconciler: Reconciler
) -> None:
    await house.subscribe("a")
    [batch] = await house.planned()
    await house.ledger.acquire(batch)
    await let_leases_end(house.pool)
    await reconciler.sweep()
    assert f"deliver:{batch}:1" in await house.wake_ups_waiting()


async def test_what_expired_without_a_worker_is_ended_and_settled(
    house: House, reconciler: Reconciler
) -> None:
    await house.subscribe("a")
    [batch] = await house.planned()
    await house.pool.execute("UPDATE batch SET deadline = clock_timestamp() - interval '1 ms'")
    await reconciler.sweep()
    assert await house.outcomes(batch) == bytes([State.EXPIRED])
    assert (await house.alerts.get("A")).state == "settled"


async def test_without_the_queue_the_sweep_goes_on(
    house: House, reconciler: Reconciler, no_queue: WakeUpQueue
) -> None:
    reconciler._wake_ups = no_queue
    await house.subscribe("a")
    await house.planned()
    await let_wake_ups_lapse(house.pool)
    await reconciler.sweep()
    assert house.count("warn_enqueue_failures_total") == 1
    assert house.count("warn_queue_up") == 0
    assert house.count("warn_batches_open", lane="priority") == 1


async def test_only_the_leader_sweeps(house: House, reconciler: Reconciler) -> None:
    running = asyncio.create_task(reconciler.run())

    async def swept() -> bool:
        return house.count("warn_last_reconciliation_timestamp_seconds") > 0

    await until(swept)
    leaders = await house.pool.fetch(HOLDERS, RECONCILER_LOCK & 0xFFFFFFFF)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert len(leaders) == 1


async def test_who_does_not_lead_shows_no_time(house: House, reconciler: Reconciler) -> None:
    async with house.pool.acquire() as other:
        await other.execute("SELECT pg_advisory_lock(7207116108)")
        house.dependencies.metrics.reconciled_at.set(17)
        running = asyncio.create_task(reconciler.run())

        async def shows_none() -> bool:
            return house.count("warn_last_reconciliation_timestamp_seconds") == 0

        await until(shows_none)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await other.execute("SELECT pg_advisory_unlock_all()")


async def test_an_outage_of_the_record_is_counted_and_outlived(house: House, reconciler: Reconciler) -> None:
    await house.pool.execute("ALTER TABLE batch RENAME TO batch_away")
    running = asyncio.create_task(reconciler.run())

    async def counted() -> bool:
        return house.count("warn_jobs_failed_total", function="reconcile") >= 2

    async def swept() -> bool:
        return house.count("warn_last_reconciliation_timestamp_seconds") > 0

    await until(counted)
    await house.pool.execute("ALTER TABLE batch_away RENAME TO batch")
    await until(swept)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_update_and_cancel_run_through_the_whole_house(house: House) -> None:
    ids = await house.subscribe(*"ab")
    for alert_id, changes in (
        ("A", {}),
        ("B", {"chain": "A"}),
        ("C", {"chain": "A", "reason": Reason.CANCEL}),
    ):
        for batch in await house.planned(alert_id, **changes):
            await house.deliverer.deliver(batch)
    assert house.channel.seen == [(alert_id, one) for alert_id in "ABC" for one in ids]
    assert [notice.title.partition(":")[0] for notice in house.channel.notices] == [
        "WARNUNG",
        "AKTUALISIERUNG",
        "WARNUNG AUFGEHOBEN",
    ]
    assert len({notice.collapse_key for notice in house.channel.notices}) == 1


async def test_without_feeds_the_sweep_looks_after_what_waits_for_a_person(
    house: House, pool: Any, reconciler: Reconciler
) -> None:
    held = house.dependencies.metrics.alerts_held.labels("decision")
    await submit(house.alerts, "A", DUEREN, reason=Reason.HELD)
    reconciler._held = Held(pool)
    await reconciler.sweep()
    assert held._value.get() == 1
    await pool.execute("UPDATE alert SET expires = clock_timestamp() - interval '1 second'")
    await reconciler.sweep()
    assert held._value.get() == 0
    stored = await house.alerts.get("A")
    assert (stored.state, stored.reason) == ("recorded", Reason.EXPIRED)


async def test_who_was_not_reached_on_the_first_endpoint_is_told_on_the_next_at_the_next_sweep(
    house: House,
) -> None:
    house.planner._standby = Standby(house.pool, 10)
    reconciler = Reconciler(
        plans=house.planner._plans,
        ledger=house.ledger,
        wake_ups=house.wake_ups,
        leadership=Leadership(house.pool),
        statistics=Statistics(house.pool),
        metrics=house.dependencies.metrics,
        interval_s=1,
        planner=house.planner,
    )
    first, second = await person(house.pool, house.subscriptions, 1, "first", "second")
    [batch] = await house.planned()
    await finish(house.ledger, batch, State.GONE)
    await reconciler.sweep()
    assert [
        row["recipients"] for row in await house.pool.fetch("SELECT recipients FROM batch ORDER BY id")
    ] == [
        [first],
        [second],
    ]
    [called] = [name for name in await house.wake_ups_waiting() if name.startswith("deliver:")][-1:]
    assert called.startswith("deliver:")
    assert house.count("warn_people_called_up_total", lane="priority") == 1
    await finish(house.ledger, batch + 1, State.ACCEPTED)
    await reconciler.sweep()
    assert (await house.alerts.get("A")).state == "settled"
