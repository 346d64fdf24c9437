"""Planning: Update and Cancel reach exactly those who were reached."""

import asyncio
import json
import random
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from dispatcher.model.batches import Progress
from dispatcher.model.principals import Source
from dispatcher.model.vocabulary import UNCERTAIN, Kind, Reason, State
from dispatcher.store import record
from dispatcher.store.alerts.alerts import Alerts
from dispatcher.store.audience.subscriptions import Subscriptions
from dispatcher.store.delivery import plans as plans_module
from dispatcher.store.delivery.freeze import LOCK_GRAPHS, LOOK_AGAIN, freeze, freeze_first
from dispatcher.store.delivery.plans import FIRST_PORTION, LARGEST_PORTION, PORTION_S, Plans, next_portion
from dispatcher.store.sources import Sources
from tests.support.histories import (
    finish,
    let_leases_end,
    let_wake_ups_lapse,
    plan,
    plan_whole,
    planned,
    submit,
    subscribe,
    subscription,
    until,
)
from tests.support.messages import DUEREN, HEIMBACH, JUELICH, SENDER
from tests.support.sealed import numbers

ACCEPTED, REJECTED = State.ACCEPTED, State.REJECTED


@pytest.fixture
async def three(pool: Any, subscriptions: Subscriptions) -> list[Any]:
    """Anna follows Düren, Bernd Jülich, Clara both."""
    await subscriptions.add_many(
        [subscription("anna", DUEREN), subscription("bernd", JUELICH), subscription("clara", DUEREN, JUELICH)]
    )
    return list((await numbers(pool)).values())


async def serve(ledger: Any, plans: Any, alert_id: Any, outcomes: Any = ACCEPTED) -> None:
    for wake_ups in await plan(ledger, plans, alert_id):
        await finish(ledger, wake_ups.batch_id, outcomes)


async def test_a_first_notice_reaches_everybody_concerned_once(
    alerts: Alerts, pool: Any, ledger: Any, plans: Plans, three: list[Any]
) -> None:
    anna, _, clara = three
    await submit(alerts, "A", DUEREN)
    ready_batches = await plan(ledger, plans, "A")
    assert await planned(pool, "A") == {(Kind.ALERT, anna), (Kind.ALERT, clara)}
    assert len(ready_batches) == 1
    stored = await alerts.get("A")
    assert (stored.state, stored.audience) == ("planned", 2)


async def test_nobody_concerned_means_settled_at_once(
    alerts: Alerts, plans: Plans, ledger: Any, three: list[Any]
) -> None:
    await submit(alerts, "A", HEIMBACH)
    assert await plan(ledger, plans, "A") == []
    stored = await alerts.get("A")
    assert (stored.state, stored.audience) == ("settled", 0)
    assert stored.settled_at is not None


async def test_planning_twice_changes_nothing(
    alerts: Alerts, pool: Any, ledger: Any, plans: Plans, three: list[Any]
) -> None:
    await submit(alerts, "A", DUEREN)
    await plan(ledger, plans, "A")
    before = await pool.fetch("SELECT * FROM batch")
    assert await plan_whole(plans, "A") == []
    assert await pool.fetch("SELECT * FROM batch") == before


async def test_planning_at_once_in_two_workers_makes_one_plan(
    alerts: Alerts, pool: Any, ledger: Any, plans: Plans, three: list[Any]
) -> None:
    await submit(alerts, "A", DUEREN)
    await asyncio.gather(*(plan(ledger, plans, "A") for _ in range(4)))
    assert len(await planned(pool, "A")) == 2


@pytest.fixture
async def crowd(pool: Any, subscriptions: Subscriptions) -> list[Any]:
    """Twenty who follow Düren, with others between them; their numbers."""
    people = [subscription(f"p{number}", (DUEREN, JUELICH)[number % 2]) for number in range(40)]
    await subscriptions.add_many(people)
    rows = await pool.fetch(
        "SELECT subscription_id AS id FROM followed_municipality WHERE ags = $1 ORDER BY 1", DUEREN
    )
    return [row["id"] for row in rows]


