"""Leases, fencing, and what is written of each recipient."""

import asyncio
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from dispatcher.model.batches import Progress, RecipientProblem
from dispatcher.model.principals import Instance, Source
from dispatcher.model.retry_policy import DEFAULT_POLICY, DeliveryPolicy, LeasePolicy
from dispatcher.model.vocabulary import UNCERTAIN, Kind, Lane, Reason, State
from dispatcher.store.alerts.alerts import Alerts
from dispatcher.store.audience.subscriptions import Subscriptions
from dispatcher.store.delivery.ledger import LeaseLostError
from dispatcher.store.delivery.plans import Plans
from dispatcher.store.sources import Sources
from tests.support.histories import (
    finish,
    ledger_of,
    let_leases_end,
    let_wake_ups_lapse,
    plan,
    submit,
    subscribe,
)
from tests.support.messages import DUEREN, SENDER

PUSH = "https://push.example"
ACCEPTED = State.ACCEPTED
MOMENT = timedelta(seconds=1)


@pytest.fixture
async def ready_batches(
    pool: Any, alerts: Alerts, ledger: Any, plans: Plans, subscriptions: Subscriptions
) -> Any:
    """Alert A to five people: a batch of three and one of two."""
    await subscribe(pool, subscriptions, *"abcde")
    await submit(alerts, "A", DUEREN)
    return await plan(ledger, plans, "A")


@pytest.fixture
def batch(ready_batches: Any) -> Any:
    return ready_batches[0].batch_id


async def row(pool: Any, batch_id: Any) -> Any:
    return await pool.fetchrow("SELECT * FROM batch WHERE id = $1", batch_id)


async def pending_problem(
    lease: Any, *, due: Any = None, label: str = "transient", position: int = 0
) -> RecipientProblem:
    return RecipientProblem(position, lease.recipients[position], 1, 0, label, "503", "busy", due)


async def test_a_lease_holds_all_that_a_worker_needs(
    pool: Any, alerts: Alerts, ledger: Any, batch: Any
) -> None:
    lease = await ledger.acquire(batch)
    stored = await alerts.get("A")
    assert (lease.alert_id, lease.chain_id, lease.kind, lease.lane) == ("A", "A", Kind.ALERT, Lane.PRIORITY)
    assert (lease.channel, lease.gateway, lease.language) == ("webpush", PUSH, "de")
    assert (lease.deadline, lease.received_at) == (stored.expires, stored.received_at)
    assert (lease.outcomes, lease.problems, len(lease.recipients)) == (bytes(3), {}, 3)
    assert (await row(pool, batch))["lease_until"] - lease.now == pytest.approx(
        DEFAULT_POLICY.lease.duration, abs=MOMENT
    )


@pytest.mark.parametrize(("severity", "extreme"), [("Extreme", True), ("Severe", False)])
async def test_a_lease_says_whether_the_alert_is_extreme_whatever_its_lane(
    pool: Any, ledger: Any, batch: Any, severity: str, *, extreme: bool
) -> None:
    await pool.execute("UPDATE alert SET severity = $1", severity)
    await pool.execute("UPDATE batch SET lane = 'flash'")
    assert (await ledger.acquire(batch)).extreme is extreme


@pytest.mark.parametrize(("ticks", "ahead_s"), [((0, 1), 0), ((0, 60, 60), -60), ((0, 60, 100), -100)])
async def test_a_holder_that_stood_still_while_it_claimed_knows_what_time_it_was_when_it_asked(
    pool: Any, batch: Any, ticks: tuple[Any, ...], ahead_s: int
) -> None:
    lease = await ledger_of(pool, monotonic=partial(next, iter(ticks))).acquire(batch)
    present = await pool.fetchval("SELECT clock_timestamp()")
    assert lease.now - present == pytest.approx(timedelta(seconds=ahead_s), abs=20 * MOMENT)


