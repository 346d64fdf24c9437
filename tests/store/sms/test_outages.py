"""What the record says of gateways that accept nothing."""

from typing import Any

import pytest

from channels.sms.contract import Contract
from dispatcher.model.batches import Progress, RecipientProblem
from dispatcher.model.vocabulary import UNCERTAIN, State
from dispatcher.store.sms.charges import Charges
from dispatcher.store.sms.failover import Failover
from dispatcher.store.sms.outages import NOTHING_ACCEPTED, REMOVED, Outages, left, outages, removed
from tests.store.sms.phones import phones
from tests.store.sms.test_failover import warn

CONTRACTS = [Contract("a", failover_after_s=60), Contract("b", failover_after_s=60), Contract("c", weight=0)]
OUT = {"a": NOTHING_ACCEPTED}


@pytest.fixture
async def people(pool: Any, subscriptions: Any) -> list[int]:
    return await phones(pool, subscriptions, 10, gateway="a")


async def fail(
    pool: Any, ledger: Any, batch: int, *seconds: int, label: str = "transient", accepted_s: int | None = None
) -> None:
    """Let the batch's first people have failed so many seconds ago, and the others wait; `accepted_s`: how many seconds
    ago somebody else was accepted."""
    lease = await ledger.acquire(batch)
    state = {"permanent": State.REJECTED, "uncertain": State.RETRY | UNCERTAIN}.get(label, State.RETRY)
    due = None if state == State.REJECTED else lease.now
    problems = tuple(
        RecipientProblem(n, lease.recipients[n], 1, 0, label, "503", "", due) for n in range(len(seconds))
    )
    states = bytes([state] * len(seconds)).ljust(len(lease.recipients), bytes((State.PENDING,)))
    await ledger.release(lease, Progress(states, problems))
    await pool.execute(
        """UPDATE problem SET since = clock_timestamp() - make_interval(secs => ($2::int[])[position + 1]),
             updated_at = clock_timestamp() - make_interval(secs => ($2::int[])[position + 1]) WHERE batch_id = $1""",
        batch,
        list(seconds),
    )
    if accepted_s is not None:
        await pool.execute(
            "UPDATE batch SET last_at = clock_timestamp() - make_interval(secs => $2) WHERE id = $1",
            batch,
            accepted_s,
        )


async def out(pool: Any) -> Any:
    return (await outages(pool, CONTRACTS)).out


@pytest.mark.parametrize("label", ["transient", "unauthorized", "account_refused"])
async def test_one_that_refuses_all_of_a_few_people_is_out(
    pool: Any, alerts: Any, ledger: Any, people: list[int], label: str
) -> None:
    batch = await warn(pool, alerts, ledger, contracts=CONTRACTS)
    assert await outages(pool, CONTRACTS) == Outages({}), "nothing was tried"
    await fail(pool, ledger, batch, 61, 30, label=label)
    found = await outages(pool, CONTRACTS)
    assert (found.out, found.doubtful) == (OUT, frozenset("a"))
    [moved] = await Failover(pool, Charges(CONTRACTS)).sweep()
    assert sum(moved.recipients.values()) == 10
    assert await pool.fetchval("SELECT DISTINCT reason FROM handover") == NOTHING_ACCEPTED
    assert await out(pool) == {}, "where they are now nobody has failed"


@pytest.mark.parametrize(
    ("seconds", "accepted_s"),
    [
        ([59, 30], None),  # not for so long
        ([200, 100], 50),  # accepted since
        ([200, 198], 201),  # refused among those who were accepted
        ([200], 230),  # alone, soon after others
    ],
)
async def test_a_sick_phone_and_a_short_time_put_no_gateway_out(
    pool: Any, alerts: Any, ledger: Any, people: list[int], seconds: list[int], accepted_s: int | None
) -> None:
    batch = await warn(pool, alerts, ledger, contracts=CONTRACTS)
    await fail(pool, ledger, batch, *seconds, accepted_s=accepted_s)
    assert await out(pool) == {}
    await fail(pool, ledger, batch, 200, 100, accepted_s=230)
    assert await out(pool) == OUT, "several fail, and nobody is accepted"


