"""When endpoints last took a warning, and when a warning was last confirmed on them, by what batches and devices say."""

from typing import Any

import pytest

from dispatcher.access.principals import of_operator
from dispatcher.model.principals import Instance
from dispatcher.model.reports import ReceiptMasks
from dispatcher.model.retry_policy import LastingPolicy
from dispatcher.model.vocabulary import UNCERTAIN, State
from dispatcher.store.audience.failing import ABSENT, FAILING, note_failing
from dispatcher.store.audience.liveness import Liveness, Noted
from dispatcher.store.audience.subscribers import Subscribers
from dispatcher.store.delivery.device_receipts import DeviceReceipts
from tests.support.histories import finish, plan, submit, subscribe
from tests.support.messages import DUEREN
from tests.support.sealed import ADDRESSES
from tests.support.subscribers import enrol, installation, named, put, wish

LONG_AGO = "UPDATE subscriber_endpoint SET last_accepted_at = NULL, last_confirmed_at = NULL"


@pytest.fixture
def liveness(pool: Any) -> Liveness:
    return Liveness(pool)


@pytest.fixture
async def people(pool: Any, sources: Any) -> dict[str, int]:
    """Three endpoints, of which the last is two subscribers' own; nothing is known of any of them."""
    for name in ("dueren", "juelich"):
        await sources.put_instance(Instance(name, name, (DUEREN,)), f"wi_{name}_{'s' * 43}")
    for name in "abc":
        await enrol(pool, f"person {name}", name)
    await enrol(pool, "another", "c", instance="juelich")
    await pool.execute(LONG_AGO)
    return await named(pool)


async def known(pool: Any, column: str) -> dict[str, int]:
    """Of how many subscribers' endpoints something is known, by name."""
    names = {number: name for name, number in (await named(pool)).items()}
    rows = await pool.fetch(
        f"SELECT subscription_id AS id, count({column}) AS n FROM subscriber_endpoint GROUP BY 1"
    )
    return {names[row["id"]]: row["n"] for row in rows}


async def batch_of(alerts: Any, ledger: Any, plans: Any) -> int:
    await submit(alerts, "A")
    [ready] = await plan(ledger, plans, "A")
    number: int = ready.batch_id
    return number


async def test_who_took_a_warning_is_noted_once_when_the_batch_is_done(
    pool: Any, alerts: Any, ledger: Any, plans: Any, people: dict[str, int], liveness: Liveness
) -> None:
    batch = await batch_of(alerts, ledger, plans)
    assert await liveness.note() == Noted()
    recipients = await pool.fetchval("SELECT recipients FROM batch")
    became = {people["a"]: State.ACCEPTED | UNCERTAIN, people["b"]: State.GONE, people["c"]: State.DELIVERED}
    await finish(ledger, batch, [became[one] for one in recipients])
    assert await liveness.note() == Noted(accepted=3)
    assert await known(pool, "last_accepted_at") == {"a": 1, "b": 0, "c": 2}
    assert await known(pool, "last_confirmed_at") == {"a": 0, "b": 0, "c": 0}
    seen = await pool.fetchval("SELECT max(last_accepted_at) FROM subscriber_endpoint")
    assert seen == await pool.fetchval("SELECT coalesce(last_at, done_at) FROM batch")
    await pool.execute(LONG_AGO)
    assert await liveness.note() == Noted(), "each batch once"


async def test_what_is_known_of_a_later_time_stays(
    pool: Any, alerts: Any, ledger: Any, plans: Any, people: dict[str, int], liveness: Liveness
) -> None:
    await finish(ledger, await batch_of(alerts, ledger, plans), State.ACCEPTED)
    await pool.execute("UPDATE subscriber_endpoint SET last_accepted_at = now() + interval '1 hour'")
    assert (await liveness.note()).accepted == 0
    assert people


async def test_whoever_confirms_is_noted_once(
    pool: Any, alerts: Any, ledger: Any, plans: Any, people: dict[str, int], liveness: Liveness
) -> None:
    batch = await batch_of(alerts, ledger, plans)
    recipients = await pool.fetchval("SELECT recipients FROM batch")
    bits = {name: 1 << recipients.index(number) for name, number in people.items()}
    receipts = DeviceReceipts(pool)
    await receipts.add({(batch, 0): ReceiptMasks(bits["a"] | bits["b"], bits["a"], bits["a"])})
    assert (await liveness.note()).confirmed == 1
    assert await known(pool, "last_confirmed_at") == {"a": 1, "b": 0, "c": 0}
    await pool.execute(LONG_AGO)
    await receipts.add({(batch, 0): ReceiptMasks(bits["b"] | bits["a"], bits["a"], bits["a"])})
    assert await liveness.note() == Noted(), "what was said before, or is no confirmation"
    await receipts.add({(batch, 0): ReceiptMasks(bits["c"], bits["c"], bits["c"])})
    assert (await liveness.note()).confirmed == 2
    assert await known(pool, "last_confirmed_at") == {"a": 0, "b": 0, "c": 2}


