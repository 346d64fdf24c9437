"""Round trips: codes that prove endpoints, tests of them, and what nobody proves."""

from datetime import UTC, datetime
from typing import Any

import pytest

from dispatcher.model.principals import Instance
from dispatcher.model.subscribers import EndpointState
from dispatcher.store import record
from dispatcher.store.audience.endpoint_messages import EndpointMessages
from dispatcher.store.audience.proofs import CODE_TRIES, Proofs
from dispatcher.store.audience.subscribers import Subscribers
from dispatcher.store.sources import Sources
from tests.support.messages import DUEREN, JUELICH
from tests.support.sealed import ADDRESSES
from tests.support.subscribers import digest, enrol, installation, put, told, wish

PAST = datetime(2025, 1, 1, tzinfo=UTC)
PLANNED = """
SELECT statement, custom_plans FROM pg_prepared_statements WHERE statement LIKE '%$%' AND statement NOT LIKE '%pg_type%'"""


@pytest.fixture
async def pool(pool: Any, sources: Sources) -> Any:
    for name in ("dueren", "juelich"):
        await sources.put_instance(Instance(name, name.title(), (DUEREN, JUELICH)), f"wi_{name}_{'s' * 43}")
    return pool


def states(subscriber: Any) -> list[EndpointState]:
    return [one.state for one in subscriber.endpoints]


async def test_a_wrong_code_proves_nothing_and_after_some_the_right_one_does_not(pool: Any) -> None:
    made = await put(pool, "anna", wish("anna"))
    messages = EndpointMessages(pool, ADDRESSES, lambda _: "right", lambda _, code: digest(code))
    [message] = await messages.claim(5)
    proofs, number = Proofs(pool, ADDRESSES), made.subscriber.number
    for _ in range(CODE_TRIES):
        assert not await proofs.prove(number, digest("wrong"))
    assert not await proofs.prove(number, message.code_digest)
    assert await told(pool) == {"anna": (False, [])}


async def test_what_a_code_brings_about_is_planned_once_whoever_brings_it(
    database_url: str, pool: Any
) -> None:
    messages = EndpointMessages(pool, ADDRESSES, lambda _: "x", lambda number, _: digest(str(number)))
    async with await record.connect(database_url, size=1) as one:
        for name in ("anna", "bernd", "carla"):
            await put(pool, name, wish(name))
            [message] = await messages.claim(5)
            assert await Proofs(one, ADDRESSES).prove(message.subscriber, message.code_digest)
        planned = await one.fetch(PLANNED)
        mode = await one.fetchval("SHOW plan_cache_mode")
    assert any("subscriber_endpoint" in row["statement"] for row in planned)
    assert {row["statement"] for row in planned if row["custom_plans"]} == set()
    assert mode == "auto", "of other transactions nothing is changed"


async def test_a_code_is_somebodys_and_holds_for_a_while_and_once(pool: Any) -> None:
    anna, bernd = await put(pool, "anna", wish("anna")), await put(pool, "bernd", wish("bernd"))
    messages = EndpointMessages(
        pool, ADDRESSES, lambda _: "x", lambda number, code: digest(f"{number} {code}")
    )
    codes = {message.subscriber: message.code_digest for message in await messages.claim(5)}
    proofs = Proofs(pool, ADDRESSES)
    assert not await proofs.prove(bernd.subscriber.number, codes[anna.subscriber.number])
    assert await proofs.prove(anna.subscriber.number, codes[anna.subscriber.number]) == "webpush"
    assert not await proofs.prove(anna.subscriber.number, codes[anna.subscriber.number])
    await pool.execute("UPDATE subscriber_endpoint SET code_sent_at = code_sent_at - interval '2 hours'")
    assert not await proofs.prove(bernd.subscriber.number, codes[bernd.subscriber.number])
    assert not await proofs.prove(0, codes[bernd.subscriber.number])


async def test_an_endpoint_that_is_gone_at_a_test_is_seen_and_proven_anew(pool: Any) -> None:
    number = await enrol(pool, "anna")
    store, proofs = Subscribers(pool, ADDRESSES), Proofs(pool, ADDRESSES)
    messages = EndpointMessages(pool, ADDRESSES, lambda _: "x", lambda _, code: digest(code))
    assert await proofs.ask_test(number) == 0
    [message] = await messages.claim(5)
    await messages.answered(message, "410", again=False, gone=True)
    found = await store.of(installation("anna"))
    assert found is not None
    assert [(one.state, one.answer) for one in found.endpoints] == [(EndpointState.GONE, "410")]
    assert await proofs.ask_test(number) is None, "there is nothing to test"
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
    store, proofs = Subscribers(pool, ADDRESSES), Proofs(pool, ADDRESSES)
    assert await proofs.ask_test(number) == 0
    assert 0 < (await proofs.ask_test(number) or 0) <= 30
    messages = EndpointMessages(pool, ADDRESSES, lambda _: "x", lambda _, code: digest(code))
    [message] = await messages.claim(5)
    assert (message.endpoint.address, message.proven) == ("https://push.example/a", True)
    before = await store.of(installation("anna"))
    assert await proofs.prove(number, message.code_digest)
    after = await store.of(installation("anna"))
    assert before is not None
    assert after is not None
    assert (before.endpoints[0].last_confirmed or PAST) < (after.endpoints[0].last_confirmed or PAST)


async def test_what_nobody_proves_for_a_day_is_named_no_more(pool: Any) -> None:
    await enrol(pool, "anna", "a")
    await put(pool, "anna", wish("a", "b"))
    await put(pool, "bernd", wish("c"))
    proofs = Proofs(pool, ADDRESSES)
    assert await proofs.end_unproven(10) == 0
    await pool.execute("UPDATE subscriber_endpoint SET named_at = named_at - interval '25 hours'")
    await put(pool, "bernd", wish("c"))
    assert await proofs.end_unproven(10) == 1, "an app that starts names it again"
    assert await told(pool) == {"a": (True, [DUEREN]), "c": (False, [])}
    await put(pool, "anna", wish("a", "b"))
    assert set(await told(pool)) == {"a", "b", "c"}
