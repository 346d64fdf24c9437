"""Once per person: whose first endpoint works is told once, and nobody is lost."""

import random
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from dispatcher.api.subscribers.bodies import SubscriberWanted
from dispatcher.model.batches import Closed, Progress
from dispatcher.model.vocabulary import UNCERTAIN, Kind, Lane, Reason, State
from dispatcher.store.alerts.alerts import Alerts
from dispatcher.store.audience.subscriptions import Subscriptions
from dispatcher.store.delivery.plans import PENDING, Plans, pending_alert
from dispatcher.store.delivery.progress import recipient_progress
from dispatcher.store.delivery.standby import PATIENCE, Called, Standby
from tests.support import documents
from tests.support.histories import finish, let_leases_end, plan, planned, submit, subscribe
from tests.support.messages import DUEREN, JUELICH
from tests.support.people import outcomes, person, wish

ACCEPTED, GONE = State.ACCEPTED, State.GONE
NOBODY = Called()


@pytest.fixture
def standby(pool: Any) -> Standby:
    return Standby(pool, 3)


async def call(standby: Standby, alert_id: str) -> Called:
    """As the planner calls what waits, or what waited a moment ago."""
    return await standby.call(pending_alert(await standby._pool.fetchrow(PENDING, alert_id)))


async def serve(ledger: Any, ready_batches: Any, outcome: Any = ACCEPTED) -> None:
    for ready in ready_batches:
        await finish(ledger, ready.batch_id, outcome)


async def told(pool: Any, alert_id: str = "A") -> set[int]:
    return {recipient for _, recipient in await planned(pool, alert_id)}


async def standing_by(pool: Any) -> set[int]:
    return {
        row["recipient"] for row in await pool.fetch("SELECT recipient FROM standby WHERE batch_id IS NULL")
    }


async def let_pass(pool: Any, time: timedelta) -> None:
    """What so much time does to what is on record."""
    await pool.execute(
        "UPDATE batch SET created_at = created_at - $1::interval, first_at = first_at - $1::interval", time
    )
    await pool.execute("UPDATE standby SET look_at = look_at - $1::interval", time)


async def test_the_best_endpoint_of_a_person_is_told_and_the_others_stand_by(
    alerts: Alerts, pool: Any, ledger: Any, plans: Plans, subscriptions: Subscriptions
) -> None:
    [other] = await subscribe(pool, subscriptions, "other")
    push, sms = await person(pool, subscriptions, 1, "push", "sms:number")
    await submit(alerts, "A")
    await plan(ledger, plans, "A")
    assert await told(pool) == {push, other}
    assert await standing_by(pool) == {sms}
    assert (await alerts.get("A")).audience == 2, "people, not endpoints"


async def test_who_stands_by_is_dismissed_when_the_person_is_reached(
    alerts: Alerts, pool: Any, ledger: Any, plans: Plans, subscriptions: Subscriptions, standby: Standby
) -> None:
    push, _ = await person(pool, subscriptions, 1, "push", "sms:number")
    await submit(alerts, "A")
    ready_batches = await plan(ledger, plans, "A")
    assert await call(standby, "A") == NOBODY, "the first is not tried yet"
    await serve(ledger, ready_batches)
    await ledger.settle_finished()
    assert (await alerts.get("A")).state == "planned", "somebody stands by"
    assert await call(standby, "A") == NOBODY
    await ledger.settle_finished()
    assert (await alerts.get("A")).state == "settled"
    assert await told(pool) == {push}
    assert not await pool.fetch("SELECT FROM standby")


@pytest.mark.parametrize("outcome", [State.GONE, State.REJECTED, State.DEAD, State.DEAD | UNCERTAIN])
async def test_where_the_first_ends_without_acceptance_the_next_is_told_at_once(
    outcome: int, alerts: Alerts, pool: Any, ledger: Any, subscriptions: Subscriptions, standby: Standby
) -> None:
    push, fcm, sms = await person(pool, subscriptions, 1, "push", "fcm:token", "sms:number")
    await submit(alerts, "A")
    await serve(ledger, await plan(ledger, Plans(pool, 3), "A"), outcome)
    assert [one.id for one in await standby.waiting()] == ["A"]
    second = (await call(standby, "A")).ready
    assert await told(pool) == {push, fcm}
    await serve(ledger, second, outcome)
    await serve(ledger, (await call(standby, "A")).ready)
    assert await told(pool) == {push, fcm, sms}
    assert await call(standby, "A") == NOBODY
    assert not await pool.fetch("SELECT FROM standby")
    stored = await alerts.get("A")
    assert stored.audience == 1
    assert await pool.fetchval("SELECT doubled FROM alert") == 2


