"""Installations of apps: what they want as a whole."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest

from dispatcher.model.principals import Instance
from dispatcher.model.subscribers import EndpointState, NotTheirs, SubscriberRefused
from dispatcher.store import record
from dispatcher.store.audience.subscribers import _SEEN, ONE_DEVICE_MAX, Subscribers, Tokens
from dispatcher.store.audience.unions import hold_shown, reunite
from dispatcher.store.sources import Sources
from tests.support.messages import DUEREN, JUELICH
from tests.support.sealed import ADDRESSES
from tests.support.subscribers import digest, enrol, installation, prove_all, put, told, wish

PAST = datetime(2025, 1, 1, tzinfo=UTC)


@pytest.fixture
async def pool(pool: Any, sources: Sources) -> Any:
    for name in ("dueren", "juelich"):
        await sources.put_instance(Instance(name, name.title(), (DUEREN, JUELICH)), f"wi_{name}_{'s' * 43}")
    return pool


def states(subscriber: Any) -> list[EndpointState]:
    return [one.state for one in subscriber.endpoints]


async def test_an_endpoint_follows_nothing_until_its_code_has_come_back(pool: Any) -> None:
    made = await put(pool, "anna", wish("a", "b"))
    assert (made.new_token, states(made.subscriber)) == (True, [EndpointState.WAITING] * 2)
    assert await told(pool) == {"a": (False, []), "b": (False, [])}
    await prove_all(pool)
    assert await told(pool) == {"a": (True, [DUEREN]), "b": (True, [DUEREN])}
    found = await Subscribers(pool, ADDRESSES).of(installation("anna"))
    assert found is not None
    assert states(found) == [EndpointState.ACTIVE] * 2
    assert all(
        one.answer == "accepted" and one.last_accepted and one.last_confirmed for one in found.endpoints
    )


async def test_of_an_iphone_is_known_to_the_second_when_its_app_was_there(pool: Any) -> None:
    """As Apple says since when a device token is none."""
    await enrol(pool, "anna")
    await pool.execute("UPDATE subscription SET channel = 'apns'")
    before = await Subscribers(pool, ADDRESSES).of(installation("anna"))
    assert before is not None
    number = await pool.fetchval("SELECT id FROM subscriber")
    await pool.execute(_SEEN, number)
    assert (await Subscribers(pool, ADDRESSES).of(installation("anna"))).seen_at > before.seen_at


async def test_the_same_wish_once_more_changes_nothing_and_sends_nothing(pool: Any) -> None:
    await enrol(pool, "anna")
    before = await Subscribers(pool, ADDRESSES).of(installation("anna"))
    again = await put(pool, "anna", wish("anna"))
    assert before is not None
    assert again.subscriber.changed_at == before.changed_at
    assert again.subscriber.seen_at == before.seen_at, "an app that starts again and again writes nothing"
    assert states(again.subscriber) == [EndpointState.ACTIVE]
    assert not await pool.fetchval("SELECT count(*) FROM subscriber_endpoint WHERE due_at IS NOT NULL")
    await pool.execute("UPDATE subscriber SET seen_at = seen_at - interval '2 hours'")
    assert (await put(pool, "anna", wish("anna"))).subscriber.seen_at > before.seen_at
    await pool.execute("UPDATE subscription SET ended_at = now()")
    assert states((await put(pool, "anna", wish("anna"))).subscriber) == [EndpointState.WAITING], (
        "and mends what is gone"
    )


async def test_a_wish_replaces_all_of_the_one_before(pool: Any) -> None:
    await enrol(pool, "anna", "a", "b", min_severity=3)
    await put(pool, "anna", wish("a", places=(JUELICH,), drills=True))
    assert await told(pool) == {"a": (True, [JUELICH])}
    row = await pool.fetchrow("SELECT min_severity, drills FROM subscription WHERE ended_at IS NULL")
    assert tuple(row) == (0, True)


async def test_only_the_token_changes_what_is_proven(pool: Any) -> None:
    await enrol(pool, "anna")
    store = Subscribers(pool, ADDRESSES)
    for shown in (None, digest("a guess")):
        with pytest.raises(NotTheirs):
            await store.put(installation("anna"), wish("stranger"), Tokens(shown, digest("mine")))
    trusted = await store.put(installation("anna"), wish("anna"), Tokens(None, digest("mine"), trusted=True))
    assert not trusted.new_token
    assert await told(pool) == {"anna": (True, [DUEREN])}


async def test_an_answer_that_was_lost_before_the_first_proof_costs_only_another_request(pool: Any) -> None:
    store = Subscribers(pool, ADDRESSES)
    await store.put(installation("anna"), wish("anna"), Tokens(None, digest("lost")))
    again = await store.put(installation("anna"), wish("anna"), Tokens(None, digest("kept")))
    assert again.new_token
    assert again.subscriber.token_digest == digest("kept")


async def test_one_device_has_few_subscribers(pool: Any) -> None:
    for n in range(ONE_DEVICE_MAX):
        await put(pool, f"app {n}", wish(f"e{n}", device="phone"))
    await prove_all(pool)
    with pytest.raises(SubscriberRefused, match="device_shared"):
        await put(pool, "one more", wish("more", device="phone"))
    assert await Subscribers(pool, ADDRESSES).of(installation("one more")) is None


async def test_who_has_proven_nothing_keeps_nobody_from_a_device(pool: Any) -> None:
    for n in range(ONE_DEVICE_MAX + 2):
        await put(pool, f"app {n}", wish(f"e{n}", device="phone"))
    assert (
        await pool.fetchval("SELECT count(*) FROM subscriber WHERE device_hash IS NOT NULL") == ONE_DEVICE_MAX
    )
    await put(pool, "app 0", wish("e0", device="phone"))
    named = "SELECT device_hash IS NOT NULL FROM subscriber WHERE installation_hash = $1"
    assert await pool.fetchval(named, installation("app 0").hash), "the same wish once more is done"


async def test_an_installation_is_of_one_instance(pool: Any) -> None:
    await enrol(pool, "anna")
    assert await Subscribers(pool, ADDRESSES).of(installation("anna", "juelich")) is None
    assert (await put(pool, "anna", wish("other"), "juelich")).new_token


async def test_many_at_once_about_the_same_endpoint_all_get_through(pool: Any) -> None:
    await asyncio.gather(
        *(put(pool, f"app {n}", wish("one", places=(DUEREN, JUELICH)[: n % 2 + 1])) for n in range(6))
    )
    await prove_all(pool)
    assert await told(pool) == {"one": (True, [DUEREN, JUELICH])}


TOLD = """
SELECT active, told, language, min_severity, quiet_from, quiet_until, drills, escalate_after_s, person, claim, position
FROM subscription"""


async def test_what_is_new_is_made_as_it_would_be_computed(pool: Any) -> None:
    """So that nothing has to be computed for a crowd that subscribes for the first time."""
    made = await put(pool, "anna", wish("a", "b", device="phone", min_severity=3, languages=("tr",)))
    before = await pool.fetch(TOLD)
    async with pool.acquire() as connection, connection.transaction():
        await hold_shown(connection)
        numbers = [row["id"] for row in await pool.fetch("SELECT id FROM subscription")]
        await reunite(connection, ADDRESSES, numbers, [digest("phone")])
    assert await pool.fetch(TOLD) == before
    assert not await pool.fetchval("SELECT count(*) FROM subscriber WHERE device_claimed_at IS NOT NULL")
    assert [one.position for one in made.subscriber.endpoints] == [0, 1]
    assert await pool.fetchval("SELECT count(*) FROM subscriber_endpoint WHERE due_at IS NOT NULL") == 2


async def test_an_endpoint_that_is_named_twice_is_one(pool: Any) -> None:
    made = await put(pool, "anna", wish("b", "a", "a"))
    assert [one.position for one in made.subscriber.endpoints] == [0, 1]
    assert await pool.fetchval("SELECT count(*) FROM subscription") == 2


async def test_of_two_who_name_an_endpoint_for_the_first_time_both_have_it(pool: Any) -> None:
    await asyncio.gather(*(put(pool, name, wish("shared")) for name in ("anna", "berta", "carl")))
    assert await pool.fetchval("SELECT count(*) FROM subscription") == 1
    assert await pool.fetchval("SELECT count(*) FROM subscriber_endpoint") == 3


async def test_the_link_to_leave_by_is_written_with_the_wish_and_not_again(pool: Any) -> None:
    store = Subscribers(pool, ADDRESSES)
    token = Tokens(None, digest("mine"), trusted=True)

    async def written(link: str) -> Any:
        await store.put(installation("anna"), wish("a"), token, lambda number: digest(f"{link} {number}"))
        return await pool.fetchrow("SELECT id, leave_digest, xmin FROM subscriber")

    number, known, version = await written("old")
    assert known == digest(f"old {number}")
    await prove_all(pool)
    version = (await written("old"))["xmin"]
    assert (await written("old"))["xmin"] == version, "the same once more writes nothing"
    assert (await written("new"))["leave_digest"] == digest(f"new {number}"), "as with other keys"


CROWD = 200
READ = """
SELECT sum(coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0))::bigint FROM pg_stat_xact_user_tables
WHERE relname IN ('subscriber', 'subscriber_endpoint', 'subscription')"""


async def test_what_one_wants_is_computed_without_looking_at_all_others(pool: Any, database_url: str) -> None:
    for n in range(CROWD):
        await put(pool, f"n{n}", wish(f"e{n}", device=f"phone {n}"))
    await prove_all(pool)
    number = await pool.fetchval("SELECT max(id) FROM subscription")
    await pool.execute("ANALYZE subscriber, subscriber_endpoint, subscription, subscriber_municipality")
    fresh = await record.connect(database_url, size=1)  # which has no plans yet
    async with fresh.acquire() as connection, connection.transaction():
        # As with tables so large that reading them whole is never the quickest.
        for method in ("seqscan", "hashjoin", "mergejoin"):
            await connection.execute(f"SET LOCAL enable_{method} = off")
        before = await connection.fetchval(READ) or 0
        await hold_shown(connection)
        await reunite(connection, ADDRESSES, [number], [digest(f"phone {CROWD - 1}")])
        read = await connection.fetchval(READ) - before
    await fresh.close()
    assert 0 < read < CROWD / 2
