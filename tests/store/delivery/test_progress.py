"""Recipients are counted once each, with what keeps those who wait."""

from datetime import timedelta
from typing import Any

from dispatcher.model.batches import Progress, RecipientProblem
from dispatcher.model.vocabulary import UNCERTAIN, State
from dispatcher.store.alerts.alerts import Alerts
from dispatcher.store.audience.subscriptions import Subscriptions
from dispatcher.store.delivery.ledger_reader import LedgerReader
from dispatcher.store.delivery.plans import Plans
from dispatcher.store.delivery.progress import recipient_progress
from tests.store.conftest import batch_ids
from tests.support.histories import plan, submit
from tests.support.messages import DUEREN
from tests.support.people import person


async def test_before_the_plan_there_is_nobody(pool: Any) -> None:
    progress = await recipient_progress(pool, "A")
    assert (progress.recipients, progress.waiting, progress.failed) == (0, (), ())


async def test_all_are_counted_from_plain_batches_and_from_others(
    pool: Any, ledger: Any, ready_batches: list[Any]
) -> None:
    """One batch is untouched, one has each sort of outcome, one only successes."""
    _, three, two = await batch_ids(pool)
    before = await recipient_progress(pool, "A")
    assert (before.recipients, before.accepted, before.first_accepted_at) == (6, 0, None)
    assert {line.reason for line in before.waiting} == {"queued"}
    lease = await ledger.acquire(three)
    due = lease.now + timedelta(seconds=30)
    problems = (
        RecipientProblem(1, lease.recipients[1], 1, 0, "transient", "503", "", due),
        RecipientProblem(2, lease.recipients[2], 1, 0, "permanent", "400", "", None),
    )
    outcomes = bytes([State.ACCEPTED, State.RETRY | UNCERTAIN, State.REJECTED])
    await ledger.release(
        lease, Progress(outcomes, problems, accepted_first=lease.now, accepted_last=lease.now), due
    )
    lease_two = await ledger.acquire(two)
    await ledger.release(lease_two, Progress(bytes([State.ACCEPTED, State.ACCEPTED])))
    progress = await recipient_progress(pool, "A")
    assert (progress.recipients, progress.accepted) == (6, 3)
    waiting = {(one.channel, one.reason, one.code, one.recipients) for one in progress.waiting}
    assert waiting == {("app", "queued", "", 1), ("webpush", "transient", "503", 1)}
    assert {one.next_attempt_at for one in progress.waiting} == {None, due}
    [failed] = progress.failed
    assert (failed.reason, failed.code, failed.recipients) == ("rejected", "400", 1)
    assert progress.first_accepted_at == lease.now


async def test_a_paused_gateway_is_why_they_wait(pool: Any, ledger: Any, ready_batches: list[Any]) -> None:
    await ledger.pause_gateway("webpush", "https://push.example", 60, "down")
    progress = await recipient_progress(pool, "A")
    assert {(one.channel, one.reason) for one in progress.waiting} == {("app", "queued"), ("webpush", "down")}
    assert all((one.next_attempt_at is None) == (one.channel == "app") for one in progress.waiting)


async def test_whoever_was_withdrawn_and_planned_again_counts_once_with_the_last(
    pool: Any, ledger: Any, ready_batches: list[Any]
) -> None:
    _, three, _ = await batch_ids(pool)
    await pool.execute("UPDATE batch SET outcomes = $2 WHERE id = $1", three, bytes([State.SUPERSEDED] * 3))
    await pool.execute(
        """INSERT INTO batch (alert_id, chain_id, kind, channel, gateway, language, lane, deadline, recipients, outcomes)
           SELECT alert_id, chain_id, kind, channel, gateway, language, lane, deadline, recipients[1:2], $2
           FROM batch WHERE id = $1""",
        three,
        bytes([State.ACCEPTED, State.PENDING]),
    )
    progress = await recipient_progress(pool, "A")
    assert (progress.recipients, progress.accepted) == (6, 1)
    assert [(one.reason, one.recipients) for one in progress.failed] == [("superseded", 1)]


async def test_a_person_told_on_several_endpoints_counts_once_with_the_one_that_was_reached(
    alerts: Alerts, pool: Any, ledger: Any, plans: Plans, subscriptions: Subscriptions
) -> None:
    push, sms = await person(pool, subscriptions, 1, "push", "sms:number")
    await person(pool, subscriptions, 2, "other", "sms:another")
    await submit(alerts, "A", severity="Extreme")
    ready_batches = await plan(ledger, plans, "A")
    assert (await recipient_progress(pool, "A")).recipients == 2
    for ready in ready_batches:
        lease = await ledger.acquire(ready.batch_id)
        states = [State.ACCEPTED if one == sms else State.GONE for one in lease.recipients]
        await ledger.release(lease, Progress(bytes(states)))
    progress = await recipient_progress(pool, "A")
    assert (progress.recipients, progress.accepted, progress.gone) == (2, 1, 1)
    assert await LedgerReader(pool).by_municipality("A") == {DUEREN: {"accepted": 1, "gone": 1}}
    assert push


async def test_who_does_not_want_to_be_disturbed_now_waits_until_then(
    pool: Any, ready_batches: list[Any]
) -> None:
    until = await pool.fetchval(
        """UPDATE batch SET quiet_until = clock_timestamp() + interval '1 hour' WHERE channel = 'app'
           RETURNING quiet_until"""
    )
    waiting = {one.channel: one for one in (await recipient_progress(pool, "A")).waiting}
    assert (waiting["app"].reason, waiting["app"].next_attempt_at) == ("quiet_hours", until)
    assert waiting["webpush"].reason == "queued"