async def test_only_one_of_many_gets_the_batch(ledger: Any, batch: Any) -> None:
    leases = await asyncio.gather(*(ledger.acquire(batch) for _ in range(8)))
    assert sum(lease is not None for lease in leases) == 1


async def test_a_lease_that_ended_may_be_taken_over_and_the_first_holder_can_write_nothing_more(
    pool: Any, ledger: Any, batch: Any
) -> None:
    first = await ledger.acquire(batch)
    await let_leases_end(pool)
    second = await ledger.acquire(batch)
    assert second.token == first.token + 1
    for write in (
        ledger.advance(first, Progress(bytes([ACCEPTED] * 3))),
        ledger.release(first, Progress(bytes([ACCEPTED] * 3))),
        ledger.heartbeat(first),
    ):
        with pytest.raises(LeaseLostError):
            await write
    assert (await row(pool, batch))["outcomes"] == bytes(3)


async def test_a_write_that_lost_its_lease_leaves_no_problem_and_removes_nobody(
    pool: Any, ledger: Any, batch: Any
) -> None:
    first = await ledger.acquire(batch)
    await let_leases_end(pool)
    await ledger.acquire(batch)
    progress = Progress(
        bytes(3), (await pending_problem(first),), remove=(first.recipients[0],), remove_reason="gone"
    )
    with pytest.raises(LeaseLostError):
        await ledger.advance(first, progress)
    assert await pool.fetchval("SELECT count(*) FROM problem") == 0
    assert await pool.fetchval("SELECT count(*) FROM subscription WHERE ended_at IS NOT NULL") == 0


async def test_a_holder_whose_lease_ran_out_unnoticed_goes_on_as_long_as_nobody_took_it(
    pool: Any, ledger: Any, batch: Any
) -> None:
    lease = await ledger.acquire(batch)
    await let_leases_end(pool)
    assert await ledger.advance(lease, Progress(bytes(3))) is False
    assert await ledger.acquire(batch) is None


@pytest.mark.parametrize("sign", ["advance", "heartbeat"])
async def test_each_sign_of_life_renews_the_lease_and_hears_of_a_stop(
    pool: Any, alerts: Alerts, ledger: Any, batch: Any, sign: str
) -> None:
    lease = await ledger.acquire(batch)

    async def live() -> Any:
        if sign == "advance":
            return await ledger.advance(lease, Progress(bytes(3)))
        return await ledger.heartbeat(lease)

    await pool.execute("UPDATE batch SET lease_until = lease_until - interval '5 s'")
    before = (await row(pool, batch))["lease_until"]
    assert await live() is False
    assert (await row(pool, batch))["lease_until"] > before
    await submit(alerts, "B", chain="A")
    assert await live() is True


async def test_progress_is_there_for_who_comes_next(pool: Any, ledger: Any, batch: Any) -> None:
    lease = await ledger.acquire(batch)
    due = lease.now + timedelta(hours=1)
    noted = await pending_problem(lease, due=due)
    outcomes = bytes([State.RETRY, ACCEPTED, State.CLAIMED])
    await ledger.advance(lease, Progress(outcomes, (noted,)))
    await let_leases_end(pool)
    second = await ledger.acquire(batch)
    assert second.outcomes == outcomes
    assert second.problems == {0: noted}


async def test_a_problem_is_one_line_however_often_it_changes(pool: Any, ledger: Any, batch: Any) -> None:
    lease = await ledger.acquire(batch)
    for label in ("transient", "rate_limited", "accepted"):
        await ledger.advance(lease, Progress(bytes(3), (await pending_problem(lease, label=label),)))
    assert [one["label"] for one in await pool.fetch("SELECT label FROM problem")] == ["accepted"]


async def test_the_first_and_last_acceptance_only_ever_widen(pool: Any, ledger: Any, batch: Any) -> None:
    lease = await ledger.acquire(batch)
    for first, last in ((1, 2), (0, 1), (None, None), (2, 3)):
        times = [None if one is None else lease.now + one * MOMENT for one in (first, last)]
        await ledger.advance(lease, Progress(bytes(3), accepted_first=times[0], accepted_last=times[1]))
    stored = await row(pool, batch)
    assert (stored["first_at"], stored["last_at"]) == (lease.now, lease.now + 3 * MOMENT)


