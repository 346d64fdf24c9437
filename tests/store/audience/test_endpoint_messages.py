"""The queue of messages with a code."""

from typing import Any

import pytest

from dispatcher.model.principals import Instance
from dispatcher.store import record
from dispatcher.store.audience.endpoint_messages import ATTEMPTS, EndpointMessages
from dispatcher.store.sources import Sources
from tests.support.messages import DUEREN
from tests.support.sealed import ADDRESSES
from tests.support.subscribers import digest, put, wish


@pytest.fixture
async def messages(pool: Any, sources: Sources) -> EndpointMessages:
    await sources.put_instance(Instance("dueren", "Düren", (DUEREN,)), f"wi_dueren_{'s' * 43}")
    await put(pool, "anna", wish("a", languages=("uk", "de")))
    codes = iter(range(100))
    return EndpointMessages(
        pool, ADDRESSES, lambda channel: f"{channel} {next(codes)}", lambda _, code: digest(code)
    )


async def state(pool: Any) -> tuple[Any, ...]:
    return tuple(
        await pool.fetchrow(
            "SELECT answer, attempts, due_at IS NULL, last_accepted_at IS NULL FROM subscriber_endpoint"
        )
    )


async def due_now(pool: Any) -> None:
    await pool.execute("UPDATE subscriber_endpoint SET due_at = clock_timestamp() WHERE due_at IS NOT NULL")


async def test_one_worker_takes_each_and_the_record_has_no_code(
    pool: Any, messages: EndpointMessages
) -> None:
    [message] = await messages.claim(5)
    assert (message.code, message.languages, message.proven, message.attempt) == (
        "webpush 0",
        ("uk", "de"),
        False,
        1,
    )
    assert not await messages.claim(5)
    assert await pool.fetchval("SELECT code_digest FROM subscriber_endpoint") == digest("webpush 0")
    assert "webpush 0" not in repr(message)
    assert "push.example/a" not in repr(message)


async def test_one_that_was_accepted_is_done(pool: Any, messages: EndpointMessages) -> None:
    [message] = await messages.claim(5)
    await messages.answered(message, "accepted", again=False)
    assert await state(pool) == ("accepted", 0, True, False)


async def test_what_was_answered_is_not_planned_for_each_message(
    database_url: str, messages: EndpointMessages
) -> None:
    [message] = await messages.claim(5)
    async with await record.connect(database_url, size=1) as one:
        noting = EndpointMessages(one, ADDRESSES, str, lambda _, code: digest(code))
        for _ in range(20):
            await noting.answered(message, "accepted", again=False)
        planned = await one.fetchval(
            "SELECT generic_plans FROM pg_prepared_statements WHERE statement LIKE $1",
            "%UPDATE subscriber_endpoint%",
        )
    assert planned > 10


async def test_a_dead_worker_s_is_sent_again_with_another_code(pool: Any, messages: EndpointMessages) -> None:
    [lost] = await messages.claim(5)
    await due_now(pool)
    [message] = await messages.claim(5)
    assert (message.code, message.attempt) == ("webpush 1", 2)
    await messages.answered(lost, "410", again=False)
    assert (await state(pool))[0] is None, "it speaks of a code that is not waited for any more"


async def test_one_that_failed_is_sent_again_a_few_times(pool: Any, messages: EndpointMessages) -> None:
    for attempt in range(1, ATTEMPTS + 1):
        [message] = await messages.claim(5)
        assert message.attempt == attempt
        await messages.answered(message, "503", again=True)
        assert await state(pool) == ("503", attempt % ATTEMPTS, attempt == ATTEMPTS, True)
        await due_now(pool)
    assert not await messages.claim(5)
