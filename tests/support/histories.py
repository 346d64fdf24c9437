"""Short ways to put things into the record."""

import asyncio
from typing import Any

from dispatcher.intake.related import reachable
from dispatcher.model.batches import Progress
from dispatcher.model.retry_policy import DEFAULT_POLICY
from dispatcher.model.subscriptions import NewSubscription
from dispatcher.model.vocabulary import DISPATCHED, Reason
from dispatcher.queue.wakeups import queue_name, source_queue_name
from dispatcher.store.delivery.ledger import Ledger
from tests.support.messages import DUEREN, SENDER, new_alert
from tests.support.sealed import ADDRESSES, numbers

SHORTEST_PAUSE_S, LONGEST_PAUSE_S = 0.002, 0.02
"""Between two looks at what is waited for."""


def ledger_of(pool: Any, policy: Any = DEFAULT_POLICY, **more: Any) -> Ledger:
    """The ledger as a worker with this policy has it."""
    return Ledger(
        pool,
        lease=policy.lease.duration,
        wake_up_again=policy.lease.wake_up_again,
        addresses=ADDRESSES,
        **more,
    )


def subscription(
    name: Any, *places: Any, channel: str = "webpush", gateway: str = "https://push.example", **more: Any
) -> NewSubscription:
    return NewSubscription(
        channel, gateway, f"https://push.example/{name}", {"auth": name}, places or (DUEREN,), **more
    )


async def subscribe(
    pool: Any, subscriptions: Any, *names: Any, places: Any = (DUEREN,), **more: Any
) -> list[Any]:
    """The new subscriptions' ids, in the order of their names."""
    await subscriptions.add_many([subscription(name, *places, **more) for name in names])
    ids = await numbers(pool, "ended_at IS NULL")
    return [ids[f"https://push.example/{name}"] for name in names]


async def submit(
    alerts: Any,
    alert_id: Any,
    *areas: Any,
    chain: Any = None,
    merge: Any = (),
    names: Any = None,
    **changes: Any,
) -> Any:
    """Record an alert as the intake does; with `chain` it joins that graph, and replaces or ends what it `names` (by
    default everything in the graph) and the ancestors of that.
    """
    reason = changes.setdefault("reason", Reason.UPDATE if chain else Reason.FIRST_NOTICE)
    async with alerts.submission(changes.get("sender", SENDER)) as submission:
        changes.setdefault("thread", chain or alert_id)
        alert = new_alert(alert_id, *(areas or (DUEREN,)), chain_id=chain or alert_id, **changes)
        if merge:
            await submission.merge_chains(alert.chain_id, merge)
        graph = [one.id for one in await submission.chains([alert.chain_id])]
        await submission.record(alert)
        if chain and reason in DISPATCHED:
            named = graph if names is None else names
            await submission.link({(alert.id, one) for one in named})
            edges = await submission.replaced([alert.chain_id])
            await submission.stop(reachable(named, edges), alert.id)
    return alert


async def plan(ledger: Any, plans: Any, alert_id: Any) -> Any:
    """One round of planning, as the planner does it."""
    waiting = await plans.waiting_one(alert_id)
    if waiting is None:
        return []
    in_flight = (await ledger.close_stopped(waiting.chain_id)).in_flight
    return await plan_whole(plans, alert_id, in_flight)


async def plan_whole(plans: Any, alert_id: Any, in_flight: int = 0) -> list[Any]:
    """All portions of a plan; their ready_batches."""
    return [
        wake_ups
        async for ready_batches in plans.portions(alert_id, in_flight=in_flight)
        for wake_ups in ready_batches
    ]


async def jobs_waiting(queue: Any, lane: Any) -> dict[str, float]:
    """What waits in a lane, of all sources: the jobs' ids with their due times in ms."""
    found: dict[str, float] = {}
    for source in await queue.zrange(queue_name(lane), 0, -1):
        jobs = await queue.zrange(source_queue_name(lane, source.decode()), 0, -1, withscores=True)
        found |= {job.decode(): due for job, due in jobs}
    return found


async def depth(wake_ups: Any, lane: Any) -> int:
    """How many jobs wait in a lane."""
    return len(await jobs_waiting(wake_ups._queue, lane))


async def planned(pool: Any, alert_id: Any) -> set[Any]:
    """{(kind, recipient)} over the batches of an alert."""
    rows = await pool.fetch("SELECT kind, unnest(recipients) AS id FROM batch WHERE alert_id = $1", alert_id)
    assert len({row["id"] for row in rows}) == len(rows), "one recipient, one message"
    return {(row["kind"], row["id"]) for row in rows}


async def finish(ledger: Any, batch_id: Any, outcomes: Any) -> Any:
    """Work on a batch until everybody has the given outcome byte; one for all, or one each."""
    lease = await ledger.acquire(batch_id)
    if isinstance(outcomes, int):
        outcomes = [outcomes] * len(lease.recipients)
    return await ledger.release(lease, Progress(bytes(outcomes)))


async def let_leases_end(pool: Any) -> None:
    """What ten seconds without a sign of life do."""
    await pool.execute(
        "UPDATE batch SET lease_until = clock_timestamp() - interval '1 ms' WHERE lease_until IS NOT NULL"
    )


async def let_wake_ups_lapse(pool: Any) -> None:
    """What some seconds without anybody coming do."""
    await pool.execute("UPDATE batch SET enqueued_at = clock_timestamp() - interval '1 minute'")
    await pool.execute("UPDATE alert SET enqueued_at = clock_timestamp() - interval '1 minute'")


async def until(condition: Any, within_s: float = 90.0) -> None:
    """Let the loop run until it is so; only a failing test waits for all of `within_s`. What takes long is looked at
    more and more seldom: to look keeps the processor from what is waited for.
    """
    pause_s = SHORTEST_PAUSE_S
    async with asyncio.timeout(within_s):
        while not await condition():
            await asyncio.sleep(pause_s)
            pause_s = min(pause_s * 1.2, LONGEST_PAUSE_S)
