"""Gauges over the whole installation."""

from datetime import UTC, datetime
from typing import Any

import pytest

from dispatcher.access.principals import UNNAMED_OPERATOR
from dispatcher.metrics import Metrics
from dispatcher.model.approval.request import ApprovalDecision
from dispatcher.model.batches import Progress, ReadyBatch, RecipientProblem
from dispatcher.model.vocabulary import CANARY_SOURCE, UNCERTAIN, Reason, State
from dispatcher.store.alerts.alerts import Alerts
from dispatcher.store.alerts.related_alerts import Outcome, RelatedAlerts
from dispatcher.store.canary.endpoints import CanaryEndpoints
from dispatcher.store.delivery import statistics
from dispatcher.store.delivery.ledger import Ledger
from dispatcher.store.delivery.plans import Plans
from dispatcher.store.delivery.statistics import Statistics
from dispatcher.store.sources import Sources
from tests.metrics.test_registry import samples
from tests.store.canary.test_endpoints import OWN
from tests.store.conftest import batch_ids
from tests.support.histories import plan, submit, subscribe, until
from tests.support.messages import HOUR, NOW, SENDER
from tests.support.people import person
from tests.support.sealed import ADDRESSES
from tests.support.subscribers import named

ACCEPTED, REJECTED, PENDING = State.ACCEPTED, State.REJECTED, State.PENDING


STATES = {"gone": State.GONE, "crash": State.DEAD | UNCERTAIN, "uncertain": State.DEAD | UNCERTAIN}
"""The states that labels lead to where nothing is tried again; else the recipient is rejected."""


async def note(ledger: Ledger, batch_id: int, *labels: str, due: bool = False) -> None:
    lease = await ledger.acquire(batch_id)
    ended = [STATES.get(label, REJECTED) for label in labels]
    ended += [ACCEPTED] * (len(lease.recipients) - len(ended))
    problems = tuple(
        RecipientProblem(n, lease.recipients[n], 2, 0, label, "400", "too long", lease.now if due else None)
        for n, label in enumerate(labels)
    )
    await ledger.release(
        lease, Progress(bytes([State.RETRY] * len(lease.recipients) if due else ended), problems)
    )


async def shown(pool: Any) -> Any:
    metrics = Metrics()
    await Statistics(pool, wait_s=60.0).show(metrics)
    return samples(metrics)


def labels(**names: str) -> frozenset[tuple[str, str]]:
    return frozenset(names.items())


async def test_gauges_show_how_things_stand(
    pool: Any, alerts: Alerts, ledger: Ledger, ready_batches: list[ReadyBatch]
) -> None:
    _, three, two = await batch_ids(pool)
    await note(ledger, three, "permanent", "crash", "gone")
    await note(ledger, two, "transient", "absent", due=True)
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
    assert gauges["warn_retries_scheduled", labels(channel="webpush")] == 1, "and one is merely away"
    assert gauges["warn_dead_letters", labels(channel="webpush")] == 2
    assert gauges["warn_dead_letters", labels(channel="app")] == 0
    assert gauges["warn_subscriptions", labels(channel="webpush")] == 5
    assert gauges["warn_gateways_paused", labels(channel="webpush")] == 1
    assert gauges["warn_recipients_unaccounted", labels()] == 0
    assert gauges["warn_record_up", labels()] == 1


async def test_who_was_given_up_without_an_answer_counts_as_a_dead_letter(
    pool: Any, ledger: Ledger, ready_batches: list[ReadyBatch]
) -> None:
    _, three, _ = await batch_ids(pool)
    await note(ledger, three, "uncertain", "lasting", "expired")
    await pool.execute(
        "UPDATE batch SET outcomes = set_byte(outcomes, 2, $2) WHERE id = $1",
        three,
        State.EXPIRED | UNCERTAIN,
    )
    assert (await shown(pool))["warn_dead_letters", labels(channel="webpush")] == 2


