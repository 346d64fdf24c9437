"""Installations of apps: what they want as a whole, round trips, and their end."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from dispatcher.model.principals import Instance
from dispatcher.model.subscribers import EndpointState, NotTheirs, SubscriberRefused
from dispatcher.model.vocabulary import Kind, Reason, State
from dispatcher.store.audience.endpoint_messages import EndpointMessages
from dispatcher.store.audience.subscribers import CODE_TRIES, ONE_DEVICE_MAX, Subscribers, Tokens
from dispatcher.store.sources import Sources
from tests.support.histories import finish, plan, planned, submit
from tests.support.messages import DUEREN, JUELICH
from tests.support.sealed import ADDRESSES, endpoints
from tests.support.subscribers import digest, enrol, installation, named, prove_all, put, told, wish

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


async def test_a_wrong_code_proves_nothing_and_after_some_the_right_one_does_not(pool: Any) -> None:
    made = await put(pool, "anna", wish("anna"))
    messages = EndpointMessages(pool, ADDRESSES, lambda _: "right", lambda _, code: digest(code))
    [message] = await messages.claim(5)
    store, number = Subscribers(pool, ADDRESSES), made.subscriber.number
    for _ in range(CODE_TRIES):
        assert not await store.prove(number, digest("wrong"))
    assert not await store.prove(number, message.code_digest)
    assert await told(pool) == {"anna": (False, [])}


async def test_a_code_is_somebodys_and_holds_for_a_while_and_once(pool: Any) -> None:
    anna, bernd = await put(pool, "anna", wish("anna")), await put(pool, "bernd", wish("bernd"))
    messages = EndpointMessages(
        pool, ADDRESSES, lambda _: "x", lambda number, code: digest(f"{number} {code}")
    )
    codes = {message.subscriber: message.code_digest for message in await messages.claim(5)}
    store = Subscribers(pool, ADDRESSES)
    assert not await store.prove(bernd.subscriber.number, codes[anna.subscriber.number])
    assert await store.prove(anna.subscriber.number, codes[anna.subscriber.number]) == "webpush"
    assert not await store.prove(anna.subscriber.number, codes[anna.subscriber.number])
    await pool.execute("UPDATE subscriber_endpoint SET code_sent_at = code_sent_at - interval '2 hours'")
    assert not await store.prove(bernd.subscriber.number, codes[bernd.subscriber.number])
    assert not await store.prove(0, codes[bernd.subscriber.number])


async def test_who_leaves_is_erased_and_only_a_number_is_left(pool: Any) -> None:
    number = await enrol(pool, "anna", "a", "b")
    store = Subscribers(pool, ADDRESSES)
    await store.note_leave_digest(number, digest("link"))
    assert await store.leave_by(digest("link"))
    assert not await store.leave_by(digest("link"))
    assert not await store.leave(number)
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
    store = Subscribers(pool, ADDRESSES)
    assert await store.end_expired(10) == 1
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
    store = Subscribers(pool, ADDRESSES)
    await submit(alerts, "A")
    for ready in await plan(ledger, plans, "A"):
        await finish(ledger, ready.batch_id, State.ACCEPTED)
    await pool.execute("UPDATE subscriber SET expires_at = clock_timestamp()")
    found = await store.of(installation("anna"))
    assert found is not None
    assert found.is_over, "whatever has been tidied up"
    assert [await store.end_expired(10) for _ in range(2)] == [1, 0]
    await submit(alerts, "B")
    await plan(ledger, plans, "B")
    assert await planned(pool, "B") == set()
    await submit(alerts, "C", chain="A", reason=Reason.CANCEL)
    await plan(ledger, plans, "C")
    assert await planned(pool, "C") == {(Kind.CANCEL, anna)}
    await pool.execute("UPDATE alert SET expires = clock_timestamp() WHERE id = 'A'")
    assert await store.end_expired(10) == 0, "it was counted"
    assert await store.of(installation("anna")) is None
    assert await named(pool) == {}


async def test_an_endpoint_that_is_gone_at_a_test_is_seen_and_proven_anew(pool: Any) -> None:
    number = await enrol(pool, "anna")
    store = Subscribers(pool, ADDRESSES)
    messages = EndpointMessages(pool, ADDRESSES, lambda _: "x", lambda _, code: digest(code))
    assert await store.ask_test(number) == 0
    [message] = await messages.claim(5)
    await messages.answered(message, "410", again=False, gone=True)
    found = await store.of(installation("anna"))
    assert found is not None
    assert [(one.state, one.answer) for one in found.endpoints] == [(EndpointState.GONE, "410")]
    assert await store.ask_test(number) is None, "there is nothing to test"
    again = (await put(pool, "anna", wish("anna"))).subscriber.endpoints[0]
    assert (again.state, await messages.claim(5)) == (EndpointState.WAITING, [])
    assert 590 <= (again.retry_after_s or 0) <= 600, "why nothing is sent"
    await pool.execute("UPDATE subscriber_endpoint SET code_sent_at = code_sent_at - interval '10 minutes'")
    again = (await put(pool, "anna", wish("anna"))).subscriber.endpoints[0]
    assert again.retry_after_s is None
    assert len(await messages.claim(5)) == 1


async def test_a_test_goes_to_what_is_active_and_not_again_at_once(pool: Any) -> None:
    number = await enrol(pool, "anna", "a")
    await put(pool, "anna", wish("a", "b"))
    await pool.execute("UPDATE subscriber_endpoint SET due_at = NULL")
    store = Subscribers(pool, ADDRESSES)
    assert await store.ask_test(number) == 0
    assert 0 < (await store.ask_test(number) or 0) <= 30
    messages = EndpointMessages(pool, ADDRESSES, lambda _: "x", lambda _, code: digest(code))
    [message] = await messages.claim(5)
    assert (message.endpoint.address, message.proven) == ("https://push.example/a", True)
    before = await store.of(installation("anna"))
    assert await store.prove(number, message.code_digest)
    after = await store.of(installation("anna"))
    assert before is not None
    assert after is not None
    assert (before.endpoints[0].last_confirmed or PAST) < (after.endpoints[0].last_confirmed or PAST)


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


async def test_what_nobody_proves_for_a_day_is_named_no_more(pool: Any) -> None:
    await enrol(pool, "anna", "a")
    await put(pool, "anna", wish("a", "b"))
    await put(pool, "bernd", wish("c"))
    store = Subscribers(pool, ADDRESSES)
    assert await store.end_unproven(10) == 0
    await pool.execute("UPDATE subscriber_endpoint SET named_at = named_at - interval '25 hours'")
    await put(pool, "bernd", wish("c"))
    assert await store.end_unproven(10) == 1, "an app that starts names it again"
    assert await told(pool) == {"a": (True, [DUEREN]), "c": (False, [])}
    await put(pool, "anna", wish("a", "b"))
    assert set(await told(pool)) == {"a", "b", "c"}


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
