"""The account of an alert, and how things stand."""

import json
from dataclasses import asdict

import pytest

from dispatcher.metrics import Metrics
from dispatcher.model.batches import Progress, RecipientProblem
from dispatcher.model.vocabulary import UNCERTAIN, Reason, State
from dispatcher.store.delivery.statistics import Statistics
from tests.support.histories import finish, plan, planned, submit, subscribe, subscription
from tests.support.messages import DUEREN, HEIMBACH, JUELICH
from tests.test_metrics import samples

ACCEPTED, REJECTED, PENDING = State.ACCEPTED, State.REJECTED, State.PENDING


@pytest.fixture
async def ready_batches(pool, alerts, ledger, plans, subscriptions):
    """Five web push endpoints and one app, all in Düren."""
    await subscribe(pool, subscriptions, *"abcde")
    await subscribe(pool, subscriptions, "f", channel="app", ref="instance-1")
    await submit(alerts, "A", DUEREN)
    return sorted(await plan(ledger, plans, "A"), key=lambda wake_ups: wake_ups.batch_id)


async def batch_ids(pool):
    rows = await pool.fetch("SELECT id FROM batch ORDER BY channel, cardinality(recipients) DESC")
    return [row["id"] for row in rows]


async def test_every_recipient_is_in_one_state(pool, ledger, accounts, ready_batches):
    _, three, two = await batch_ids(pool)
    lease = await ledger.acquire(three)
    progress = Progress(
        bytes([ACCEPTED, REJECTED, PENDING]), accepted_first=lease.now, accepted_last=lease.now
    )
    await ledger.release(lease, progress)
    await finish(ledger, two, [State.EXPIRED | UNCERTAIN, ACCEPTED])
    channels = {(one.channel, one.kind): one for one in await accounts.summary("A")}
    assert set(channels) == {("app", "alert"), ("webpush", "alert")}
    push = channels["webpush", "alert"]
    assert push.states == {"accepted": 2, "rejected": 1, "pending": 1, "expired": 1}
    assert (push.first_at, push.last_at) == (lease.now, lease.now)
    assert channels["app", "alert"].states == {"pending": 1}
    assert channels["app", "alert"].first_at is None


async def test_an_alert_without_recipients_has_an_empty_account(accounts, alerts):
    await submit(alerts, "A", HEIMBACH)
    assert await accounts.summary("A") == []
    assert await accounts.by_municipality("A") == {}
    assert [entry async for entry in accounts.entries("A")] == []


async def test_entries_name_each_recipient_and_no_address(pool, ledger, accounts, ready_batches):
    app, three, _ = await batch_ids(pool)
    await finish(ledger, app, State.DELIVERED)
    await finish(ledger, three, State.DEAD | UNCERTAIN)
    entries = [entry async for entry in accounts.entries("A")]
    assert {("alert", entry.recipient) for entry in entries} == await planned(pool, "A")
    assert {(one.channel, one.state, one.uncertain) for one in entries} == {
        ("app", "delivered", False),
        ("webpush", "dead", True),
        ("webpush", "pending", False),
    }
    assert [one.ref for one in entries if one.channel == "app"] == ["instance-1"]
    assert "push.example/" not in json.dumps([asdict(one) for one in entries])


async def test_who_follows_two_municipalities_counts_in_both(alerts, ledger, plans, accounts, subscriptions):
    await subscriptions.add_many([subscription("anna", DUEREN, JUELICH), subscription("bernd", JUELICH)])
    await submit(alerts, "A", DUEREN, JUELICH)
    [wake_ups] = await plan(ledger, plans, "A")
    await finish(ledger, wake_ups.batch_id, ACCEPTED)
    assert await accounts.by_municipality("A") == {DUEREN: {"accepted": 1}, JUELICH: {"accepted": 2}}


async def note(ledger, batch_id, *labels, due=False):
    lease = await ledger.acquire(batch_id)
    problems = tuple(
        RecipientProblem(n, lease.recipients[n], 2, 0, label, "400", "too long", lease.now if due else None)
        for n, label in enumerate(labels)
    )
    await ledger.release(
        lease, Progress(bytes([State.RETRY if due else REJECTED] * len(lease.recipients)), problems)
    )


async def shown(pool):
    metrics = Metrics()
    await Statistics(pool).show(metrics)
    return samples(metrics)


def labels(**names):
    return frozenset(names.items())


async def test_gauges_show_how_things_stand(pool, alerts, ledger, ready_batches):
    _, three, two = await batch_ids(pool)
    await note(ledger, three, "permanent", "crash", "gone")
    await note(ledger, two, "transient", due=True)
    await ledger.pause_gateway("webpush", "https://push.example", 60, "breaker")
    gauges = await shown(pool)
    oldest = await pool.fetchval(
        "SELECT extract(epoch FROM min(created_at))::float8 FROM batch WHERE state = 'open'"
    )
    assert gauges["warn_batches_open", labels(lane="priority")] == 2
    assert gauges["warn_batches_open", labels(lane="flash")] == 0
    assert gauges["warn_oldest_open_batch_timestamp_seconds", labels(lane="priority")] == pytest.approx(
        oldest
    )
    assert gauges["warn_retries_scheduled", labels(channel="webpush")] == 1
    assert gauges["warn_dead_letters", labels(channel="webpush")] == 2
    assert gauges["warn_dead_letters", labels(channel="app")] == 0
    assert gauges["warn_subscriptions", labels(channel="webpush")] == 5
    assert gauges["warn_gateways_paused", labels(channel="webpush")] == 1
    assert gauges["warn_recipients_unaccounted", labels()] == 0
    assert gauges["warn_record_up", labels()] == 1


async def test_an_empty_record_shows_zeros(pool):
    gauges = await shown(pool)
    assert gauges["warn_subscriptions", labels(channel="app")] == 0
    assert gauges["warn_oldest_open_batch_timestamp_seconds", labels(lane="flash")] == 0


async def test_recipients_open_a_minute_after_the_deadline_raise_the_alarm(pool, ready_batches):
    await pool.execute("UPDATE batch SET deadline = now() - interval '2 minutes'")
    assert (await shown(pool))["warn_recipients_unaccounted", labels()] == 6


async def test_what_waits_for_its_time_is_not_called_old(pool, ready_batches):
    await pool.execute("UPDATE batch SET not_before = now() + interval '1 hour'")
    assert (await shown(pool))["warn_oldest_open_batch_timestamp_seconds", labels(lane="priority")] == 0


async def test_gauges_go_back_to_zero(pool, alerts, ledger, plans, ready_batches):
    metrics = Metrics()
    await Statistics(pool).show(metrics)
    await submit(alerts, "C", chain="A", reason=Reason.CANCEL)
    await plan(ledger, plans, "C")
    await Statistics(pool).show(metrics)
    assert samples(metrics)["warn_batches_open", labels(lane="priority")] == 0