async def test_people_count_once_whatever_they_have_and_once_a_minute(
    pool: Any, subscriptions: Any, sources: Any
) -> None:
    await subscribe(pool, subscriptions, "alone", "inactive")
    await subscribe(pool, subscriptions, "server", channel="app")
    await person(pool, subscriptions, 1, "push", "sms:number")
    await pool.execute(
        "UPDATE subscription SET active = false WHERE id = $1", (await named(pool))["inactive"]
    )
    now, metrics = 0.0, Metrics()
    statistics = Statistics(pool, lambda: now, wait_s=60.0)
    await statistics.show(metrics)
    assert samples(metrics)["warn_people", labels()] == 2
    assert samples(metrics)["warn_subscriptions", labels(channel="webpush")] == 3
    await subscribe(pool, subscriptions, "later")
    for now, people in ((59.0, 2), (60.0, 3)):
        await statistics.show(metrics)
        assert samples(metrics)["warn_people", labels()] == people, now
        assert samples(metrics)["warn_subscriptions", labels(channel="webpush")] == people + 1, now


async def test_a_count_that_takes_long_keeps_nothing_waiting_and_leaves_the_record_in_peace(
    pool: Any, subscriptions: Any
) -> None:
    """Of ten million it takes ten seconds and more, and a sweep is what enqueues whom nobody has told."""
    await subscribe(pool, subscriptions, "a", "b")
    now, metrics = 0.0, Metrics()
    statistics = Statistics(pool, lambda: now, wait_s=0.0)
    async with pool.acquire() as other, other.transaction():
        await other.execute("LOCK TABLE subscription")
        await statistics.show(metrics)
        now = 10.0
        await statistics.show(metrics)
        assert samples(metrics)["warn_record_up", labels()] == 1
        assert samples(metrics)["warn_people", labels()] == 0

    async def counted(people: int) -> bool:
        await statistics.show(metrics)
        return bool(samples(metrics)["warn_people", labels()] == people)

    await until(lambda: counted(2))
    await subscribe(pool, subscriptions, "c")
    now = 499.0  # it took ten seconds, which may be a fiftieth of the time
    assert await counted(2)
    assert statistics._counting is None
    now = 500.0
    await until(lambda: counted(3))


async def test_a_count_under_way_ends_with_its_owner(pool: Any) -> None:
    statistics = Statistics(pool, wait_s=0.0)
    async with pool.acquire() as other, other.transaction():
        await other.execute("LOCK TABLE subscription")
        await statistics.show(Metrics())
        counting = statistics._counting
        await statistics.aclose()
        assert counting is not None
        assert counting.cancelled()


async def test_an_empty_record_shows_zeros(pool: Any) -> None:
    gauges = await shown(pool)
    assert gauges["warn_people", labels()] == 0
    assert gauges["warn_subscriptions", labels(channel="app")] == 0
    assert gauges["warn_oldest_open_batch_timestamp_seconds", labels(lane="flash")] == 0


async def test_canaries_are_none_of_the_endpoints_nor_of_what_is_unaccounted(
    pool: Any, subscriptions: Any, alerts: Alerts, ledger: Ledger, plans: Plans
) -> None:
    await CanaryEndpoints(pool, ADDRESSES).add(OWN, UNNAMED_OPERATOR)
    await subscribe(pool, subscriptions, "a")
    test = {"reason": Reason.CANARY, "status": "Test", "source_id": CANARY_SOURCE}
    await submit(alerts, "canary-A", "canary-own", **test)
    await plan(ledger, plans, "canary-A")
    await pool.execute("UPDATE batch SET deadline = now() - interval '2 minutes'")
    gauges = await shown(pool)
    assert gauges["warn_subscriptions", labels(channel="webpush")] == 1
    assert gauges["warn_recipients_unaccounted", labels()] == 0


async def test_recipients_open_a_minute_after_the_deadline_raise_the_alarm(
    pool: Any, ready_batches: list[ReadyBatch]
) -> None:
    await pool.execute("UPDATE batch SET deadline = now() - interval '2 minutes'")
    assert (await shown(pool))["warn_recipients_unaccounted", labels()] == 6