async def test_who_stops_taking_part_in_exercises_while_standing_by_is_not_called_up(
    alerts: Alerts, pool: Any, ledger: Any, plans: Plans, subscriptions: Subscriptions, standby: Standby
) -> None:
    stays = await person(pool, subscriptions, 1, "push", "sms:number", drills=True)
    leaves = await person(pool, subscriptions, 2, "push:other", "sms:another", drills=True)
    await submit(alerts, "A", status="Exercise", reason=Reason.DRILL, lane=Lane.EXERCISE)
    ready_batches = await plan(ledger, plans, "A")
    assert await told(pool) == {stays[0], leaves[0]}
    await wish(pool, leaves[1], drills=False)
    await serve(ledger, ready_batches, GONE)
    await call(standby, "A")
    assert await told(pool) == {*stays, leaves[0]}
    assert await standing_by(pool) == set()


async def test_quiet_hours_until_after_the_end_keep_no_other_endpoint_from_being_told(
    alerts: Alerts, pool: Any, ledger: Any, plans: Plans, subscriptions: Subscriptions, standby: Standby
) -> None:
    """Who claimed the device first sleeps; so does the second, and the third does not."""
    now = datetime.now(ZoneInfo("Europe/Berlin"))
    hours = {
        "quiet_from": (now - timedelta(hours=1)).time().replace(microsecond=0),
        "quiet_until": (now + timedelta(hours=1)).time().replace(microsecond=0),
    }
    first, second, third = await person(pool, subscriptions, 1, "@a:one", "@b:two", "@c:three")
    for claim, one in enumerate((first, second, third)):
        await wish(pool, one, claim=claim, **({} if one == third else hours))
    await submit(alerts, "A", expires=datetime.now(UTC) + timedelta(minutes=30))
    assert await plan(ledger, plans, "A") == []
    called = await call(standby, "A")
    assert (called.people, called.ready) == (0, ())
    assert called.quiet == Closed(State.QUIET_PAST_END, 0, {("webpush", Lane.PRIORITY): 1})
    last = await call(standby, "A")
    assert (last.people, last.quiet.recipients) == (1, {})
    await serve(ledger, last.ready)
    assert await outcomes(pool, "A") == {
        first: State.QUIET_PAST_END,
        second: State.QUIET_PAST_END,
        third: State.ACCEPTED,
    }
    progress = await recipient_progress(pool, "A")
    assert (progress.recipients, progress.accepted, progress.quiet_past_end) == (1, 1, 0)


async def test_a_first_attempt_that_failed_keeps_the_person_waiting_for_a_minute(
    alerts: Alerts, pool: Any, ledger: Any, plans: Plans, subscriptions: Subscriptions, standby: Standby
) -> None:
    push, sms = await person(pool, subscriptions, 1, "push", "sms:number")
    await submit(alerts, "A")
    await serve(ledger, await plan(ledger, plans, "A"), State.RETRY)
    await let_pass(pool, PATIENCE - timedelta(seconds=5))
    assert await call(standby, "A") == NOBODY
    await let_pass(pool, timedelta(seconds=5))
    assert (await call(standby, "A")).ready
    assert await told(pool) == {push, sms}


async def test_a_gateway_that_takes_nothing_keeps_nobody_waiting(
    alerts: Alerts, pool: Any, ledger: Any, plans: Plans, subscriptions: Subscriptions, standby: Standby
) -> None:
    await person(pool, subscriptions, 1, "push", "sms:number")
    await submit(alerts, "A")
    await plan(ledger, plans, "A")
    await let_pass(pool, PATIENCE)
    assert await call(standby, "A") == NOBODY, "it is only its turn that has not come"
    await ledger.pause_gateway("webpush", "https://push.example", 60, "down")
    assert (await call(standby, "A")).people == 1