@pytest.mark.parametrize("first_portion", [1, 3, 1000])
async def test_a_large_audience_is_planned_in_portions_each_once(
    alerts: Alerts, pool: Any, crowd: list[Any], first_portion: int
) -> None:
    await submit(alerts, "A", DUEREN)
    portions = [
        ready_batches
        async for ready_batches in Plans(pool, 4, first_portion=first_portion).portions("A", in_flight=0)
    ]
    assert len(portions) > 3 if first_portion == 1 else portions
    rows = await pool.fetch("SELECT unnest(recipients) AS id FROM batch")
    assert sorted(row["id"] for row in rows) == crowd
    stored = await alerts.get("A")
    assert (stored.state, stored.audience) == ("planned", 20)


@pytest.mark.parametrize("followup", [False, True], ids=["first notice", "update"])
async def test_a_large_plan_may_take_longer_than_other_statements(
    alerts: Alerts, pool: Any, ledger: Any, database_url: str, crowd: list[Any], followup: bool
) -> None:
    """It was given up after a minute, and tried again from the beginning, for ever."""
    await submit(alerts, "A", DUEREN)
    if followup:
        for ready in await plan_whole(Plans(pool, 4), "A"):
            await finish(ledger, ready.batch_id, State.ACCEPTED)
        await submit(alerts, "B", DUEREN, chain="A")
    hurried = await record.connect(database_url, size=2, command_timeout_s=0.5)
    async with pool.acquire() as other:
        async with other.transaction():
            await other.execute("LOCK TABLE batch IN SHARE MODE")
            planning = asyncio.create_task(plan_whole(Plans(hurried, 4), "B" if followup else "A"))

            async def has_waited() -> bool:
                longest: float | None = await other.fetchval(
                    """SELECT max(extract(epoch FROM clock_timestamp() - query_start)::float8)
                       FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"""
                )
                return planning.done() or (longest or 0.0) > 0.6

            await until(has_waited)
        await planning
    await hurried.close()
    assert (await alerts.get("B" if followup else "A")).state == "planned"