async def test_what_waits_for_its_time_is_not_called_old(pool: Any, ready_batches: list[ReadyBatch]) -> None:
    await pool.execute("UPDATE batch SET not_before = now() + interval '1 hour'")
    assert (await shown(pool))["warn_oldest_open_batch_timestamp_seconds", labels(lane="priority")] == 0


async def test_what_a_dead_worker_had_for_a_gateway_that_is_paused_is_not_called_old(
    pool: Any, ledger: Ledger, ready_batches: list[ReadyBatch]
) -> None:
    """It is due when the pause ends, and late from then."""
    await pool.execute("UPDATE batch SET not_before = now() - interval '5 minutes'")
    for number in await batch_ids(pool):
        await ledger.acquire(number)
    await pool.execute("UPDATE batch SET lease_until = now() - interval '1 minute'")
    for row in await pool.fetch("SELECT DISTINCT channel, gateway FROM batch"):
        await ledger.pause_gateway(row["channel"], row["gateway"], 60, "breaker")
    assert (await shown(pool))["warn_oldest_open_batch_timestamp_seconds", PRIORITY] == 0
    await pool.execute("UPDATE gateway SET paused_until = now() - interval '2 seconds'")
    now = await pool.fetchval("SELECT extract(epoch FROM now())::float8")
    oldest = (await shown(pool))["warn_oldest_open_batch_timestamp_seconds", PRIORITY]
    assert oldest == pytest.approx(now - 2, abs=1.5)


async def test_gauges_go_back_to_zero(
    pool: Any, alerts: Alerts, ledger: Ledger, plans: Plans, ready_batches: list[ReadyBatch]
) -> None:
    metrics = Metrics()
    await Statistics(pool, wait_s=60.0).show(metrics)
    await submit(alerts, "C", chain="A", reason=Reason.CANCEL)
    await plan(ledger, plans, "C")
    await Statistics(pool, wait_s=60.0).show(metrics)
    assert samples(metrics)["warn_batches_open", labels(lane="priority")] == 0


async def test_the_soonest_end_of_a_key_in_use_is_shown_for_each_kind(pool: Any, sources: Sources) -> None:
    await sources.add_key("leitstelle", f"wk_leitstelle-1_{'s' * 43}")
    assert (await shown(pool))["warn_key_expiry_timestamp_seconds", labels(kind="source")] == 0
    await pool.execute("UPDATE api_key SET expires_at = '2999-01-01T00:00Z'")
    gauges = await shown(pool)
    at = datetime(2999, 1, 1, tzinfo=UTC).timestamp()
    assert gauges["warn_key_expiry_timestamp_seconds", labels(kind="source")] == at
    assert gauges["warn_key_expiry_timestamp_seconds", labels(kind="instance")] == 0


NOBODY, BEHIND = "warn_nobody_reached_since_timestamp_seconds", "warn_gateway_unreached_recipients"
PRIORITY = labels(lane="priority")


def behind(channel: str, gateway: str) -> Any:
    return BEHIND, labels(channel=channel, gateway=gateway, lane="priority")


WAITS = {
    "retrying": "UPDATE batch SET not_before = now() + interval '1 minute', enqueued_at = now()",
    "gateway-paused": "INSERT INTO gateway SELECT DISTINCT channel, gateway, now() + interval '1 hour', '' FROM batch",
    "dead-worker": "UPDATE batch SET lease_token = 7, lease_until = now() - interval '1 minute'",
    "at-work": "UPDATE batch SET lease_token = 7, lease_until = now() + interval '1 minute'",
    "job-lost": "UPDATE batch SET enqueued_at = now()",
}


@pytest.mark.parametrize("wait", WAITS.values(), ids=WAITS.keys())
async def test_nobody_is_reached_whatever_the_batches_wait_for(
    pool: Any, ready_batches: list[ReadyBatch], wait: str
) -> None:
    await pool.execute("UPDATE batch SET created_at = now() - interval '90 seconds'")
    await pool.execute(wait)
    gauges = await shown(pool)
    assert datetime.now(UTC).timestamp() - gauges[NOBODY, PRIORITY] == pytest.approx(90, abs=30)
    assert gauges[behind("webpush", "https://push.example")] == 5
    assert gauges[behind("app", "https://push.example")] == 1
    assert gauges["warn_recipients_without_outcome", PRIORITY] == 6
    assert gauges["warn_recipients_going_out", PRIORITY] == 6