async def test_gone_endpoints_are_removed_with_the_reason(pool: Any, ledger: Any, batch: Any) -> None:
    lease = await ledger.acquire(batch)
    outcomes = bytes([State.GONE, ACCEPTED, ACCEPTED])
    await ledger.release(lease, Progress(outcomes, remove=lease.recipients[:1], remove_reason="gone"))
    [ended] = await pool.fetch("SELECT id, end_reason FROM subscription WHERE ended_at IS NOT NULL")
    assert (ended["id"], ended["end_reason"]) == (lease.recipients[0], "gone")


async def test_whose_app_was_seen_since_the_endpoint_was_gone_stays(
    pool: Any, ledger: Any, batch: Any
) -> None:
    lease = await ledger.acquire(batch)
    await Sources(pool, b"pepper" * 8).put_instance(
        Instance("dueren", "", (DUEREN,)), f"wi_dueren_{'s' * 43}"
    )
    for number in lease.recipients:
        await pool.execute(
            """WITH made AS (INSERT INTO subscriber (instance_id, installation_hash, seen_at)
                             VALUES ('dueren', $1, $2) RETURNING id)
               INSERT INTO subscriber_endpoint (subscriber_id, subscription_id, position) SELECT id, $3, 0 FROM made""",
            b"%d" % number,
            lease.now,
            number,
        )
    since = (lease.now - MOMENT, lease.now + MOMENT, None)
    progress = Progress(
        bytes([State.GONE] * 3), remove=lease.recipients, remove_reason="gone", gone_since=since
    )
    await ledger.release(lease, progress)
    ended = await pool.fetch("SELECT id FROM subscription WHERE ended_at IS NOT NULL ORDER BY id")
    assert [one["id"] for one in ended] == list(lease.recipients[1:])


async def test_an_endpoint_that_is_being_renewed_at_this_moment_stays_and_nobody_waits(
    pool: Any, ledger: Any, batch: Any
) -> None:
    lease = await ledger.acquire(batch)
    progress = Progress(bytes([State.GONE] * 3), remove=lease.recipients, remove_reason="gone")
    async with pool.acquire() as importing, importing.transaction():
        await importing.execute("UPDATE subscription SET keys = keys WHERE id = $1", lease.recipients[1])
        await asyncio.wait_for(ledger.release(lease, progress), 10)
    ended = await pool.fetch("SELECT id FROM subscription WHERE ended_at IS NOT NULL ORDER BY id")
    assert [one["id"] for one in ended] == [lease.recipients[0], lease.recipients[2]]


async def test_a_batch_is_done_when_everybody_has_a_terminal_state_and_the_alert_with_its_last_batch(
    alerts: Alerts, pool: Any, ledger: Any, ready_batches: Any
) -> None:
    first, second = ready_batches
    assert await finish(ledger, first.batch_id, ACCEPTED) is True
    assert (await alerts.get("A")).state == "planned"
    assert await finish(ledger, second.batch_id, State.EXPIRED | UNCERTAIN) is True
    stored = await alerts.get("A")
    assert stored.state == "settled"
    assert stored.settled_at is not None
    assert (await row(pool, first.batch_id))["state"] == "done"
    assert await ledger.acquire(first.batch_id) is None


async def test_a_batch_put_down_unfinished_is_taken_up_again_when_it_is_due(
    pool: Any, ledger: Any, batch: Any
) -> None:
    lease = await ledger.acquire(batch)
    outcomes = bytes([ACCEPTED, State.RETRY, State.PENDING])
    assert await ledger.release(lease, Progress(outcomes), lease.now + timedelta(hours=1)) is False
    assert await ledger.acquire(batch) is None
    await pool.execute("UPDATE batch SET not_before = clock_timestamp()")
    assert (await ledger.acquire(batch)).outcomes == outcomes