async def test_what_waits_in_the_queue_for_half_of_its_time_does_not_keep_the_next(
    alerts: Alerts, pool: Any, ledger: Any, plans: Plans, subscriptions: Subscriptions, standby: Standby
) -> None:
    await person(pool, subscriptions, 1, "push", "sms:number")
    await submit(alerts, "A")
    await plan(ledger, plans, "A")
    await let_pass(pool, timedelta(hours=6))
    assert (await call(standby, "A")).people == 1


async def test_without_a_confirmation_the_next_is_told_when_the_person_wants(
    alerts: Alerts, pool: Any, ledger: Any, plans: Plans, subscriptions: Subscriptions, standby: Standby
) -> None:
    push, sms = await person(pool, subscriptions, 1, "push", "sms:number", escalate_after_s=300)
    await submit(alerts, "A", severity="Extreme")
    lease = await ledger.acquire((await plan(ledger, plans, "A"))[0].batch_id)
    await ledger.release(
        lease, Progress(bytes([ACCEPTED]), accepted_first=lease.now, accepted_last=lease.now)
    )
    assert await told(pool) == {push}, "the person does not want all at once"
    assert await call(standby, "A") == NOBODY
    assert await standby.waiting() == [], "there is nothing to see before"
    await let_pass(pool, timedelta(seconds=301))
    assert (await call(standby, "A")).ready
    assert await told(pool) == {push, sms}


async def test_a_confirmation_dismisses_the_next(
    alerts: Alerts, pool: Any, ledger: Any, plans: Plans, subscriptions: Subscriptions, standby: Standby
) -> None:
    await person(pool, subscriptions, 1, "push", "sms:number", escalate_after_s=300)
    await submit(alerts, "A")
    await serve(ledger, await plan(ledger, plans, "A"))
    await pool.execute(
        "INSERT INTO batch_receipt (batch_id, delivered, displayed, confirmed) SELECT id, B'1', B'1', B'1' FROM batch"
    )
    assert await call(standby, "A") == NOBODY
    assert not await pool.fetch("SELECT FROM standby")


async def test_of_extreme_all_own_endpoints_are_told_but_an_app_of_another_instance_says_the_same(
    alerts: Alerts, pool: Any, ledger: Any, plans: Plans, subscriptions: Subscriptions, standby: Standby
) -> None:
    push, sms, other = await person(pool, subscriptions, 1, "push", "sms:number", "push@aachen:other")
    await pool.execute("UPDATE subscription SET channel = 'webpush' WHERE id = $1", other)
    await submit(alerts, "A", severity="Extreme")
    await serve(ledger, await plan(ledger, plans, "A"))
    assert await told(pool) == {push, sms}
    assert await call(standby, "A") == NOBODY
    stored = await alerts.get("A")
    assert (stored.audience, await pool.fetchval("SELECT doubled FROM alert")) == (1, 1)


SEVERAL = documents.rows(documents.section(documents.page("subscribing.md"), "### Several endpoints"))


@pytest.mark.parametrize(
    ("after_s", "severity", "said"),
    [
        (after_s, severity, row[column])
        for after_s, row in zip((None, 30), SEVERAL, strict=True)
        for severity, column in (("Extreme", 1), ("Severe", 2), ("Moderate", 2))
    ],
)
async def test_which_endpoints_are_told_is_as_makers_of_apps_are_told(  # noqa: PLR0917 - fixtures
    after_s: int | None,
    severity: str,
    said: str,
    alerts: Alerts,
    pool: Any,
    ledger: Any,
    plans: Plans,
    subscriptions: Subscriptions,
    standby: Standby,
) -> None:
    both = await person(pool, subscriptions, 1, "push", "push:second", escalate_after_s=after_s)
    await submit(alerts, "A", severity=severity)
    await serve(ledger, await plan(ledger, plans, "A"))
    assert await told(pool) == set(both if said.startswith("all at once") else both[:1])
    await let_pass(pool, timedelta(seconds=31))
    await call(standby, "A")
    assert await told(pool) == set(both if "all at once" in said or "so many seconds" in said else both[:1])


def test_the_schema_says_of_extreme_alone_what_holds_of_nothing_else() -> None:
    said = SubscriberWanted.model_fields["escalate_after_s"].description or ""
    assert "of an Extreme warning all are told at once, of any other the first" in said