async def test_a_gateway_is_unreached_until_it_accepts_one_in_any_batch_of_the_alert(
    pool: Any, ledger: Ledger, ready_batches: list[ReadyBatch]
) -> None:
    _, three, _ = await batch_ids(pool)
    await pool.execute("UPDATE batch SET created_at = now() - interval '90 seconds'")
    lease = await ledger.acquire(three)
    accepted = Progress(bytes([ACCEPTED] * 3), accepted_first=lease.now, accepted_last=lease.now)
    await ledger.release(lease, accepted)
    gauges = await shown(pool)
    assert gauges[NOBODY, PRIORITY] == 0
    assert behind("webpush", "https://push.example") not in gauges
    assert gauges[behind("app", "https://push.example")] == 1
    assert gauges["warn_recipients_without_outcome", PRIORITY] == 3
    assert gauges["warn_recipients_going_out", PRIORITY] == 6


async def test_nobody_is_reached_by_an_alert_that_is_not_planned(pool: Any, alerts: Alerts) -> None:
    before = datetime.now(UTC).timestamp()
    await submit(alerts, "A")
    await pool.execute("UPDATE alert SET received_at = now() - interval '1 hour'")
    received = (await shown(pool))[NOBODY, PRIORITY]
    assert received == await pool.fetchval("SELECT extract(epoch FROM received_at)::float8 FROM alert")
    await pool.execute("UPDATE alert SET state = 'held'")
    assert (await shown(pool))[NOBODY, PRIORITY] == 0
    outcome = Outcome(Reason.FIRST_NOTICE, "A", "A", NOW + HOUR, ApprovalDecision.APPROVE)
    async with alerts.submission(SENDER) as submission:
        await RelatedAlerts(submission).conclude("A", outcome, UNNAMED_OPERATOR, "checked")
    assert (await shown(pool))[NOBODY, PRIORITY] >= before - 30, "it counts from when it waited no longer"


async def test_a_batch_counts_as_late_from_when_it_is_due_and_not_from_its_making(
    pool: Any, ready_batches: list[ReadyBatch]
) -> None:
    """Or the alarm would ring at each retry and fall silent after it."""
    await pool.execute(
        "UPDATE batch SET created_at = now() - interval '1 hour', not_before = now() - interval '1 second'"
    )
    oldest = (await shown(pool))["warn_oldest_open_batch_timestamp_seconds", PRIORITY]
    assert datetime.now(UTC).timestamp() - oldest < 60


QUESTIONS = {name: getattr(statistics, name) for name in ("_OPEN", "_REACH", "_UNPLANNED", "_LATE")}


@pytest.mark.parametrize("question", QUESTIONS.values(), ids=QUESTIONS.keys())
async def test_what_is_asked_each_second_does_not_read_the_batches_of_other_days(
    pool: Any, alerts: Alerts, ready_batches: list[ReadyBatch], question: str
) -> None:
    for n in range(20):
        await submit(alerts, f"old-{n}")
    await pool.execute("UPDATE alert SET state = 'settled' WHERE id <> 'A'")
    await pool.execute(
        """INSERT INTO batch (alert_id, chain_id, kind, channel, gateway, language, lane, deadline, recipients,
             outcomes, state, first_at)
           SELECT a.id, a.id, 'alert', 'webpush', 'x', 'de', 'flash', now(), '{1}', '\\x10', 'done', now()
           FROM alert a, generate_series(1, 1000) WHERE a.id <> 'A'"""
    )
    await pool.execute("ANALYZE")
    plan = "\n".join(row[0] for row in await pool.fetch(f"EXPLAIN {question}"))
    assert "Seq Scan on batch" not in plan, plan
