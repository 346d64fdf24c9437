"""Where messages can be taken back is kept until they expire, and read for those whom the end did not reach."""

from datetime import timedelta
from typing import Any

import pytest

from dispatcher.model.vocabulary import UNCERTAIN, Reason, State
from dispatcher.store.delivery.message_locations import MessageLocations
from tests.support.histories import finish, plan, submit, subscribe
from tests.support.sealed import ADDRESSES

GATEWAY = "https://push.example"


@pytest.fixture
def store(pool: Any) -> MessageLocations:
    return MessageLocations(pool, ADDRESSES)


async def deliver(pool: Any, ledger: Any, plans: Any, alert_id: str, outcomes: Any = State.ACCEPTED) -> None:
    await plan(ledger, plans, alert_id)
    for row in await pool.fetch("SELECT id FROM batch WHERE alert_id = $1 AND state = 'open'", alert_id):
        await finish(ledger, row["id"], outcomes)


async def kept(store: MessageLocations, end_id: str, recipients: set[int]) -> list[Any]:
    return [
        (one.recipient, one.gateway, one.location)
        async for some in store.of(end_id, recipients)
        for one in some
    ]


async def test_only_those_whom_the_end_did_not_reach_are_untold(
    pool: Any, ledger: Any, plans: Any, alerts: Any, subscriptions: Any, store: MessageLocations
) -> None:
    ids = sorted(await subscribe(pool, subscriptions, "a", "b", "c", "d", "e", "f"))
    await submit(alerts, "A")
    await deliver(pool, ledger, plans, "A")
    await store.keep("A", GATEWAY, [(one, f"/m/{one}") for one in ids])
    assert await store.claim(60) is None, "nothing has ended"
    await submit(alerts, "C", chain="A", reason=Reason.CANCEL)
    await plan(ledger, plans, "C")
    first, second = [
        row["id"]
        for row in await pool.fetch("SELECT id FROM batch WHERE alert_id = 'C' ORDER BY recipients[1]")
    ]
    await finish(ledger, first, [State.ACCEPTED, State.REJECTED, State.REJECTED | UNCERTAIN])
    assert await store.claim(60) is None, "it is still being told"
    await finish(ledger, second, [State.EXPIRED, State.GONE, State.SUPERSEDED])
    assert await store.claim(60) == "C"
    assert await store.claim(60) is None, "it is another worker's business"
    untold = await store.untold("C")
    assert untold == {ids[1], ids[3]}
    assert sorted(await kept(store, "C", untold)) == [(one, GATEWAY, f"/m/{one}") for one in (ids[1], ids[3])]
    await store.finish("C")
    assert await store.claim(0) is None, "once"
    assert await pool.fetchval("SELECT count(*) FROM message_location") == 0


async def test_of_several_messages_the_latest_is_the_one_that_may_wait(
    pool: Any, ledger: Any, plans: Any, alerts: Any, subscriptions: Any, store: MessageLocations
) -> None:
    (one,) = await subscribe(pool, subscriptions, "a")
    await submit(alerts, "A")
    await deliver(pool, ledger, plans, "A")
    await submit(alerts, "B", chain="A")
    await deliver(pool, ledger, plans, "B")
    for alert_id, location in (("A", "/m/1"), ("B", b"a block"), ("A", "/m/other")):
        await store.keep(alert_id, GATEWAY, [(one if "other" not in str(location) else 999, location)])
    await submit(alerts, "C", chain="A", reason=Reason.ALL_CLEAR)
    await deliver(pool, ledger, plans, "C", State.DEAD)
    assert await store.claim(60) == "C"
    assert await kept(store, "C", await store.untold("C")) == [(one, GATEWAY, b"a block")]


async def test_where_the_chain_goes_on_nothing_is_taken_back(
    pool: Any, ledger: Any, plans: Any, alerts: Any, subscriptions: Any, store: MessageLocations
) -> None:
    """The place of an old message may be that of the new warning by now."""
    (one,) = await subscribe(pool, subscriptions, "a")
    await submit(alerts, "A")
    await deliver(pool, ledger, plans, "A")
    await store.keep("A", GATEWAY, [(one, "/m/1")])
    await submit(alerts, "C", chain="A", reason=Reason.CANCEL)
    await deliver(pool, ledger, plans, "C", State.REJECTED)
    await submit(alerts, "D", chain="A", reason=Reason.UPDATE)
    assert await store.claim(60) == "C"
    assert await store.untold("C") == set()


async def test_what_a_dead_worker_left_is_taken_up_by_another(
    pool: Any, ledger: Any, plans: Any, alerts: Any, subscriptions: Any, store: MessageLocations
) -> None:
    (one,) = await subscribe(pool, subscriptions, "a")
    await submit(alerts, "A")
    await deliver(pool, ledger, plans, "A")
    await store.keep("A", GATEWAY, [(one, "/m/1")])
    await submit(alerts, "C", chain="A", reason=Reason.CANCEL)
    await deliver(pool, ledger, plans, "C", State.REJECTED)
    assert [await store.claim(-1), await store.claim(60), await store.claim(60)] == ["C", "C", None]


async def test_nothing_is_kept_beyond_the_warning(pool: Any, alerts: Any, store: MessageLocations) -> None:
    await submit(alerts, "A")
    await store.keep("A", GATEWAY, [(1, "/m/1")])
    await store.keep("unknown", GATEWAY, [(1, "/m/1")])
    assert await pool.fetchval("SELECT count(*) FROM message_location") == 1
    await store.forget_expired()
    assert await pool.fetchval("SELECT count(*) FROM message_location") == 1
    await pool.execute("UPDATE message_location SET until = now() - $1::interval", timedelta(seconds=1))
    await store.forget_expired()
    assert await pool.fetchval("SELECT count(*) FROM message_location") == 0
    await pool.execute("UPDATE alert SET expires = now() - $1::interval", timedelta(seconds=1))
    await store.keep("A", GATEWAY, [(1, "/m/1")])
    assert await pool.fetchval("SELECT count(*) FROM message_location") == 0
