"""The endpoints of record."""

import asyncio
from typing import Any

from channels.base import Endpoint
from dispatcher.model.subscriptions import SubscriberCounts
from dispatcher.store.audience.subscriptions import Subscriptions, following_others
from tests.support.histories import subscribe, subscription
from tests.support.messages import DUEREN, HEIMBACH, JUELICH
from tests.support.sealed import numbers


async def places_of(pool: Any, recipient: Any) -> list[Any]:
    rows = await pool.fetch(
        "SELECT ags FROM followed_municipality WHERE subscription_id = $1 ORDER BY ags", recipient
    )
    return [row["ags"] for row in rows]


async def test_what_was_added_can_be_reached(pool: Any, subscriptions: Subscriptions) -> None:
    [anna] = await subscribe(pool, subscriptions, "anna")
    assert await subscriptions.endpoints([anna, anna + 1]) == {
        anna: Endpoint(anna, "https://push.example/anna", {"auth": "anna"})
    }
    assert await subscriptions.counts() == {"webpush": 1}


async def test_one_that_nobody_wants_told_any_more_is_not_sent_to_either(
    pool: Any, subscriptions: Subscriptions
) -> None:
    """Also where that is so only since it was planned."""
    anna, bernd = await subscribe(pool, subscriptions, "anna", "bernd")
    await pool.execute("UPDATE subscription SET active = false WHERE id = $1", anna)
    assert set(await subscriptions.endpoints([anna, bernd])) == {bernd}


async def test_who_follows_a_municipality_that_there_is_no_more_is_counted(
    pool: Any, subscriptions: Subscriptions
) -> None:
    await subscribe(pool, subscriptions, "anna", "bernd", "clara", places=(DUEREN, JUELICH))
    await subscribe(pool, subscriptions, "dora", places=(HEIMBACH,))
    ended, inactive = await subscribe(pool, subscriptions, "emil", "frida", places=(HEIMBACH,))
    await pool.execute("UPDATE subscription SET ended_at = now() WHERE id = $1", ended)
    await pool.execute("UPDATE subscription SET active = false WHERE id = $1", inactive)
    assert await following_others(pool, [DUEREN, JUELICH, HEIMBACH]) == {}
    assert list((await following_others(pool, [DUEREN])).items()) == [(JUELICH, 3), (HEIMBACH, 1)]
    assert await following_others(pool, []) == {DUEREN: 3, JUELICH: 3, HEIMBACH: 1}


async def test_nothing_to_add_is_no_error(subscriptions: Subscriptions) -> None:
    assert await subscriptions.add_many([]) == 0


async def test_an_endpoint_added_again_is_the_same_recipient_with_the_new_keys_and_all_places(
    pool: Any, subscriptions: Subscriptions
) -> None:
    [anna] = await subscribe(pool, subscriptions, "anna", places=(DUEREN,), ref="old")
    await subscriptions.add_many(
        [subscription("anna", JUELICH, language="en", gateway="https://new.example", ref="new")]
    )
    rows = await pool.fetch("SELECT id, language, gateway, ref FROM subscription")
    assert [tuple(row) for row in rows] == [(anna, "en", "https://new.example", "new")]
    assert await places_of(pool, anna) == [DUEREN, JUELICH]


async def test_of_duplicates_in_one_import_the_last_counts_with_the_places_of_all(
    pool: Any, subscriptions: Subscriptions
) -> None:
    added = await subscriptions.add_many(
        [
            subscription("anna", DUEREN, ref="first"),
            subscription("anna", JUELICH, ref="last"),
            subscription("bernd", DUEREN, DUEREN),
        ]
    )
    assert added == 3
    anna, bernd = (await numbers(pool)).values()
    rows = await pool.fetch("SELECT id, ref FROM subscription")
    assert {row["id"]: row["ref"] for row in rows} == {anna: "last", bernd: None}
    assert await places_of(pool, anna) == [DUEREN, JUELICH]
    assert await places_of(pool, bernd) == [DUEREN]


async def test_one_that_ended_and_comes_back_is_a_new_recipient(
    pool: Any, subscriptions: Subscriptions
) -> None:
    [old] = await subscribe(pool, subscriptions, "anna", places=(DUEREN,))
    await pool.execute("UPDATE subscription SET ended_at = now(), end_reason = 'gone'")
    [new] = await subscribe(pool, subscriptions, "anna", places=(JUELICH,))
    assert new != old
    assert await places_of(pool, new) == [JUELICH]
    assert await places_of(pool, old) == [DUEREN]
    assert list(await subscriptions.endpoints([old, new])) == [new]


async def test_the_same_address_on_another_channel_is_another_recipient(
    pool: Any, subscriptions: Subscriptions
) -> None:
    await subscriptions.add_many([subscription("anna"), subscription("anna", channel="app")])
    assert await subscriptions.counts() == {"app": 1, "webpush": 1}


async def test_two_imports_at_once_of_the_same_endpoints_make_each_once(
    pool: Any, subscriptions: Subscriptions
) -> None:
    names = [f"p{n}" for n in range(50)]
    forth = [subscription(name, DUEREN) for name in names]
    back = [subscription(name, JUELICH) for name in reversed(names)]
    await asyncio.gather(*(subscriptions.add_many(items) for items in (forth, back, forth, back)))
    assert await subscriptions.counts() == {"webpush": 50}
    assert await pool.fetchval("SELECT count(*) FROM followed_municipality") == 100


async def test_reach_counts_a_person_once_per_channel_and_once_in_each_municipality(
    pool: Any, subscriptions: Subscriptions
) -> None:
    await subscriptions.add_many(
        [
            subscription("anna", DUEREN, JUELICH),
            subscription("bernd", DUEREN),
            subscription("clara", DUEREN, channel="app"),
            subscription("dora", HEIMBACH),
            subscription("gone", DUEREN),
        ]
    )
    gone = (await numbers(pool))["https://push.example/gone"]
    await pool.execute("UPDATE subscription SET ended_at = now() WHERE id = $1", gone)
    assert await subscriptions.reach([DUEREN, JUELICH, "05358999"]) == SubscriberCounts(
        {"webpush": 2, "app": 1},
        {DUEREN: {"webpush": 2, "app": 1}, JUELICH: {"webpush": 1}, "05358999": {}},
    )
    assert await subscriptions.reach([]) == SubscriberCounts({}, {})


async def test_refs_join_ledgers_and_name_those_that_ended_too(
    pool: Any, subscriptions: Subscriptions
) -> None:
    await subscriptions.add_many([subscription("anna", ref="r-1"), subscription("bernd")])
    await pool.execute("UPDATE subscription SET ended_at = now()")
    [anna] = await pool.fetch("SELECT id FROM subscription WHERE ref = 'r-1'")
    assert [ref async for ref in subscriptions.refs()] == [(anna["id"], "webpush", "r-1")]


async def test_an_import_is_on_the_audit_trail_without_an_address(
    pool: Any, subscriptions: Subscriptions
) -> None:
    await subscriptions.add_many([subscription("anna")])
    line = await pool.fetchrow("SELECT action, detail FROM audit")
    assert (line["action"], line["detail"]) == ("subscriptions.add", {"count": 1})
