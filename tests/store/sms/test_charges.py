"""Parts are counted once, and a batch that no budget holds waits for a person."""

import random
from datetime import UTC, datetime
from typing import Any, cast

import pytest

from channels.sms.contract import Contract
from dispatcher.access.principals import UNNAMED_OPERATOR
from dispatcher.model.batches import Progress
from dispatcher.model.vocabulary import Lane, State
from dispatcher.sms.budget import HELD_FOR_BUDGET, Spent
from dispatcher.sms.parts import TextParts
from dispatcher.sms.quote import Text, quote
from dispatcher.sms.routes import shares
from dispatcher.store.delivery.plans import Located, Plans
from dispatcher.store.delivery.progress import recipient_progress
from dispatcher.store.sms.charges import Charges
from tests.store.sms.phones import phones
from tests.support.histories import submit
from tests.support.messages import DUEREN

TEXTS = TextParts({(kind, "", gateway): 2 for kind in ("alert", "update", "cancel") for gateway in "ab"})
NOW = datetime(2026, 11, 28, 18, tzinfo=UTC)
ACCEPTED = State.ACCEPTED


@pytest.fixture
async def people(pool: Any, subscriptions: Any) -> list[int]:
    return await phones(pool, subscriptions, 20)


async def warn(pool: Any, alerts: Any, charges: Charges, alert_id: str = "A", **changes: Any) -> list[int]:
    """Plan a warning in batches of ten; those that are to be worked on."""
    await submit(alerts, alert_id, DUEREN, **changes)
    plans = Plans(pool, 10, charges=charges)
    return [
        one.batch_id
        async for ready in plans.portions(alert_id, in_flight=0, located=Located(texts=TEXTS))
        for one in ready
    ]


async def batches(pool: Any, alert_id: str = "A") -> list[Any]:
    return [
        tuple(row)
        for row in await pool.fetch(
            "SELECT gateway, held_for, text_parts, parts_sent FROM batch WHERE alert_id = $1 ORDER BY id",
            alert_id,
        )
    ]


async def test_before_texts_are_counted_nobody_knows_when_the_last_is_out(
    pool: Any, alerts: Any, people: list[int]
) -> None:
    """Where no budget depends on them, they are counted when the first recipients have the warning."""
    charges = Charges([Contract("a", rate=10)])
    await submit(alerts, "A", DUEREN)
    plans = Plans(pool, 10, charges=charges)
    async for _ in plans.portions("A", in_flight=0):
        pass
    assert not plans.counts_texts
    standing = await charges.standing(pool, "A")
    assert standing is not None
    assert (standing.gateways[0].people, standing.seconds, standing.finishes_at) == (20, None, None)
    uncounted = await plans.uncounted("A")
    for counted in (uncounted[:1], uncounted):  # where one is, the others are taken for as long
        await charges.count(pool, counted, TEXTS)
        assert cast("Any", await charges.standing(pool, "A")).seconds == 4.0
    assert await plans.uncounted("A") == []


async def test_what_is_planned_and_what_was_sent_is_counted_once(
    pool: Any, alerts: Any, ledger: Any, people: list[int]
) -> None:
    charges = Charges([Contract("a")])
    first, _ = await warn(pool, alerts, charges)
    assert await charges.spent(pool, "A") == {"a": Spent(40, 40)}
    assert await charges.spent(pool) == {"a": Spent(0, 40)}
    assert await charges.before(pool, Lane.PRIORITY) == {"a": 40}
    lease = await ledger.acquire(first)
    progress = Progress(bytes([ACCEPTED] * 3 + [0] * 7), text_parts=3, parts_sent=9)
    await ledger.advance(lease, progress)
    await ledger.advance(lease, progress)  # the answer to the first write was lost
    assert await batches(pool) == [("a", "", 3, 9), ("a", "", 2, 0)]
    assert await charges.spent(pool, "A") == {"a": Spent(50, 50)}
    assert await charges.before(pool, Lane.PRIORITY) == {"a": 41}
    await ledger.release(
        lease, Progress(bytes([ACCEPTED] * 3 + [State.REJECTED] * 7), text_parts=3, parts_sent=9)
    )
    assert await charges.spent(pool, "A") == {"a": Spent(29, 29)}
    standing = await charges.standing(pool, "A")
    assert standing is not None
    [one] = standing.gateways
    assert (one.gateway, one.people, one.parts, one.parts_used, standing.held) == ("a", 10, 3, 9, 0)
    assert await charges.standing(pool, "B") is None
    assert await Charges().standing(pool, "A") is None


