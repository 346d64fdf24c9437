"""A gateway that accepts nothing hands over who was certainly not reached, on record and once."""

from typing import Any

import pytest

from channels.sms.contract import Contract
from dispatcher.model.batches import Progress
from dispatcher.model.vocabulary import UNCERTAIN, State
from dispatcher.store.delivery.ledger_reader import LedgerReader
from dispatcher.store.delivery.plans import Plans
from dispatcher.store.delivery.progress import recipient_progress
from dispatcher.store.sms.charges import Charges
from dispatcher.store.sms.failover import Failover
from tests.store.delivery.test_ledger import pending_problem
from tests.store.sms.phones import phones
from tests.support.histories import let_leases_end, plan, submit
from tests.support.messages import DUEREN

CONTRACTS = [Contract("a", failover_after_s=60), Contract("b", weight=0)]
ACCEPTED, PENDING, RETRY, CLAIMED = State.ACCEPTED, State.PENDING, State.RETRY, State.CLAIMED
MAYBE = RETRY | UNCERTAIN


@pytest.fixture
async def people(pool: Any, subscriptions: Any) -> list[int]:
    return await phones(pool, subscriptions, 40)


async def warn(
    pool: Any, alerts: Any, ledger: Any, alert_id: str = "A", contracts: Any = CONTRACTS, **changes: Any
) -> int:
    """A warning in one batch at the first gateway; its id."""
    await submit(alerts, alert_id, DUEREN, **changes)
    [ready] = await plan(ledger, Plans(pool, 100, charges=Charges(contracts)), alert_id)
    return int(ready.batch_id)


async def leave(pool: Any, ledger: Any, batch: int, *outcomes: int) -> None:
    """Let a worker leave the batch with these outcomes first, the rest never tried."""
    lease = await ledger.acquire(batch)
    states = bytes(outcomes) + bytes([PENDING] * (len(lease.recipients) - len(outcomes)))
    problems = tuple(
        [
            await pending_problem(lease, position=n)
            for n, state in enumerate(outcomes)
            if state & ~UNCERTAIN == RETRY
        ]
    )
    await ledger.release(lease, Progress(states, problems))


async def go_out(pool: Any, ledger: Any, gateway: str = "a", seconds: int = 61) -> None:
    await ledger.pause_gateway("sms", gateway, 30, "down")
    await pool.execute(
        "UPDATE gateway SET out_since = clock_timestamp() - make_interval(secs => $2) WHERE name = $1",
        gateway,
        seconds,
    )


async def at(pool: Any) -> dict[str, list[tuple[int, int]]]:
    """Recipients and their outcomes, by gateway."""
    found: dict[str, list[tuple[int, int]]] = {}
    for row in await pool.fetch("SELECT gateway, recipients, outcomes FROM batch ORDER BY id"):
        found.setdefault(row["gateway"], []).extend(zip(row["recipients"], row["outcomes"], strict=True))
    return found


def failover(pool: Any, contracts: Any = CONTRACTS, share: float = 0.05) -> Failover:
    return Failover(pool, Charges(contracts), share)


async def test_who_was_not_reached_goes_over_and_who_may_have_been_stays(
    pool: Any, alerts: Any, ledger: Any, people: list[int]
) -> None:
    batch = await warn(pool, alerts, ledger)
    await leave(pool, ledger, batch, ACCEPTED, RETRY, MAYBE)
    await go_out(pool, ledger)
    [one] = await failover(pool).sweep()
    assert (one.gateway, one.recipients, one.uncertain) == ("a", {"b": 38}, 0)
    found = await at(pool)
    assert found["a"] == [(people[0], ACCEPTED), (people[2], MAYBE)]
    assert [recipient for recipient, _ in found["b"]] == [people[1], *people[3:]]
    assert await failover(pool).sweep() == [], "nothing moves twice"
    lease = await ledger.acquire(one.ready[-1].batch_id)
    assert (lease.gateway, len(lease.recipients)) == ("b", 38)
    assert [problem.due <= lease.now for problem in lease.problems.values()] == [True]
    assert [(one.label, one.code, one.detail) for one in lease.problems.values()] == [("", "", "")]
    waiting = (await recipient_progress(pool, "A")).waiting
    assert {(one.gateway, one.reason, one.code) for one in waiting if one.gateway == "b"} == {
        ("b", "queued", "")
    }, "b has said nothing yet"
    assert await pool.fetchval("SELECT code FROM problem WHERE recipient = $1", people[2]) == "503", "a has"
    [line] = [
        line
        for number in await LedgerReader(pool).batches("A")
        for line in await LedgerReader(pool).lines(number)
        if line.recipient == people[1]
    ]
    assert (line.gateway, line.handed_over_from) == ("b", "a")
    row = await pool.fetchrow("SELECT * FROM handover")
    assert (row["gateway"], row["to_gateway"], row["reason"], row["uncertain"]) == ("a", "b", "down", 0)
    assert sorted(row["recipients"]) == [people[1], *people[3:]]