async def test_a_second_release_of_a_finished_batch_is_refused(ledger: Any, batch: Any) -> None:
    """Its commit may have succeeded while the answer was lost; then somebody tries again."""
    lease = await ledger.acquire(batch)
    await ledger.release(lease, Progress(bytes([ACCEPTED] * 3)))
    with pytest.raises(LeaseLostError):
        await ledger.release(lease, Progress(bytes([ACCEPTED] * 3)))


async def test_nobody_claims_a_stopped_batch_or_one_of_a_paused_gateway(
    pool: Any, alerts: Alerts, ledger: Any, ready_batches: Any
) -> None:
    one, other = (wake_ups.batch_id for wake_ups in ready_batches)
    await ledger.pause_gateway("webpush", PUSH, 60, "breaker")
    assert await ledger.acquire(one) is None
    await pool.execute("UPDATE gateway SET paused_until = clock_timestamp()")
    assert await ledger.acquire(one) is not None
    await submit(alerts, "B", chain="A")
    assert await ledger.acquire(other) is None


async def test_a_pause_of_another_gateway_or_channel_is_no_matter(ledger: Any, batch: Any) -> None:
    await ledger.pause_gateway("webpush", "https://other.example", 60, "breaker")
    await ledger.pause_gateway("app", PUSH, 60, "breaker")
    assert await ledger.acquire(batch) is not None


async def test_a_pause_only_ever_grows(pool: Any, ledger: Any) -> None:
    await ledger.pause_gateway("webpush", PUSH, 60, "breaker")
    long = await pool.fetchrow("SELECT * FROM gateway")
    await ledger.pause_gateway("webpush", PUSH, 5, "retry_after")
    assert await pool.fetchrow("SELECT * FROM gateway") == long
    await ledger.pause_gateway("webpush", PUSH, 600, "misconfigured")
    longer = await pool.fetchrow("SELECT * FROM gateway")
    assert longer["paused_until"] > long["paused_until"]
    assert longer["reason"] == "misconfigured"


async def due(ledger: Any) -> list[Any]:
    return [wake_ups.batch_id for wake_ups in await ledger.due()]


async def test_a_batch_whose_bell_was_just_rung_is_not_rung_for_again(
    pool: Any, ledger: Any, ready_batches: Any
) -> None:
    assert await due(ledger) == []
    await let_wake_ups_lapse(pool)
    assert sorted(await due(ledger)) == [wake_ups.batch_id for wake_ups in ready_batches]
    assert await due(ledger) == []


async def test_how_long_a_lease_lasts_and_when_somebody_else_is_sent_to_look_is_the_policys(
    pool: Any, ready_batches: Any
) -> None:
    policy = DeliveryPolicy(lease=LeasePolicy(duration_s=600, wake_up_again_s=90))
    ledger, [batch, other] = ledger_of(pool, policy), [wake_ups.batch_id for wake_ups in ready_batches]
    lease = await ledger.acquire(batch)
    assert (await row(pool, batch))["lease_until"] - lease.now == pytest.approx(10 * 60 * MOMENT, abs=MOMENT)
    await let_wake_ups_lapse(pool)
    assert await due(ledger) == []
    await pool.execute("UPDATE batch SET enqueued_at = clock_timestamp() - interval '2 minutes'")
    assert await due(ledger) == [other]


async def test_no_bell_for_what_is_in_hand_waits_is_stopped_or_is_paused(
    pool: Any, alerts: Alerts, ledger: Any, ready_batches: Any
) -> None:
    in_flight, waits = (wake_ups.batch_id for wake_ups in ready_batches)
    await ledger.acquire(in_flight)
    lease = await ledger.acquire(waits)
    await ledger.release(lease, Progress(bytes(2)), lease.now + timedelta(hours=1))
    await let_wake_ups_lapse(pool)
    assert await due(ledger) == []
    await pool.execute("UPDATE batch SET not_before = clock_timestamp()")
    await ledger.pause_gateway("webpush", PUSH, 60, "breaker")
    assert await due(ledger) == []
    await pool.execute("UPDATE gateway SET paused_until = clock_timestamp()")
    assert await due(ledger) == [waits]
    await let_wake_ups_lapse(pool)
    await submit(alerts, "B", chain="A")
    assert await due(ledger) == []