@pytest.mark.parametrize("severity", ["Severe", "Extreme"])
async def test_two_apps_on_one_device_are_alarmed_once(
    severity: str, alerts: Alerts, pool: Any, ledger: Any, plans: Plans, subscriptions: Subscriptions
) -> None:
    ids = await person(pool, subscriptions, 1, "fcm@aachen:one", "fcm@dueren:two")
    await pool.execute("UPDATE subscription SET position = 0")
    await submit(alerts, "A", severity=severity)
    await plan(ledger, plans, "A")
    assert await told(pool) == {ids[0]}


async def test_the_endpoints_of_a_person_that_a_warning_does_not_concern_count_for_nothing(
    alerts: Alerts, pool: Any, ledger: Any, plans: Plans, subscriptions: Subscriptions
) -> None:
    [here] = await person(pool, subscriptions, 1, "here")
    [there] = await person(pool, subscriptions, 1, "there", places=(JUELICH,))
    await wish(pool, here, position=1)
    await submit(alerts, "A", DUEREN)
    await plan(ledger, plans, "A")
    assert await told(pool) == {here}
    assert not await standing_by(pool)
    assert there


@pytest.mark.parametrize("first_portion", [1, 2, 1000])
async def test_a_person_is_told_once_however_the_plan_is_portioned(
    first_portion: int, alerts: Alerts, pool: Any, ledger: Any, subscriptions: Subscriptions
) -> None:
    numbers = list(range(6)) * 3
    random.Random(first_portion).shuffle(numbers)
    for n, number in enumerate(numbers):
        await person(pool, subscriptions, number, f"e{n}")
    await subscribe(pool, subscriptions, "loner")
    await pool.execute("UPDATE subscription SET position = (id * 7 % 5)::int")
    await submit(alerts, "A")
    await plan(ledger, Plans(pool, 2, first_portion=first_portion), "A")
    best = await pool.fetch(
        "SELECT DISTINCT ON (coalesce(person, -id)) id FROM subscription ORDER BY coalesce(person, -id), position, id"
    )
    assert await told(pool) == {row["id"] for row in best}
    assert len(await standing_by(pool)) == 12
    assert (await alerts.get("A")).audience == 7


async def test_an_update_and_the_end_go_to_the_endpoints_that_were_alarmed(
    alerts: Alerts, pool: Any, ledger: Any, plans: Plans, subscriptions: Subscriptions, standby: Standby
) -> None:
    push, sms = await person(pool, subscriptions, 1, "push", "sms:number")
    await submit(alerts, "A")
    await serve(ledger, await plan(ledger, plans, "A"), State.REJECTED)
    await serve(ledger, (await call(standby, "A")).ready)
    await submit(alerts, "B", chain="A")
    await serve(ledger, await plan(ledger, plans, "B"))
    assert await planned(pool, "B") == {(Kind.UPDATE, sms)}
    await submit(alerts, "C", chain="A", reason=Reason.CANCEL)
    await plan(ledger, plans, "C")
    assert await planned(pool, "C") == {(Kind.CANCEL, sms)}
    assert push


async def test_an_update_that_does_not_reach_the_alarmed_endpoint_is_told_to_the_next(
    alerts: Alerts, pool: Any, ledger: Any, plans: Plans, subscriptions: Subscriptions, standby: Standby
) -> None:
    push, sms = await person(pool, subscriptions, 1, "push", "sms:number")
    await submit(alerts, "A")
    await serve(ledger, await plan(ledger, plans, "A"))
    await submit(alerts, "B", chain="A")
    await serve(ledger, await plan(ledger, plans, "B"), State.GONE)
    assert await planned(pool, "B") == {(Kind.UPDATE, push)}
    await call(standby, "B")
    assert await planned(pool, "B") == {(Kind.UPDATE, push), (Kind.ALERT, sms)}


async def test_a_later_app_of_a_device_that_was_alarmed_takes_no_update_from_an_earlier_one(
    alerts: Alerts, pool: Any, ledger: Any, plans: Plans, subscriptions: Subscriptions, standby: Standby
) -> None:
    first, second = await person(pool, subscriptions, 1, "push", "push:second")
    [later] = await person(pool, subscriptions, 1, "push@aachen:later", places=(DUEREN, JUELICH), claim=1)
    await submit(alerts, "A", JUELICH)
    await serve(ledger, await plan(ledger, plans, "A"))
    await submit(alerts, "B", DUEREN, JUELICH, chain="A")
    await plan(ledger, plans, "B")
    for row in await pool.fetch("SELECT id, kind FROM batch WHERE alert_id = 'B'"):
        await finish(ledger, row["id"], GONE if row["kind"] == Kind.ALERT else ACCEPTED)
    assert await planned(pool, "B") == {(Kind.ALERT, first), (Kind.UPDATE, later)}
    await call(standby, "B")
    assert await planned(pool, "B") == {(Kind.ALERT, first), (Kind.ALERT, second), (Kind.UPDATE, later)}