async def test_a_stopped_gateway_has_no_end_until_it_accepts_again(
    pool: Any, alerts: Any, ledger: Any, people: list[int]
) -> None:
    charges = Charges([Contract("a", rate=1)])
    first, _ = await warn(pool, alerts, charges)
    lease = await ledger.acquire(first)
    await ledger.pause_gateway("sms", "a", 30, "misconfigured")
    standing = await charges.standing(pool, "A")
    assert standing is not None
    stop = standing.gateways[0].stopped
    assert stop is not None
    assert stop.since is not None
    assert (stop.reason, standing.finishes_at) == ("misconfigured", None)
    assert 29 < (stop.until - stop.since).total_seconds() < 31
    waiting = (await recipient_progress(pool, "A")).waiting
    assert [(one.reason, one.next_attempt_at) for one in waiting] == [("misconfigured", stop.until)]
    # Between two pauses of one outage the gateway is only being tried.
    await pool.execute("UPDATE gateway SET paused_until = clock_timestamp() - interval '1 second'")
    assert list(await charges.stopped(pool)) == ["a"]
    [again] = (await recipient_progress(pool, "A")).waiting
    assert again.reason == "misconfigured"
    assert again.next_attempt_at is not None
    await ledger.advance(lease, Progress(bytes([ACCEPTED] * 10), accepted_first=NOW, accepted_last=NOW))
    assert await charges.stopped(pool) == {}
    standing = await charges.standing(pool, "A")
    assert standing is not None
    assert standing.finishes_at is not None


async def test_no_end_is_said_before_those_who_wait_are_tried_again(
    pool: Any, alerts: Any, people: list[int]
) -> None:
    charges = Charges([Contract("a", rate=1000)])
    first, _ = await warn(pool, alerts, charges)
    await pool.execute(
        "UPDATE batch SET not_before = clock_timestamp() + interval '1 hour' WHERE id = $1", first
    )
    standing = await charges.standing(pool, "A")
    assert standing is not None
    assert standing.seconds is not None
    assert 3590 < standing.seconds <= 3600
    await pool.execute("UPDATE batch SET state = 'done' WHERE id = $1", first)
    standing = await charges.standing(pool, "A")
    assert standing is not None
    assert standing.seconds is not None
    assert standing.seconds < 3590, "nothing of it is sent any more"


async def test_what_goes_first_is_more_urgent_or_came_before(
    pool: Any, alerts: Any, people: list[int]
) -> None:
    charges = Charges([Contract("a")])
    await warn(pool, alerts, charges, "A", lane=Lane.PRIORITY)
    own = await warn(pool, alerts, charges, "B", lane=Lane.PRIORITY)
    await warn(pool, alerts, charges, "C", lane=Lane.FLASH)
    assert await charges.before(pool, Lane.FLASH, "C") == {}
    assert await charges.before(pool, Lane.PRIORITY, "B", own[0]) == {"a": 80}
    assert await charges.before(pool, Lane.ROUTINE) == {"a": 120}


async def test_whom_a_budget_does_not_hold_goes_to_the_next_and_then_waits(
    pool: Any, alerts: Any, ledger: Any, people: list[int]
) -> None:
    charges = Charges([Contract("a", parts_per_alert=26), Contract("b", weight=0, parts_per_month=20)])
    going = await warn(pool, alerts, charges)
    assert await batches(pool) == [("a", "", 2, 0), ("a", "", 2, 0), ("b", "", 2, 0)]
    assert len(going) == 3
    assert len(await warn(pool, alerts, charges, "B")) == 3
    assert await batches(pool, "B") == [
        ("a", "", 2, 0),
        ("a", "", 2, 0),
        ("b", "", 2, 0),
        ("a", HELD_FOR_BUDGET, 2, 0),
    ]
    assert await charges.held(pool) == 4
    held = await pool.fetchval("SELECT id FROM batch WHERE held_for <> ''")
    assert await ledger.acquire(held) is None
    assert held not in [one.batch_id for one in await ledger.due()]
    assert await pool.fetchval("SELECT detail->>'count' FROM audit WHERE action = 'sms.hold'") == "4"
    for alert_id in "AB":
        told = await pool.fetch("SELECT unnest(recipients) AS id FROM batch WHERE alert_id = $1", alert_id)
        assert sorted(row["id"] for row in told) == people, "each one once"