async def test_a_lease_that_ended_is_rung_for_at_once_once_and_with_its_own_token(
    pool: Any, ledger: Any, batch: Any
) -> None:
    lease = await ledger.acquire(batch)
    await let_leases_end(pool)
    [wake_ups] = [wake_ups for wake_ups in await ledger.due() if wake_ups.batch_id == batch]
    assert (wake_ups.lane, wake_ups.token) == (Lane.PRIORITY, lease.token)
    assert await due(ledger) == []


async def test_a_batch_put_down_is_rung_for_at_once(ledger: Any, batch: Any) -> None:
    await ledger.release(await ledger.acquire(batch), Progress(bytes(3)))
    assert batch in await due(ledger)


async def test_two_reconcilers_never_ring_for_the_same_batch(
    pool: Any, ledger: Any, ready_batches: Any
) -> None:
    await let_wake_ups_lapse(pool)
    rung = await asyncio.gather(*(due(ledger) for _ in range(4)))
    assert sorted(one for some in rung for one in some) == [wake_ups.batch_id for wake_ups in ready_batches]


async def test_due_is_bounded(pool: Any, ledger: Any, ready_batches: Any) -> None:
    await let_wake_ups_lapse(pool)
    assert len(await ledger.due(limit=1)) == 1


CLOSING = {
    State.PENDING: lambda state: state,
    State.RETRY: lambda state: state,
    State.CLAIMED: lambda state: state | UNCERTAIN,
    State.RETRY | UNCERTAIN: lambda state: state | UNCERTAIN,
    State.PENDING | UNCERTAIN: lambda state: state | UNCERTAIN,
    State.CLAIMED | UNCERTAIN: lambda state: state | UNCERTAIN,
}


@pytest.mark.parametrize("before", sorted(CLOSING))
@pytest.mark.parametrize("why", ["stopped", "expired"])
async def test_a_batch_closed_unfinished_says_what_was_not_sent_and_what_may_have_been(
    pool: Any, alerts: Alerts, ledger: Any, batch: Any, before: Any, why: str
) -> None:
    lease = await ledger.acquire(batch)
    await ledger.release(lease, Progress(bytes([before, ACCEPTED, State.GONE | UNCERTAIN])))
    if why == "stopped":
        await submit(alerts, "B", chain="A")
        assert (await ledger.close_stopped("A")).in_flight == 0
        state = State.SUPERSEDED
    else:
        await pool.execute("UPDATE batch SET deadline = clock_timestamp() - interval '1 ms'")
        assert (await ledger.close_expired()).in_flight == 0
        state = State.EXPIRED
    closed = await row(pool, batch)
    assert closed["outcomes"] == bytes([CLOSING[before](state), ACCEPTED, State.GONE | UNCERTAIN])
    assert closed["state"] == "done"
    assert (await alerts.get("A")).state == "settled"


async def test_what_is_in_hand_is_not_closed_but_counted(
    pool: Any, alerts: Alerts, ledger: Any, ready_batches: Any
) -> None:
    lease = await ledger.acquire(ready_batches[0].batch_id)
    await submit(alerts, "B", chain="A")
    assert (await ledger.close_stopped("A")).in_flight == 1
    assert (await row(pool, ready_batches[1].batch_id))["state"] == "done"
    assert await ledger.release(lease, Progress(bytes([ACCEPTED] * 3))) is True
    assert (await ledger.close_stopped("A")).in_flight == 0