async def test_who_is_told_what_becomes_of_an_alarm_needs_none_of_those_behind(
    alerts: Alerts, pool: Any, ledger: Any, plans: Plans, subscriptions: Subscriptions, standby: Standby
) -> None:
    [first] = await person(pool, subscriptions, 1, "push")
    [second] = await person(pool, subscriptions, 1, "push@aachen:second", claim=1)
    await person(pool, subscriptions, 1, "push@juelich:third", claim=2)
    await submit(alerts, "A")
    await serve(ledger, await plan(ledger, plans, "A"), GONE)
    await serve(ledger, (await call(standby, "A")).ready)
    assert await told(pool) == {first, second}
    await submit(alerts, "B", chain="A")
    await plan(ledger, plans, "B")
    for row in await pool.fetch("SELECT id, kind FROM batch WHERE alert_id = 'B'"):
        await finish(ledger, row["id"], GONE if row["kind"] == Kind.ALERT else ACCEPTED)
    assert await call(standby, "B") == NOBODY
    assert await planned(pool, "B") == {(Kind.ALERT, first), (Kind.UPDATE, second)}
    assert not await pool.fetch("SELECT FROM standby WHERE alert_id = 'B'")


async def test_an_update_waits_for_a_person_whose_endpoint_a_worker_still_holds(
    alerts: Alerts, pool: Any, ledger: Any, plans: Plans, subscriptions: Subscriptions
) -> None:
    push, sms = await person(pool, subscriptions, 1, "push", "sms:number")
    await submit(alerts, "A")
    lease = await ledger.acquire((await plan(ledger, plans, "A"))[0].batch_id)
    await submit(alerts, "B", chain="A")
    await plan(ledger, plans, "B")
    assert await planned(pool, "B") == set()
    await ledger.release(lease, Progress(bytes([ACCEPTED])))
    await plan(ledger, plans, "B")
    assert await planned(pool, "B") == {(Kind.UPDATE, push)}
    assert await standing_by(pool) == {sms}


async def test_an_end_on_its_way_to_an_endpoint_that_stands_by_is_withdrawn(
    alerts: Alerts, pool: Any, ledger: Any, plans: Plans, subscriptions: Subscriptions
) -> None:
    push, sms = await person(pool, subscriptions, 1, "push", "sms:number")
    await submit(alerts, "A", severity="Extreme")
    await serve(ledger, await plan(ledger, plans, "A"))
    await submit(alerts, "C", chain="A", reason=Reason.CANCEL)
    await plan(ledger, plans, "C")
    await submit(alerts, "U", chain="A", names=())
    await plan(ledger, plans, "U")
    assert await outcomes(pool, "C") == dict.fromkeys((push, sms), State.SUPERSEDED)


@pytest.mark.parametrize("over", ["stopped_at = now()", "expires = now() - interval '1 s'"])
async def test_of_what_is_over_nobody_is_called_up(
    over: str, alerts: Alerts, pool: Any, ledger: Any, subscriptions: Subscriptions, standby: Standby
) -> None:
    await person(pool, subscriptions, 1, "push", "sms:number")
    await submit(alerts, "A")
    await serve(ledger, await plan(ledger, Plans(pool, 3), "A"), GONE)
    await pool.execute(f"UPDATE alert SET {over}")
    assert await call(standby, "A") == NOBODY
    assert await standby.waiting() == []
    assert not await pool.fetch("SELECT FROM standby")


async def test_who_left_meanwhile_is_not_called_up_and_keeps_no_warning_open(
    alerts: Alerts, pool: Any, ledger: Any, plans: Plans, subscriptions: Subscriptions, standby: Standby
) -> None:
    _, sms = await person(pool, subscriptions, 1, "push", "sms:number")
    await submit(alerts, "A")
    await serve(ledger, await plan(ledger, plans, "A"), GONE)
    await wish(pool, sms, active=False)
    assert await call(standby, "A") == NOBODY
    assert not await pool.fetch("SELECT FROM standby")


