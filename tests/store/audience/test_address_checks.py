"""Which addresses are checked in a night, and which of them end."""

from typing import Any

import pytest

from dispatcher.model.principals import Instance
from dispatcher.model.subscriptions import NewSubscription
from dispatcher.store.audience.address_checks import AddressCheckStore
from tests.store import conftest as on_record
from tests.support.messages import DUEREN
from tests.support.sealed import ADDRESSES
from tests.support.subscribers import enrol

pool, sources, subscriptions = on_record.pool, on_record.sources, on_record.subscriptions
PARTS = 4


async def phones(subscriptions: Any, count: int) -> None:
    keys = {"project": "warn-app-1"}
    await subscriptions.add_many(
        [NewSubscription("fcm", "warn-app-1", f"token:{n}", keys, (DUEREN,)) for n in range(count)]
    )


async def portion(store: AddressCheckStore, part: int, after: int = 0, limit: int = 100) -> list[Any]:
    """What is asked for, without when."""
    return [one[:3] for one in await store.portion("fcm", after, limit, part=part, parts=PARTS)]


async def test_each_is_in_one_part_and_a_part_is_gone_through_in_pages(pool: Any, subscriptions: Any) -> None:
    await phones(subscriptions, 10)
    store = AddressCheckStore(pool, ADDRESSES)
    found = [await portion(store, part) for part in range(PARTS)]
    assert sorted(one.address for part in found for _, one, _ in part) == [f"token:{n}" for n in range(10)]
    assert {gateway for part in found for gateway, _, _ in part} == {"warn-app-1"}
    [first] = await portion(store, 0, limit=1)
    assert [first, *await portion(store, 0, after=first[1].id)] == found[0]
    assert await store.portion("webpush", 0, 100, part=0, parts=1) == []


async def test_those_end_who_still_are_where_they_were_asked_for(pool: Any, subscriptions: Any) -> None:
    await phones(subscriptions, 3)
    store = AddressCheckStore(pool, ADDRESSES)
    one, other, left = await store.portion("fcm", 0, 100, part=0, parts=1)
    await pool.execute("UPDATE subscription SET address_hash = '\\x00' WHERE id = $1", other.endpoint.id)
    assert await store.end([one, other]) == 1
    rows = await pool.fetch("SELECT id, end_reason FROM subscription WHERE ended_at IS NOT NULL")
    assert [tuple(row) for row in rows] == [(one.endpoint.id, "gone")]
    assert await store.end([one]) == 0, "once"
    rest = await store.portion("fcm", 0, 100, part=0, parts=1)
    assert left.endpoint in [each.endpoint for each in rest]


@pytest.mark.parametrize(
    ("heard", "ended"),
    [
        ("UPDATE subscriber SET seen_at = now() - interval '90 minutes'", 1),
        ("UPDATE subscriber SET seen_at = now()", 0),
        # It may have been seen again since: that is noted to the hour.
        ("UPDATE subscriber SET seen_at = now() - interval '50 minutes'", 0),
        ("UPDATE subscriber_endpoint SET proven_at = now()", 0),
        ("UPDATE subscriber_endpoint SET last_accepted_at = now()", 0),
        ("UPDATE subscriber_endpoint SET last_confirmed_at = now()", 0),
    ],
)
async def test_who_was_there_since_the_answer_was_given_stays(
    pool: Any, sources: Any, heard: str, ended: int
) -> None:
    await sources.put_instance(Instance("dueren", "Düren", (DUEREN,)), f"wi_dueren_{'s' * 43}")
    await enrol(pool, "one")
    await pool.execute(
        """UPDATE subscriber_endpoint SET proven_at = now() - interval '1 day',
             last_accepted_at = now() - interval '1 day', last_confirmed_at = now() - interval '1 day'"""
    )
    await pool.execute("UPDATE subscriber SET seen_at = now() - interval '1 day'")
    store = AddressCheckStore(pool, ADDRESSES)
    found = await store.portion("webpush", 0, 100, part=0, parts=1)
    await pool.execute(heard)
    assert await store.end(found) == ended