async def test_what_is_closed_is_fenced_off_from_a_holder_that_wakes_up(
    pool: Any, alerts: Alerts, ledger: Any, batch: Any
) -> None:
    lease = await ledger.acquire(batch)
    await let_leases_end(pool)
    await submit(alerts, "B", chain="A")
    assert (await ledger.close_stopped("A")).in_flight == 0
    with pytest.raises(LeaseLostError):
        await ledger.release(lease, Progress(bytes([ACCEPTED] * 3)))


async def test_other_chains_and_messages_not_stopped_stay_open(
    pool: Any, alerts: Alerts, ledger: Any, batch: Any
) -> None:
    assert (await ledger.close_stopped("A")).in_flight == 0
    await submit(alerts, "X")
    assert (await ledger.close_stopped("X")).in_flight == 0
    assert (await row(pool, batch))["state"] == "open"
    assert (await ledger.close_expired()).in_flight == 0
    assert (await row(pool, batch))["state"] == "open"


async def test_what_is_finished_and_was_not_noticed_is_settled(
    pool: Any, alerts: Alerts, ledger: Any, ready_batches: Any
) -> None:
    await pool.execute("UPDATE batch SET state = 'done'")
    assert await ledger.settle_finished() == 1
    assert (await alerts.get("A")).state == "settled"
    assert await ledger.settle_finished() == 0


async def test_what_is_not_planned_yet_is_not_finished(alerts: Alerts, ledger: Any) -> None:
    await submit(alerts, "A")
    assert await ledger.settle_finished() == 0


# Two transactions at once: whoever comes first, nobody is forgotten and nobody hears the superseded message.


async def blocked(pool: Any, task: Any, besides: int = 0) -> None:
    """Wait until the task's statement waits for a lock, as others do already."""
    while not task.done():
        waits = await pool.fetchval(
            "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
        )
        if waits > besides:
            return
        await asyncio.sleep(0)
    raise AssertionError("it did not wait")


async def test_a_claim_that_comes_first_is_seen_by_the_closing_that_waited_for_it(
    pool: Any, alerts: Alerts, ledger: Any, batch: Any
) -> None:
    await submit(alerts, "B", chain="A")
    async with pool.acquire() as claiming:
        claim = claiming.transaction()
        await claim.start()
        await claiming.execute(
            "UPDATE batch SET lease_token = lease_token + 1, lease_until = clock_timestamp() + interval '10 s' WHERE id = $1",
            batch,
        )
        closing = asyncio.create_task(ledger.close_stopped("A"))
        await blocked(pool, closing)
        await claim.commit()
    assert (await closing).in_flight == 1
    assert (await row(pool, batch))["state"] == "open"


async def test_a_claim_that_waited_for_the_closing_gets_nothing(
    pool: Any, alerts: Alerts, ledger: Any, batch: Any
) -> None:
    """Its snapshot is older than the stop: only the row itself tells it."""
    async with pool.acquire() as closing:
        close = closing.transaction()
        await close.start()
        await closing.execute(
            "UPDATE batch SET state = 'done', lease_token = lease_token + 1 WHERE id = $1", batch
        )
        claiming = asyncio.create_task(ledger.acquire(batch))
        await blocked(pool, claiming)
        await close.commit()
    assert await claiming is None


async def test_a_stop_waits_for_a_plan_under_way_and_stops_what_it_made(
    pool: Any, alerts: Alerts, ledger: Any, plans: Plans, subscriptions: Subscriptions
) -> None:
    await subscribe(pool, subscriptions, "a")
    await submit(alerts, "A", DUEREN)
    async with pool.acquire() as planning:
        plan_ = planning.transaction()
        await plan_.start()
        await planning.execute("SELECT FROM alert WHERE id = 'A' FOR UPDATE")
        stopping = asyncio.create_task(submit(alerts, "B", DUEREN, chain="A"))
        await blocked(pool, stopping)
        await planning.execute("UPDATE alert SET state = 'planned' WHERE id = 'A'")
        await plan_.commit()
    await stopping
    assert (await alerts.get("A")).stopped_by == "B"