async def test_how_long_another_worker_plans_makes_no_portion_smaller(
    alerts: Alerts, pool: Any, crowd: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    alert = await submit(alerts, "A", DUEREN)
    now, took = 0.0, []

    def same_size(step: int, seconds: float) -> int:
        took.append(seconds)
        return step

    monkeypatch.setattr(plans_module, "time", SimpleNamespace(monotonic=lambda: now))
    monkeypatch.setattr(plans_module, "next_portion", same_size)
    async with pool.acquire() as other:
        async with other.transaction():
            await other.execute(LOCK_GRAPHS, [alert.chain_id])
            planning = asyncio.create_task(plan_whole(Plans(pool, 4), "A"))

            async def waits() -> bool:
                waiting = "SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted)"
                return planning.done() or await other.fetchval(waiting)

            await until(waits)
            now = 100.0
        await planning
    assert took == [0.0]


def test_a_portion_is_as_large_as_takes_about_a_second() -> None:
    assert next_portion(FIRST_PORTION, 0.02) == 2 * FIRST_PORTION
    assert next_portion(LARGEST_PORTION, 0.1) == LARGEST_PORTION
    assert next_portion(100_000, PORTION_S) == 100_000
    assert next_portion(100_000, 18.0) == 50_000
    assert next_portion(FIRST_PORTION, 18.0) == FIRST_PORTION, "what costs so much does so for a single one"
    assert next_portion(1, 18.0) == 1


async def test_a_portion_is_under_way_before_the_next_is_planned(
    alerts: Alerts, pool: Any, crowd: list[Any]
) -> None:
    await submit(alerts, "A", DUEREN)
    portions = Plans(pool, 4, first_portion=2).portions("A", in_flight=0)
    [wake_ups] = await anext(portions)
    assert await pool.fetchval("SELECT count(*) FROM batch") == 1
    assert (await alerts.get("A")).state == "accepted"
    await portions.aclose()
    rest = await plan_whole(Plans(pool, 4, first_portion=2), "A")
    rows = await pool.fetch("SELECT unnest(recipients) AS id FROM batch")
    assert sorted(row["id"] for row in rows) == crowd
    assert wake_ups.batch_id not in {one.batch_id for one in rest}


async def test_what_is_replaced_between_two_portions_is_planned_no_further(
    alerts: Alerts, pool: Any, ledger: Any, crowd: list[Any]
) -> None:
    await submit(alerts, "A", DUEREN)
    portions = Plans(pool, 4, first_portion=2).portions("A", in_flight=0)
    await anext(portions)
    await submit(alerts, "B", DUEREN, chain="A")
    assert [ready_batches async for ready_batches in portions] == [[]]
    plans = Plans(pool, 4, first_portion=2)
    await plan(ledger, plans, "B")
    rows = await pool.fetch("SELECT unnest(recipients) AS id FROM batch WHERE alert_id = 'B'")
    assert sorted(row["id"] for row in rows) == crowd


async def test_portions_by_several_workers_at_once_make_one_plan(
    alerts: Alerts, pool: Any, crowd: list[Any]
) -> None:
    await submit(alerts, "A", DUEREN)
    await asyncio.gather(*(plan_whole(Plans(pool, 4, first_portion=1), "A") for _ in range(3)))
    rows = await pool.fetch("SELECT unnest(recipients) AS id FROM batch")
    assert sorted(row["id"] for row in rows) == crowd


async def test_an_update_tells_each_what_it_means_to_them(
    alerts: Alerts, pool: Any, ledger: Any, plans: Plans, three: list[Any]
) -> None:
    anna, bernd, clara = three
    await submit(alerts, "A", DUEREN)
    await serve(ledger, plans, "A")
    await submit(alerts, "B", JUELICH, chain="A")
    await plan(ledger, plans, "B")
    assert await planned(pool, "B") == {
        (Kind.NO_LONGER_AFFECTED, anna),
        (Kind.ALERT, bernd),
        (Kind.UPDATE, clara),
    }


@pytest.mark.parametrize(
    "end",
    [(Reason.CANCEL, Kind.CANCEL), (Reason.ALL_CLEAR, Kind.CANCEL), (Reason.NO_LONGER_LISTED, Kind.DELISTED)],
)
async def test_the_end_reaches_those_told_and_nobody_else(
    alerts: Alerts, pool: Any, ledger: Any, plans: Plans, three: list[Any], end: tuple[Any, ...]
) -> None:
    reason, kind = end
    anna, _, clara = three
    await submit(alerts, "A", DUEREN)
    await serve(ledger, plans, "A")
    await submit(alerts, "C", DUEREN, JUELICH, chain="A", reason=reason)
    await plan(ledger, plans, "C")
    assert await planned(pool, "C") == {(kind, anna), (kind, clara)}


@pytest.mark.parametrize(
    "fate",
    [
        (State.ACCEPTED, True),
        (State.DELIVERED, True),
        (State.DISPLAYED, True),
        (State.REJECTED, False),
        (State.EXPIRED, False),
        (State.SUPERSEDED, False),
        (State.DEAD, False),
        *[
            (state | UNCERTAIN, True)
            for state in (State.REJECTED, State.EXPIRED, State.SUPERSEDED, State.DEAD)
        ],
    ],
)
async def test_reached_is_whoever_got_it_or_may_have_got_it(
    alerts: Alerts, pool: Any, ledger: Any, plans: Plans, three: list[Any], fate: list[Any] | tuple[Any, ...]
) -> None:
    outcome, reached = fate
    await submit(alerts, "A", DUEREN)
    await serve(ledger, plans, "A", outcome)
    await submit(alerts, "C", chain="A", reason=Reason.CANCEL)
    await plan(ledger, plans, "C")
    assert bool(await planned(pool, "C")) is reached


async def test_a_recipient_told_that_it_is_over_is_told_anew_and_not_updated(
    alerts: Alerts, pool: Any, ledger: Any, plans: Plans, three: list[Any]
) -> None:
    anna, _, clara = three
    await submit(alerts, "A", DUEREN)
    await serve(ledger, plans, "A")
    await submit(alerts, "B", JUELICH, chain="A")
    await serve(ledger, plans, "B")
    await submit(alerts, "C", DUEREN, chain="A")
    await plan(ledger, plans, "C")
    assert {(Kind.ALERT, anna), (Kind.UPDATE, clara)} <= await planned(pool, "C")


async def test_a_lifting_that_reached_nobody_is_tried_again(
    alerts: Alerts, pool: Any, ledger: Any, plans: Plans, three: list[Any]
) -> None:
    anna, *_ = three
    await submit(alerts, "A", DUEREN)
    await serve(ledger, plans, "A")
    for one in ("B", "C"):
        await submit(alerts, one, JUELICH, chain="A")
        await serve(ledger, plans, one, State.DEAD)
        assert (Kind.NO_LONGER_AFFECTED, anna) in await planned(pool, one)


async def test_who_is_gone_is_told_nothing_more(
    alerts: Alerts, pool: Any, ledger: Any, plans: Plans, three: list[Any]
) -> None:
    anna, _, clara = three
    await submit(alerts, "A", DUEREN)
    await serve(ledger, plans, "A")
    await pool.execute("UPDATE subscription SET ended_at = now() WHERE id = $1", anna)
    await submit(alerts, "C", chain="A", reason=Reason.CANCEL)
    await plan(ledger, plans, "C")
    assert await planned(pool, "C") == {(Kind.CANCEL, clara)}


async def test_what_is_queued_is_stopped_and_its_recipients_get_the_later_message_only(
    alerts: Alerts, pool: Any, ledger: Any, plans: Plans, three: list[Any]
) -> None:
    await submit(alerts, "A", DUEREN)
    [wake_ups] = await plan(ledger, plans, "A")
    await submit(alerts, "B", DUEREN, chain="A")
    assert await ledger.acquire(wake_ups.batch_id) is None, "from the commit on, not only from the plan on"
    await plan(ledger, plans, "B")
    assert {kind for kind, _ in await planned(pool, "B")} == {Kind.ALERT}
    assert await pool.fetchval("SELECT outcomes FROM batch WHERE alert_id = 'A'") == bytes(
        [State.SUPERSEDED] * 2
    )
    assert (await alerts.get("A")).state == "settled"


async def test_an_alert_stopped_before_its_plan_never_gets_one(
    alerts: Alerts, pool: Any, ledger: Any, plans: Plans, three: list[Any]
) -> None:
    await submit(alerts, "A", DUEREN)
    await submit(alerts, "B", DUEREN, chain="A")
    assert await plan(ledger, plans, "A") == []
    stored = await alerts.get("A")
    assert stored.state == "settled"
    assert stored.settled_at is not None
    assert await planned(pool, "A") == set()


async def test_those_whose_earlier_message_is_in_hand_wait_for_the_answer(
    alerts: Alerts, pool: Any, ledger: Any, plans: Plans, subscriptions: Subscriptions
) -> None:
    """Batches of three: one is done, one in a worker's hand, one waits."""
    ids = sorted(await subscribe(pool, subscriptions, *"abcdefghi"))
    await submit(alerts, "A", DUEREN)
    done, held, _ = await plan(ledger, plans, "A")
    await finish(ledger, done.batch_id, ACCEPTED)
    lease = await ledger.acquire(held.batch_id)
    await submit(alerts, "B", DUEREN, chain="A")
    await plan(ledger, plans, "B")
    first = {(Kind.UPDATE, one) for one in ids[:3]} | {(Kind.ALERT, one) for one in ids[6:]}
    assert await planned(pool, "B") == first
    assert (await alerts.get("B")).state == "accepted", "it is not forgotten"
    await ledger.release(lease, Progress(bytes([ACCEPTED, REJECTED, State.PENDING])))
    await plan(ledger, plans, "B")
    second = {(Kind.UPDATE, ids[3]), (Kind.ALERT, ids[4]), (Kind.ALERT, ids[5])}
    assert await planned(pool, "B") == first | second
    stored = await alerts.get("B")
    assert (stored.state, stored.audience) == ("planned", 9)


async def test_those_in_hand_of_a_process_that_died_count_as_reached(
    alerts: Alerts, pool: Any, ledger: Any, plans: Plans, subscriptions: Subscriptions
) -> None:
    one, _ = sorted(await subscribe(pool, subscriptions, *"ab"))
    await submit(alerts, "A", DUEREN)
    [wake_ups] = await plan(ledger, plans, "A")
    lease = await ledger.acquire(wake_ups.batch_id)
    await ledger.advance(lease, Progress(bytes([State.CLAIMED, State.PENDING])))
    await let_leases_end(pool)
    await submit(alerts, "C", chain="A", reason=Reason.CANCEL)
    await plan(ledger, plans, "C")
    assert await planned(pool, "C") == {(Kind.CANCEL, one)}


async def test_an_update_stopped_between_two_rounds_of_its_plan_is_settled_with_its_batches(
    alerts: Alerts, pool: Any, ledger: Any, plans: Plans, subscriptions: Subscriptions
) -> None:
    await subscribe(pool, subscriptions, *"abcdef")
    await submit(alerts, "A", DUEREN)
    _, held = await plan(ledger, plans, "A")
    lease = await ledger.acquire(held.batch_id)
    await submit(alerts, "B", DUEREN, chain="A")
    [wake_ups] = await plan(ledger, plans, "B")
    second = await ledger.acquire(wake_ups.batch_id)
    await submit(alerts, "C", DUEREN, chain="A")
    await plan(ledger, plans, "B")
    stored = await alerts.get("B")
    assert (stored.state, stored.settled_at) == ("planned", None), "a batch of it is in hand still"
    await ledger.release(lease, Progress(bytes([ACCEPTED] * 3)))
    await ledger.release(second, Progress(bytes([ACCEPTED] * 3)))
    await plan(ledger, plans, "C")
    stored = await alerts.get("B")
    assert stored.state == "settled"
    assert stored.settled_at is not None


async def test_batches_hold_one_channel_one_gateway_one_language_one_kind(
    alerts: Alerts, pool: Any, ledger: Any, plans: Plans, subscriptions: Subscriptions
) -> None:
    await subscribe(pool, subscriptions, *"abcd")
    await subscribe(pool, subscriptions, "e", language="en")
    await subscribe(pool, subscriptions, "f", channel="app")
    await subscribe(pool, subscriptions, "g", gateway="https://other.example")
    await submit(alerts, "A", DUEREN)
    await plan(ledger, plans, "A")
    rows = await pool.fetch("SELECT channel, gateway, language, cardinality(recipients) AS n FROM batch")
    push, other = "https://push.example", "https://other.example"
    assert sorted(tuple(row) for row in rows) == [
        ("app", push, "de", 1),
        ("webpush", other, "de", 1),
        ("webpush", push, "de", 1),
        ("webpush", push, "de", 3),
        ("webpush", push, "en", 1),
    ]


async def test_a_message_that_joins_two_chains_reaches_those_told_by_either(
    alerts: Alerts, pool: Any, ledger: Any, plans: Plans, three: list[Any]
) -> None:
    anna, _, clara = three
    await submit(alerts, "A", DUEREN)
    await serve(ledger, plans, "A")
    await submit(alerts, "X", JUELICH)
    [wake_ups] = await plan(ledger, plans, "X")
    await submit(alerts, "C", chain="A", merge=("X",), reason=Reason.CANCEL)
    assert await ledger.acquire(wake_ups.batch_id) is None
    await plan(ledger, plans, "C")
    assert await planned(pool, "C") == {(Kind.CANCEL, anna), (Kind.CANCEL, clara)}


async def test_the_plan_and_the_hash_of_its_audience_are_on_the_audit_trail(
    alerts: Alerts, pool: Any, ledger: Any, plans: Plans, three: list[Any]
) -> None:
    await submit(alerts, "A", DUEREN)
    await plan(ledger, plans, "A")
    digest = await pool.fetchval("SELECT audience_sha256 FROM alert")
    detail = await pool.fetchval("SELECT detail FROM audit WHERE action = 'alert.plan'")
    assert detail == {"audience_sha256": digest.hex()}


async def test_waiting_names_each_alert_whose_bell_may_be_lost_once(
    alerts: Alerts, pool: Any, plans: Plans
) -> None:
    await submit(alerts, "A")
    assert await plans.waiting() == [], "its bell has just been rung"
    await let_wake_ups_lapse(pool)
    assert [ready.alert_id for ready in await plans.waiting()] == ["A"]
    assert await plans.waiting() == []


class Model:
    """The promise in plain Python: who was told what, and so who must be told what."""

    def __init__(self, places: Any) -> None:
        self.places = places
        self.told = {}
        """{chain: {recipient: kind last reached with}}"""

    def expected(self, chain: Any, areas: Any, *, ending: Any) -> Any:
        told = {
            one for one, kind in self.told.setdefault(chain, {}).items() if kind in {Kind.ALERT, Kind.UPDATE}
        }
        alive = set(self.places)
        if ending:
            return {(Kind.CANCEL, one) for one in told & alive}
        concerned = {one for one, places in self.places.items() if places & areas}
        return (
            {(Kind.UPDATE, one) for one in told & concerned}
            | {(Kind.ALERT, one) for one in concerned - told}
            | {(Kind.NO_LONGER_AFFECTED, one) for one in (told - concerned) & alive}
        )

    def learn(self, chain: Any, kind: Any, recipient: Any, outcome: Any) -> None:
        """Who may have been alarmed was told; who may only have heard that it is over was not."""
        uncertain = outcome >= UNCERTAIN and kind in {Kind.ALERT, Kind.UPDATE}
        if uncertain or State.ACCEPTED <= outcome <= State.DISPLAYED:
            self.told[chain][recipient] = kind


ENDS = (State.ACCEPTED, State.ACCEPTED, State.DELIVERED, State.REJECTED, State.EXPIRED, State.DEAD)
OUTCOMES = (*ENDS, State.REJECTED | UNCERTAIN, State.EXPIRED | UNCERTAIN)
PLACES = (DUEREN, HEIMBACH, JUELICH, "05358052")


class History:
    """A random history of one chain, run on the record and on the model."""

    def __init__(self, rng: Any, model: Any, record: Any, chain: Any) -> None:
        self.rng, self.model, self.chain = rng, model, chain
        self.alerts, self.pool, self.ledger, self.plans = record
        self.count = 0

    async def message(self) -> None:
        self.count += 1
        alert_id = f"{self.chain}.{self.count}" if self.count > 1 else self.chain
        areas = set(self.rng.sample(PLACES, self.rng.randint(1, 3)))
        ending = self.count > 1 and self.rng.random() < 0.25
        reason = Reason.CANCEL if ending else None
        changes = {"reason": reason} if reason else {}
        await submit(self.alerts, alert_id, *areas, chain=self.chain if self.count > 1 else None, **changes)
        await self.plan(alert_id)
        assert await planned(self.pool, alert_id) == self.model.expected(self.chain, areas, ending=ending)
        await self.deliver(alert_id)

    async def plan(self, alert_id: Any) -> None:
        """Round by round, with workers that still hold earlier batches putting them down in between."""
        for _ in range(20):
            await plan(self.ledger, self.plans, alert_id)
            if (await self.alerts.get(alert_id)).state != "accepted":
                break
            lease = self.held.pop()
            await self.put_down(lease)
        await self.learn_closed()

    async def put_down(self, lease: Any) -> None:
        """The recipients of a batch in hand: some served meanwhile, some not started."""
        outcomes = bytes(self.rng.choice([*OUTCOMES, State.PENDING, State.RETRY]) for _ in lease.recipients)
        await self.ledger.release(lease, Progress(outcomes))

    async def learn_closed(self) -> None:
        """What the model may know: every batch of the chain that is done, in order."""
        rows = await self.pool.fetch(
            "SELECT kind, recipients, outcomes FROM batch WHERE chain_id = $1 AND state = 'done' ORDER BY id",
            self.chain,
        )
        self.model.told[self.chain] = {}
        for row in rows:
            for recipient, outcome in zip(row["recipients"], row["outcomes"], strict=True):
                self.model.learn(self.chain, Kind(row["kind"]), recipient, outcome)

    async def deliver(self, alert_id: Any) -> None:
        self.held = []
        for row in await self.pool.fetch("SELECT id FROM batch WHERE alert_id = $1", alert_id):
            fate = self.rng.choice(["finish", "finish", "finish", "leave", "hold", "die"])
            if fate == "leave":
                continue
            lease = await self.ledger.acquire(row["id"])
            if fate == "finish":
                outcomes = bytes(self.rng.choice(OUTCOMES) for _ in lease.recipients)
                await self.ledger.release(lease, Progress(outcomes))
            elif fate == "hold":
                self.held.append(lease)
            else:
                outcomes = bytes(
                    self.rng.choice([*OUTCOMES, State.CLAIMED, State.PENDING]) for _ in lease.recipients
                )
                await self.ledger.advance(lease, Progress(outcomes))
                await self.pool.execute(
                    "UPDATE batch SET lease_until = clock_timestamp() - interval '1 ms' WHERE id = $1",
                    row["id"],
                )
        if not self.held:
            await self.learn_closed()


@pytest.mark.parametrize("seed", range(12))
async def test_over_any_history_update_and_cancel_reach_exactly_those_who_were_reached(
    seed: Any, alerts: Alerts, pool: Any, ledger: Any, plans: Plans, subscriptions: Subscriptions
) -> None:
    rng = random.Random(seed)
    names = [f"p{n}" for n in range(rng.randint(1, 25))]
    items = [subscription(name, *rng.sample(PLACES, rng.randint(1, 3))) for name in names]
    await subscriptions.add_many(items)
    rows = await pool.fetch(
        "SELECT subscription_id AS id, array_agg(ags) AS places FROM followed_municipality GROUP BY 1"
    )
    model = Model({row["id"]: set(row["places"]) for row in rows})
    record = (alerts, pool, ledger, plans)
    for number in range(3):
        history = History(rng, model, record, f"C{number}")
        for _ in range(6):
            await history.message()
            if model.places and rng.random() < 0.3:
                ended = model.places.popitem()[0]
                await pool.execute("UPDATE subscription SET ended_at = now() WHERE id = $1", ended)
    assert await pool.fetchval("SELECT count(*) FROM alert WHERE state NOT IN ('planned', 'settled')") == 0


@pytest.mark.parametrize(
    ("outcome", "heard"), [(State.ACCEPTED, set()), (State.REJECTED, {"no_longer_affected"})]
)
async def test_whom_a_shortening_update_did_not_reach_is_told_when_it_is_over(
    alerts: Alerts, ledger: Any, plans: Plans, pool: Any, three: list[Any], *, outcome: State, heard: set[str]
) -> None:
    """They hold the text of before, which says a later end."""
    del three
    await submit(alerts, "A")
    await serve(ledger, plans, "A")
    told = await alerts.get("A")
    assert told is not None
    sooner = told.expires - timedelta(hours=3)
    await submit(alerts, "U", chain="A", expires=sooner)
    await serve(ledger, plans, "U", outcome)
    assert await pool.fetchval("SELECT plan_at FROM alert WHERE id = 'U'") == sooner
    await pool.execute(
        "UPDATE alert SET expires = clock_timestamp(), plan_at = clock_timestamp() WHERE id = 'U'"
    )
    before = await pool.fetchval("SELECT max(id) FROM batch")
    await plan(ledger, plans, "U")
    kinds = await pool.fetch("SELECT kind FROM batch WHERE id > $1", before)
    assert {row["kind"] for row in kinds} == heard


async def _rows_walked(pool: Any, ledger: Any, alerts: Alerts, plans: Plans, messages: int) -> int:
    """How many rows the plan of the last of so many messages goes through, each of which names all before it."""
    names = [f"{messages}-{number:03}" for number in range(messages)]
    await submit(alerts, names[0], DUEREN)
    await serve(ledger, plans, names[0])
    for name in names[1:-1]:
        await submit(alerts, name, DUEREN, chain=names[0])
        await serve(ledger, plans, name)
    last = await submit(alerts, names[-1], DUEREN, chain=names[0])
    chain, everybody = [names[0]], (0, 1 << 62)
    values = chain, last.id, False, last.lane, last.expires, 100, Kind.CANCEL, [], *everybody, False, []
    await pool.execute("ANALYZE")  # else the way taken depends on whether autovacuum has been here
    async with pool.acquire() as connection, connection.transaction():
        found = await connection.fetchval(
            f"EXPLAIN (ANALYZE, FORMAT JSON) {freeze(beside=False, particular=False)}",
            *values,
            LOOK_AGAIN,
            [],
            [],
        )
    return _walked(json.loads(found)[0]["Plan"])


def _walked(node: Any) -> int:
    below = sum(_walked(one) for one in node.get("Plans", ()))
    return below + int(node["Actual Rows"] * node["Actual Loops"])


async def test_the_cost_of_a_plan_grows_with_the_references_and_not_with_the_ways_along_them(
    pool: Any, alerts: Alerts, ledger: Any, plans: Plans, three: list[Any]
) -> None:
    few = await _rows_walked(pool, ledger, alerts, plans, 20)
    many = await _rows_walked(pool, ledger, alerts, plans, 60)
    assert many <= 9 * few  # there are nine times as many references


@pytest.mark.parametrize("particular", [False, True])
@pytest.mark.parametrize("spoken_for", [False, True])
async def test_a_portion_reads_no_subscription_beside_its_own(
    pool: Any, alerts: Alerts, subscriptions: Subscriptions, *, spoken_for: bool, particular: bool
) -> None:
    await subscriptions.add_many([subscription(f"p{number}", DUEREN) for number in range(3_000)])
    alert = await submit(alerts, "A", DUEREN)
    await pool.execute("ANALYZE")
    before = await pool.fetchval("SELECT min(id) - 1 FROM subscription")
    portion = (before + 1_000, before + 2_000)
    wishes = (4, False, True, "Europe/Berlin", False) if particular else ()
    told = ([],) if spoken_for else ()
    async with pool.acquire() as connection, connection.transaction():
        found = await connection.fetchval(
            f"EXPLAIN (ANALYZE, FORMAT JSON) {freeze_first(spoken_for=spoken_for, particular=particular)}",
            *("A", alert.id, alert.lane, alert.expires, 100, [], *portion, [], [], *wishes, *told),
        )
        assert await connection.fetchval("SELECT sum(cardinality(recipients)) FROM batch") == 1_000
    assert _read(json.loads(found)[0]["Plan"], "subscription") <= 1_000


def _read(node: Any, table: str) -> int:
    """How many rows a plan reads of a table, those included that it does not use."""
    below = sum(_read(one, table) for one in node.get("Plans", ()))
    if node.get("Relation Name") != table:
        return below
    each = node["Actual Rows"] + node.get("Rows Removed by Filter", 0)
    return below + round(each * node["Actual Loops"])


async def test_a_limit_leaves_no_source_out_of_what_is_to_be_planned(
    pool: Any, alerts: Alerts, plans: Plans, sources: Sources
) -> None:
    await sources.put(Source("other", "other", frozenset({SENDER}), ("05358",)))
    for alert_id, source_id in (("A", "leitstelle"), ("B", "leitstelle"), ("C", "other")):
        await submit(alerts, alert_id, source_id=source_id)
    await let_wake_ups_lapse(pool)
    first, second = await plans.waiting(limit=2), await plans.waiting()
    assert {ready.source_id for ready in first} == {"leitstelle", "other"}
    assert {ready.alert_id for ready in [*first, *second]} == {"A", "B", "C"}