@pytest.mark.parametrize("label", ["uncertain", "rate_limited", "fault", "elsewhere", "own_key_refused"])
async def test_what_may_have_arrived_or_is_not_the_gateways_puts_none_out(
    pool: Any, alerts: Any, ledger: Any, people: list[int], label: str
) -> None:
    batch = await warn(pool, alerts, ledger, contracts=CONTRACTS)
    await fail(pool, ledger, batch, 200, 100, label=label)
    assert await out(pool) == {}


async def test_one_that_the_settings_have_no_more_is_out_and_an_apps_own_only_when_all_know_it(
    pool: Any, alerts: Any, ledger: Any, people: list[int]
) -> None:
    batch = await warn(pool, alerts, ledger, contracts=CONTRACTS)
    assert await removed(pool, CONTRACTS[1:]) == {"a": REMOVED}
    await pool.execute("UPDATE batch SET gateway = 'own:app' WHERE id = $1", batch)
    assert await removed(pool, CONTRACTS) == {}
    await pool.execute("UPDATE batch SET created_at = created_at - interval '31 s'")
    assert await removed(pool, CONTRACTS) == {"own:app": REMOVED}
    [moved] = await Failover(pool, Charges(CONTRACTS[:1])).sweep()
    assert (moved.gateway, moved.recipients) == ("own:app", {"a": 10}), "one gateway is enough"
    assert await out(pool) == {}


async def test_one_that_refuses_somebody_for_good_works(
    pool: Any, alerts: Any, ledger: Any, people: list[int]
) -> None:
    other = await warn(pool, alerts, ledger, "B", contracts=CONTRACTS)
    batch = await warn(pool, alerts, ledger, contracts=CONTRACTS)
    await fail(pool, ledger, batch, 200, 100)
    assert await out(pool) == OUT
    await fail(pool, ledger, other, 90, label="permanent")
    assert await removed(pool, CONTRACTS) == {}


async def test_one_that_others_took_over_from_is_relied_on_again_once_it_has_accepted_something(
    pool: Any, alerts: Any, ledger: Any, people: list[int]
) -> None:
    batch = await warn(pool, alerts, ledger, contracts=CONTRACTS)
    await fail(pool, ledger, batch, 61, 61)
    await Failover(pool, Charges(CONTRACTS)).sweep()
    assert await left(pool) == {"a"}
    again = await warn(pool, alerts, ledger, "B", contracts=CONTRACTS)
    await pool.execute("UPDATE batch SET last_at = clock_timestamp() WHERE id = $1", again)
    assert await left(pool) == frozenset()


async def test_nobody_goes_from_one_that_is_dead_to_another_that_is_dead_too(
    pool: Any, alerts: Any, ledger: Any, people: list[int]
) -> None:
    """One that only takes over comes before one with a weight that accepts nothing either, for however short a time."""
    first = await warn(pool, alerts, ledger, contracts=CONTRACTS)
    await fail(pool, ledger, first, 61, 61)
    second = await warn(pool, alerts, ledger, "B", contracts=CONTRACTS)
    await pool.execute("UPDATE batch SET gateway = 'b' WHERE id = $1", second)
    await fail(pool, ledger, second, 5, 5)
    [moved] = await Failover(pool, Charges(CONTRACTS)).sweep()
    assert (moved.gateway, moved.recipients) == ("a", {"c": 10})
    await pool.execute("UPDATE problem SET since = since - interval '1 min'")
    [moved] = await Failover(pool, Charges(CONTRACTS)).sweep()
    assert (moved.gateway, moved.recipients) == ("b", {"c": 10}), (
        "the first has nobody, and is no better for it"
    )