class _World:
    """People with endpoints that work or fail, and workers that die in any order."""

    def __init__(self, seed: int, pool: Any, ledger: Any, plans: Plans, standby: Standby) -> None:
        self.chance = random.Random(seed)
        self.pool, self.ledger, self.plans, self.standby = pool, ledger, plans, standby
        self.fate: dict[int, int] = {}
        self.accepted: list[int] = []

    async def step(self) -> None:
        await self.chance.choice((self.work, self.work, self.call, self.replan, self.let_pass))()

    async def replan(self) -> None:
        await plan(self.ledger, self.plans, "A")

    async def call(self) -> None:
        await self.standby.waiting()
        await call(self.standby, "A")

    async def let_pass(self) -> None:
        await let_leases_end(self.pool)
        await let_pass(self.pool, timedelta(seconds=self.chance.choice((1, 30, 90))))

    async def work(self, *, dies: bool | None = None) -> None:
        rows = await self.pool.fetch("SELECT id FROM batch WHERE state = 'open' ORDER BY id")
        lease = await self.ledger.acquire(self.chance.choice(rows)["id"]) if rows else None
        if lease is None:
            return
        states = list(lease.outcomes)
        for n, recipient in enumerate(lease.recipients):
            if states[n] & ~UNCERTAIN < State.ACCEPTED:
                if dies if dies is not None else self.chance.random() < 0.1:
                    claimed = bytes(State.CLAIMED if one < State.ACCEPTED else one for one in states)
                    await self.ledger.advance(lease, Progress(claimed))
                    return
                states[n] = self.fate[recipient]
                self.accepted += [recipient] * (states[n] == ACCEPTED)
        await self.ledger.release(lease, Progress(bytes(states)), lease.now)

    async def end(self) -> None:
        """Let everything that can happen, happen."""
        for _ in range(40):
            await let_leases_end(self.pool)
            await self.replan()
            for _ in await self.pool.fetch("SELECT FROM batch WHERE state = 'open'"):
                await self.work(dies=False)
            await let_pass(self.pool, timedelta(minutes=2))
            await self.call()
            if not await self.pool.fetchval("SELECT count(*) FROM standby WHERE batch_id IS NULL"):
                rows = await self.pool.fetch("SELECT outcomes FROM batch WHERE state = 'open'")
                if not any(State.PENDING in row["outcomes"] for row in rows):
                    return


@pytest.mark.parametrize("seed", range(8))
async def test_every_person_with_any_working_endpoint_is_told_and_once_where_the_first_works(
    seed: int,
    alerts: Alerts,
    pool: Any,
    ledger: Any,
    subscriptions: Subscriptions,
) -> None:
    chance = random.Random(seed)
    world = _World(
        seed, pool, ledger, Plans(pool, 3, first_portion=chance.choice((1, 4, 1000))), Standby(pool, 2)
    )
    people: dict[int, list[int]] = {}
    for number in range(1, 7):
        names = [
            f"{chance.choice(('', 'sms:', 'fcm@aachen:'))}{number}-{n}" for n in range(chance.randint(1, 3))
        ]
        people[number] = await person(pool, subscriptions, number, *names, escalate_after_s=None)
        world.fate |= {
            one: chance.choice((ACCEPTED, ACCEPTED, GONE, State.REJECTED, State.RETRY))
            for one in people[number]
        }
    await submit(alerts, "A")
    for _ in range(12):
        await world.step()
    await world.end()
    _assert_told(people, world.fate, world.accepted)


def test_the_check_finds_who_is_lost_or_told_twice() -> None:
    with pytest.raises(AssertionError, match="lost"):
        _assert_told({1: [1, 2]}, {1: GONE, 2: ACCEPTED}, [])
    with pytest.raises(AssertionError, match="once"):
        _assert_told({1: [1, 2]}, {1: ACCEPTED, 2: ACCEPTED}, [1, 2])


def _assert_told(people: Mapping[int, list[int]], fate: Mapping[int, int], accepted: list[int]) -> None:
    for ids in people.values():
        times = sum(accepted.count(one) for one in ids)
        if any(fate[one] == ACCEPTED for one in ids):
            assert times, "nobody with a working endpoint is lost"
        if fate[ids[0]] == ACCEPTED:
            assert times == 1, "whose first endpoint works is told once"