async def test_merging_chains_and_closing_batches_never_wait_for_each_other_in_a_circle(
    pool: Any, alerts: Alerts, ledger: Any, batch: Any
) -> None:
    """Intake: alert rows, then batch rows. Whoever holds a batch row asks for no alert row."""
    await submit(alerts, "X")
    await pool.execute("UPDATE batch SET deadline = clock_timestamp() - interval '1 ms'")
    async with alerts.submission("leitstelle@dueren.example") as submission:
        await submission.connection.execute("UPDATE alert SET chain_id = 'X' WHERE chain_id = 'A'")
        closing = asyncio.create_task(ledger.close_expired())
        await blocked(pool, closing)
        await asyncio.wait_for(submission.merge_chains("X", ["A"]), 10)
    assert (await asyncio.wait_for(closing, 10)).in_flight == 0
    assert {one["chain_id"] for one in await pool.fetch("SELECT chain_id FROM batch")} == {"X"}


async def test_an_expired_batch_whose_row_somebody_locks_is_closed_later_and_keeps_no_other_waiting(
    pool: Any, ledger: Any, ready_batches: Any
) -> None:
    await pool.execute("UPDATE batch SET deadline = clock_timestamp() - interval '1 ms'")
    locked, *others = [row["id"] for row in await pool.fetch("SELECT id FROM batch ORDER BY id")]
    closed = "SELECT array_agg(id ORDER BY id) FROM batch WHERE state = 'done'"
    async with pool.acquire() as foreign, foreign.transaction():
        await foreign.execute("SELECT FROM batch WHERE id = $1 FOR UPDATE", locked)
        await asyncio.wait_for(ledger.close_expired(), 10)
        assert await pool.fetchval(closed) == others
    await ledger.close_expired()
    assert await pool.fetchval(closed) == [locked, *others]


async def test_two_closings_at_once_do_not_wait_for_each_other_in_a_circle(
    pool: Any, alerts: Alerts, ledger: Any, ready_batches: Any
) -> None:
    await submit(alerts, "B", chain="A", reason=Reason.CANCEL)
    await pool.execute("UPDATE batch SET deadline = clock_timestamp() - interval '1 ms'")
    closings = [ledger.close_expired() if n % 2 else ledger.close_stopped("A") for n in range(8)]
    assert [closed.in_flight for closed in await asyncio.gather(*closings)] == [0] * 8


async def test_who_claims_while_the_holder_before_is_still_putting_down_knows_its_problems(
    pool: Any, ledger: Any, batch: Any
) -> None:
    """The holder's lease has run out, unnoticed, and its last write and the claim meet at the batch's row."""
    first = await ledger.acquire(batch)
    await let_leases_end(pool)
    progress = Progress(bytes([State.RETRY, 0, 0]), (await pending_problem(first),))
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute("LOCK TABLE problem IN SHARE MODE")
        putting_down = asyncio.create_task(ledger.release(first, progress))
        await blocked(pool, putting_down)
        claiming = asyncio.create_task(ledger.acquire(batch))
        await blocked(pool, claiming, besides=1)
    await putting_down
    second = await claiming
    assert (second.outcomes, list(second.problems)) == (progress.outcomes, [0])


async def test_a_limit_leaves_no_source_out_of_what_is_due(
    pool: Any, alerts: Alerts, ledger: Any, plans: Plans, subscriptions: Subscriptions, sources: Sources
) -> None:
    await sources.put(Source("other", "other", frozenset({SENDER}), ("05358",)))
    await subscribe(pool, subscriptions, *"abcdef")
    for alert_id, source_id in (("A", "leitstelle"), ("B", "leitstelle"), ("C", "other")):
        await submit(alerts, alert_id, DUEREN, source_id=source_id)
        assert len(await plan(ledger, plans, alert_id)) == 2
    await let_wake_ups_lapse(pool)
    first, second = await ledger.due(limit=2), await ledger.due(limit=100)
    assert {ready.source_id for ready in first} == {"leitstelle", "other"}
    assert len({ready.batch_id for ready in [*first, *second]}) == 6