@pytest.mark.parametrize("seed", range(8))
async def test_a_plan_does_what_was_quoted(pool: Any, alerts: Any, people: list[int], seed: int) -> None:
    """Budgets, parts of texts and sizes of batches are random; one gateway takes whom none is named for, so that shares
    by weight are exact.
    """
    draw = random.Random(seed)
    contracts = [
        Contract(
            name,
            weight=1 if name == "b" else 0,
            rate=draw.randint(1, 9),
            parts_per_alert=draw.choice([None, draw.randint(0, 30)]) if seed else 5,
            parts_per_month=draw.randint(0, 60),
        )
        for name in draw.sample("abc", 3)
    ]
    parts = {name: draw.randint(1, 3) for name in "abc"}
    texts = TextParts({("alert", "", name): count for name, count in parts.items()})
    charges = Charges(contracts)
    for alert_id in ("A", "B"):  # the second one finds what the first one has spent
        severity = draw.choice(["Severe", "Severe", "Extreme"])
        found = quote(
            contracts,
            [Text(shares(await charges.taking(pool), len(people)), parts)],
            NOW,
            before={},
            spent=await charges.spent(pool),
            unstoppable=severity == "Extreme",
        )
        await submit(alerts, alert_id, DUEREN, severity=severity)
        plans = Plans(pool, draw.randint(1, 20), charges=charges)
        async for _ in plans.portions(alert_id, in_flight=0, located=Located(texts=texts)):
            pass
        standing = await charges.standing(pool, alert_id)
        assert standing is not None
        assert standing.held == found.held == await charges.held(pool, alert_id)
        quoted = {one.gateway: (one.people, one.parts) for one in found.gateways if one.people}
        assert quoted == {one.gateway: (one.people, one.parts) for one in standing.gateways if one.people}


async def test_a_batch_larger_than_any_budget_goes_as_far_as_one_holds_it(
    pool: Any, alerts: Any, ledger: Any, people: list[int]
) -> None:
    assert await warn(pool, alerts, Charges([Contract("a", parts_per_month=0)])) == []
    charges = Charges([Contract("a", parts_per_month=7)])
    [one] = await charges.let_go(pool)
    lease = await ledger.acquire(one.batch_id)
    assert (len(lease.recipients), await charges.held(pool)) == (3, 17)
    assert await charges.let_go(pool) == []


async def test_an_extreme_warning_and_an_end_are_never_stopped(
    pool: Any, alerts: Any, ledger: Any, people: list[int]
) -> None:
    charges = Charges([Contract("a", parts_per_month=1)])
    for batch in await warn(pool, alerts, charges, severity="Extreme"):
        lease = await ledger.acquire(batch)
        await ledger.release(lease, Progress(bytes([ACCEPTED] * 10), text_parts=2, parts_sent=20))
    assert await charges.held(pool) == 0
    assert len(await warn(pool, alerts, charges, "B", chain="A", msg_type="Cancel", reason="cancel")) == 2
    assert await charges.held(pool) == 0


async def test_what_waits_goes_when_the_budget_holds_it_or_a_person_says_so(
    pool: Any, alerts: Any, ledger: Any, people: list[int]
) -> None:
    small = Charges([Contract("a", parts_per_alert=1)])
    assert await warn(pool, alerts, small) == []
    assert await small.let_go(pool) == []
    assert await small.allow(pool, "B", UNNAMED_OPERATOR, "worth it") == []
    larger = Charges([Contract("a", parts_per_alert=20)])
    [one] = await larger.let_go(pool)
    assert (await ledger.acquire(one.batch_id)).gateway == "a"
    assert await larger.let_go(pool) == [], "the other one has no room beside it"
    [other] = await larger.allow(pool, "A", UNNAMED_OPERATOR, "worth it")
    assert await ledger.acquire(other.batch_id) is not None
    assert await larger.held(pool) == 0
    assert await larger.held(pool, "A") == 0
    assert await pool.fetchval("SELECT count(*) FROM audit WHERE action = 'sms.allow'") == 1


async def test_the_month_is_that_of_the_zone(pool: Any, alerts: Any, people: list[int]) -> None:
    charges = Charges([Contract("a")], "Europe/Berlin")
    await warn(pool, alerts, charges)
    await pool.execute(
        "UPDATE batch SET created_at = date_trunc('month', clock_timestamp(), 'Europe/Berlin') - interval '1 s'"
    )
    assert await charges.spent(pool, "A") == {"a": Spent(40, 0)}
