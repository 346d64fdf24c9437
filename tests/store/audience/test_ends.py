"""How subscribers end: at once, at their date, and for good."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from dispatcher.model.principals import Instance
from dispatcher.model.subscribers import EndpointState
from dispatcher.model.subscriptions import WatchedArea
from dispatcher.model.vocabulary import Kind, Reason, State
from dispatcher.store.audience.ends import SubscriberEnds
from dispatcher.store.audience.subscribers import Subscribers
from dispatcher.store.sources import Sources
from tests.support.histories import finish, plan, planned, submit
from tests.support.messages import DUEREN, JUELICH
from tests.support.sealed import ADDRESSES, endpoints
from tests.support.subscribers import digest, enrol, installation, named, put, told, wish

PAST = datetime(2025, 1, 1, tzinfo=UTC)


@pytest.fixture
async def pool(pool: Any, sources: Sources) -> Any:
    for name in ("dueren", "juelich"):
        await sources.put_instance(Instance(name, name.title(), (DUEREN, JUELICH)), f"wi_{name}_{'s' * 43}")
    return pool


def states(subscriber: Any) -> list[EndpointState]:
    return [one.state for one in subscriber.endpoints]


async def test_who_leaves_is_erased_and_only_a_number_is_left(pool: Any) -> None:
    number = await enrol(pool, "anna", "a", "b")
    ends = SubscriberEnds(pool, ADDRESSES)
    await pool.execute("UPDATE subscriber SET leave_digest = $2 WHERE id = $1", number, digest("link"))
    assert await ends.leave_by(digest("link"))
    assert not await ends.leave_by(digest("link"))
    assert not await ends.leave(number)
    rows = await pool.fetch(
        "SELECT address, keys, ref, active, end_reason, erased_at IS NOT NULL FROM subscription"
    )
    assert [tuple(row) for row in rows] == [(None, {}, None, False, "left", True)] * 2
    assert {(one.address, len(one.keys)) for one in await endpoints(pool)} == {("", 0)}
    for table in ("subscriber", "subscriber_endpoint", "followed_municipality", "subscriber_municipality"):
        assert not await pool.fetchval(f"SELECT count(*) FROM {table}")


async def test_a_wish_ends_at_its_date_and_may_be_made_again(pool: Any) -> None:
    await enrol(pool, "anna", expires_at=PAST)
    await enrol(pool, "bernd", expires_at=datetime.now(UTC) + timedelta(days=1))
    store, ends = Subscribers(pool, ADDRESSES), SubscriberEnds(pool, ADDRESSES)
    assert await ends.end_expired(10) == 1
    assert set(await told(pool)) == {"bernd"}
    assert await store.of(installation("anna")) is None
    again = await put(pool, "anna", wish("anna"))
    assert again.new_token
    assert states(again.subscriber) == [EndpointState.WAITING]


async def test_after_the_end_date_nothing_new_is_told_and_the_end_of_what_was_is(
    pool: Any, alerts: Any, ledger: Any, plans: Any
) -> None:
    await enrol(pool, "anna", expires_at=datetime.now(UTC) + timedelta(days=1))
    [anna] = (await named(pool)).values()
    store, ends = Subscribers(pool, ADDRESSES), SubscriberEnds(pool, ADDRESSES)
    await submit(alerts, "A")
    for ready in await plan(ledger, plans, "A"):
        await finish(ledger, ready.batch_id, State.ACCEPTED)
    await pool.execute("UPDATE subscriber SET expires_at = clock_timestamp()")
    found = await store.of(installation("anna"))
    assert found is not None
    assert found.is_over, "whatever has been tidied up"
    assert [await ends.end_expired(10) for _ in range(2)] == [1, 0]
    await submit(alerts, "B")
    await plan(ledger, plans, "B")
    assert await planned(pool, "B") == set()
    await submit(alerts, "C", chain="A", reason=Reason.CANCEL)
    await plan(ledger, plans, "C")
    assert await planned(pool, "C") == {(Kind.CANCEL, anna)}
    await pool.execute("UPDATE alert SET expires = clock_timestamp() WHERE id = 'A'")
    assert await ends.end_expired(10) == 0, "it was counted"
    assert await store.of(installation("anna")) is None
    assert await named(pool) == {}


async def aged(pool: Any, *names: str, days: int) -> None:
    """Let the endpoints of these have ended so many days ago."""
    for number in [one for name, one in (await named(pool)).items() if name in names]:
        await pool.execute(
            "UPDATE subscription SET ended_at = now() - make_interval(days => $2), end_reason = 'gone' WHERE id = $1",
            number,
            days,
        )


async def test_whose_devices_are_all_gone_is_erased_and_may_come_again(pool: Any) -> None:
    """Places and wishes too: the privacy page promises it."""
    await enrol(pool, "gone", watched_areas=(WatchedArea(((50.8, 6.48),), 500.0, (DUEREN,)),))
    await enrol(pool, "half", "half", "lives")
    await enrol(pool, "lately")
    await enrol(pool, "seen")
    await put(pool, "proved nothing", wish("never"))
    await pool.execute("DELETE FROM subscriber_endpoint WHERE proven_at IS NULL")
    await aged(pool, "gone", "half", "seen", days=31)
    await aged(pool, "lately", days=29)
    await pool.execute(
        "UPDATE subscriber SET seen_at = now() - interval '31 days' WHERE installation_hash <> $1",
        digest("seen"),
    )
    ends = SubscriberEnds(pool, ADDRESSES)
    assert await ends.erase_abandoned(30, 1) == 1
    assert await ends.erase_abandoned(30) == 1
    assert await ends.erase_abandoned(30) == 0
    left = {row["installation_hash"] for row in await pool.fetch("SELECT installation_hash FROM subscriber")}
    assert left == {digest(name) for name in ("half", "lately", "seen")}
    assert await pool.fetchval("SELECT count(*) FROM subscriber_area") == 0
    assert await pool.fetchval("SELECT count(DISTINCT subscriber_id) FROM subscriber_municipality") == 3
    assert (await put(pool, "gone", wish("gone"))).new_token