async def test_of_an_extreme_warning_one_in_twenty_may_be_sent_it_twice(
    pool: Any, alerts: Any, ledger: Any, people: list[int]
) -> None:
    batch = await warn(pool, alerts, ledger, severity="Extreme")
    await leave(pool, ledger, batch, *[MAYBE] * 4, CLAIMED)
    await go_out(pool, ledger)
    [one] = await failover(pool).sweep()
    assert one.uncertain == 2
    assert (await at(pool))["a"] == [(people[2], MAYBE), (people[3], MAYBE), (people[4], CLAIMED)]
    assert await pool.fetchval("SELECT sum(uncertain) FROM handover") == 2
    assert await failover(pool).sweep() == [], "the bound is of the alert, not of a sweep"


async def test_a_short_outage_one_without_another_gateway_and_a_held_batch_move_nobody(
    pool: Any, alerts: Any, ledger: Any, people: list[int]
) -> None:
    batch = await warn(pool, alerts, ledger)
    await go_out(pool, ledger, seconds=59)
    assert await failover(pool).sweep() == []
    await go_out(pool, ledger)
    assert await failover(pool, CONTRACTS[:1]).sweep() == []
    assert await failover(pool, [Contract("a", failover_after_s=None), CONTRACTS[1]]).sweep() == []
    await pool.execute("UPDATE gateway SET paused_until = clock_timestamp()")
    lease = await ledger.acquire(batch)
    await go_out(pool, ledger)
    assert await failover(pool).sweep() == [], "its worker may be sending"
    assert lease is not None
    await let_leases_end(pool)
    await go_out(pool, ledger, "b")
    assert await failover(pool).sweep() == [], "the other one is out as well"
    await pool.execute("DELETE FROM gateway WHERE name = 'b'")
    assert len(await failover(pool).sweep()) == 1


async def test_an_acceptance_ends_an_outage_and_pauses_of_one_outage_are_one(
    pool: Any, alerts: Any, ledger: Any, people: list[int]
) -> None:
    batch = await warn(pool, alerts, ledger)
    lease = await ledger.acquire(batch)
    await go_out(pool, ledger)
    since = "SELECT out_since FROM gateway"
    before = await pool.fetchval(since)
    await ledger.pause_gateway("sms", "a", 60, "breaker")
    assert await pool.fetchval(since) == before
    await ledger.advance(lease, Progress(bytes(40), accepted_first=lease.now, accepted_last=lease.now))
    assert await pool.fetchval(since) is None
    await go_out(pool, ledger, seconds=3600)
    await pool.execute("UPDATE gateway SET paused_until = clock_timestamp() - interval '2 min'")
    await ledger.pause_gateway("sms", "a", 30, "down")
    assert await pool.fetchval("SELECT clock_timestamp() - out_since < interval '1 min' FROM gateway")


async def test_as_many_go_over_as_the_other_s_budget_holds_in_order_and_the_rest_waits(
    pool: Any, alerts: Any, ledger: Any, people: list[int]
) -> None:
    contracts = [CONTRACTS[0], Contract("b", weight=0, parts_per_alert=51)]
    batch = await warn(pool, alerts, ledger)
    await leave(pool, ledger, batch, ACCEPTED, RETRY)
    await pool.execute("UPDATE batch SET text_parts = 2")
    await go_out(pool, ledger)
    [one] = await failover(pool, contracts).sweep()
    assert one.recipients == {"b": 25}
    found = await at(pool)
    assert [recipient for recipient, _ in found["b"]] == people[1:26]
    assert [recipient for recipient, _ in found["a"]] == [people[0], *people[26:]]
    assert await failover(pool, contracts).sweep() == [], "there is no more room"
    assert len(await failover(pool, [contracts[0], Contract("b", weight=0)]).sweep()) == 1


async def test_no_budget_keeps_an_extreme_warning_from_going_over(
    pool: Any, alerts: Any, ledger: Any, people: list[int]
) -> None:
    contracts = [CONTRACTS[0], Contract("b", weight=0, parts_per_alert=1)]
    await warn(pool, alerts, ledger, severity="Extreme")
    await pool.execute("UPDATE batch SET text_parts = 1")
    await go_out(pool, ledger)
    [one] = await failover(pool, contracts).sweep()
    assert one.recipients == {"b": 40}


async def test_what_is_reported_of_those_who_stay_stays_with_them(
    pool: Any, alerts: Any, ledger: Any, people: list[int]
) -> None:
    batch = await warn(pool, alerts, ledger)
    await leave(pool, ledger, batch, PENDING, ACCEPTED)
    await pool.execute(
        "INSERT INTO delivery_report (batch_id, position, gateway, state, delivered_parts)"
        " VALUES ($1, 1, 'a', 'delivered', '*')",
        batch,
    )
    await go_out(pool, ledger)
    await failover(pool).sweep()
    row = await pool.fetchrow(
        "SELECT b.recipients[r.position + 1] AS who, b.gateway FROM delivery_report r JOIN batch b ON b.id = r.batch_id"
    )
    assert tuple(row) == (people[1], "a")