async def test_nobody_learns_it_of_an_endpoint_that_they_have_not_proven(
    pool: Any, alerts: Any, ledger: Any, plans: Any, people: dict[str, int], liveness: Liveness
) -> None:
    await put(pool, "curious", wish("a"), instance="juelich")
    batch = await batch_of(alerts, ledger, plans)
    await finish(ledger, batch, State.ACCEPTED)
    await DeviceReceipts(pool).add({(batch, 0): ReceiptMasks(7, 7, 7)})
    assert await liveness.note() == Noted(4, 4)
    assert await known(pool, "last_accepted_at") == {"a": 1, "b": 1, "c": 2}
    assert people


async def test_it_waits_for_nobody_who_changes_and_for_no_other_process(
    pool: Any, alerts: Any, ledger: Any, plans: Any, people: dict[str, int], liveness: Liveness
) -> None:
    await finish(ledger, await batch_of(alerts, ledger, plans), State.ACCEPTED)
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute(
            "SELECT FROM subscriber_endpoint WHERE subscription_id = $1 FOR UPDATE", people["a"]
        )
        assert await liveness.note() == Noted(accepted=3)
        await connection.execute("SELECT pg_advisory_xact_lock(7207116117)")
        await pool.execute("UPDATE batch SET noted = false")
        assert await liveness.note() == Noted()
    assert await liveness.note() == Noted(accepted=1)


async def test_whoever_was_imported_costs_nothing(
    pool: Any, alerts: Any, ledger: Any, plans: Any, subscriptions: Any, liveness: Liveness
) -> None:
    await subscribe(pool, subscriptions, "imported")
    await finish(ledger, await batch_of(alerts, ledger, plans), State.ACCEPTED)
    assert await liveness.note() == Noted()
    assert await pool.fetchval("SELECT noted FROM batch")


async def test_an_acceptance_begins_anew_what_ends_who_fails_lastingly(
    pool: Any, alerts: Any, ledger: Any, plans: Any, subscriptions: Any, liveness: Liveness
) -> None:
    one, two, three = await subscribe(pool, subscriptions, "a", "b", "c")
    for absent in (False, True):
        await note_failing(pool, "earlier", {one: "507", two: "507"}, LastingPolicy(), absent=absent)
    batch = await batch_of(alerts, ledger, plans)
    recipients = await pool.fetchval("SELECT recipients FROM batch")
    became = {one: State.ACCEPTED | UNCERTAIN, two: State.REJECTED, three: State.ACCEPTED}
    await finish(ledger, batch, [became[number] for number in recipients])
    for absent in (False, True):
        await note_failing(pool, "later", {three: "507"}, LastingPolicy(), absent=absent)
    assert await liveness.note() == Noted()
    for table in (FAILING, ABSENT):
        left = await pool.fetch(f"SELECT subscription_id FROM {table} ORDER BY 1")
        assert [row["subscription_id"] for row in left] == [two, three], (
            "who failed, and who failed only since"
        )


async def test_a_subscriber_is_shown_it(
    pool: Any, alerts: Any, ledger: Any, plans: Any, people: dict[str, int], liveness: Liveness
) -> None:
    batch = await batch_of(alerts, ledger, plans)
    await finish(ledger, batch, State.ACCEPTED)
    await DeviceReceipts(pool).add({(batch, 0): ReceiptMasks(7, 7, 7)})
    await liveness.note()
    store = Subscribers(pool, ADDRESSES)
    found = await store.of(installation("person a"))
    again = (await put(pool, "person a", wish("a"))).subscriber
    assert found is not None
    for one in (found, again):
        assert one.endpoints[0].last_accepted is not None
        assert one.endpoints[0].last_confirmed is not None
    exported = await store.export(found.number, by=of_operator("anna").actor)
    assert exported is not None
    assert exported["endpoints"][0]["last_accepted_at"] is not None
    assert exported["endpoints"][0]["last_confirmed_at"] is not None
    assert people
