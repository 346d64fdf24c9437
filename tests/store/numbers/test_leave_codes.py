"""Leaving by a number: a code goes only where warnings go, and nobody learns by it where that is."""

from datetime import timedelta
from typing import Any

import pytest

from dispatcher.model.subscriptions import NewSubscription
from dispatcher.store.audience.subscriptions import Subscriptions
from dispatcher.store.numbers.leave_codes import ATTEMPTS, TRIES, VALID
from dispatcher.store.numbers.sms_codes import CodeLimit, CodeRefused
from dispatcher.store.sources import Sources
from tests.support.messages import DUEREN
from tests.support.sealed import ADDRESSES, numbers
from tests.support.subscribers import digest, leave_codes_of

NUMBER, OTHER, NOBODY = "+4915112345678", "+4916012345678", "+4917012345678"
LINE = digest("a line")


@pytest.fixture
async def pool(pool: Any, sources: Sources) -> Any:
    await Subscriptions(pool, ADDRESSES).add_many(
        [NewSubscription("sms", "gateway", one, {}, (DUEREN,)) for one in (NUMBER, OTHER)]
    )
    return pool


async def sent(pool: Any, code: str = "123456") -> list[str]:
    codes = leave_codes_of(pool)
    due = await codes.claim(10, lambda: code)
    for one in due:
        assert one.code not in repr(one)
        await codes.answered(one, again=False)
    return [one.endpoint.address for one in due]


async def active(pool: Any) -> set[str]:
    return set(await numbers(pool, "active AND ended_at IS NULL"))


async def test_a_code_ends_the_number_it_was_sent_to_and_no_other(pool: Any) -> None:
    codes = leave_codes_of(pool)
    for number in (NUMBER, NOBODY):
        await codes.ask(number, LINE)
    assert await sent(pool) == [NUMBER]
    for number in (OTHER, NOBODY):
        assert not await codes.leave(number, "123456")
    assert not await codes.leave(NUMBER, "654321")
    assert await codes.leave(NUMBER, "123456")
    assert not await codes.leave(NUMBER, "123456")
    assert await active(pool) == {OTHER}
    put = await Subscriptions(pool, ADDRESSES).add_many([NewSubscription("sms", "g", NUMBER, {}, (DUEREN,))])
    assert put == 0, "an import leaves it out"


async def test_it_holds_for_a_while_for_few_tries_and_until_there_is_another(pool: Any) -> None:
    codes = leave_codes_of(pool)
    await codes.ask(NUMBER, LINE)
    await sent(pool, "111111")
    await codes.ask(NUMBER, LINE)
    assert not await codes.leave(NUMBER, "111111"), "another one is on its way"
    await sent(pool, "222222")
    assert not await codes.leave(NUMBER, "111111")
    for _ in range(TRIES - 1):
        assert not await codes.leave(NUMBER, "000000")
    assert not await codes.leave(NUMBER, "222222")
    await codes.ask(NUMBER, LINE)
    await sent(pool, "333333")
    await pool.execute("UPDATE leave_code SET code_sent_at = code_sent_at - $1::interval", VALID)
    assert not await codes.leave(NUMBER, "333333")
    assert await active(pool) == {NUMBER, OTHER}
    await pool.execute("UPDATE leave_code SET code_sent_at = code_sent_at - interval '1 day'")
    await codes.forget()
    assert await pool.fetchval("SELECT count(*) FROM leave_code") == 0


async def test_few_are_sent_and_what_is_answered_tells_nothing_of_the_number(pool: Any) -> None:
    codes = leave_codes_of(pool, of_number=2, of_address=6)
    for number in (NUMBER, NOBODY):
        for _ in range(3):
            await codes.ask(number, LINE)  # the third is not sent, and not refused
    assert await sent(pool) == [NUMBER]
    assert await pool.fetchval("SELECT count(*) FROM sms_code") == 4
    codes = leave_codes_of(pool, of_number=2, of_address=4)
    for number in (OTHER, NOBODY):
        with pytest.raises(CodeRefused) as refused:
            await codes.ask(number, LINE)
        assert refused.value.limit is CodeLimit.ADDRESS
    await codes.ask(OTHER, digest("another line"))
    assert await sent(pool) == [OTHER]


async def test_a_worker_that_dies_again_and_again_sends_few(pool: Any) -> None:
    codes, times = leave_codes_of(pool), 0
    await codes.ask(NUMBER, LINE)
    while await codes.claim(1, lambda: "1"):
        times += 1
        await pool.execute("UPDATE leave_code SET due_at = due_at - $1::interval", timedelta(minutes=2))
    assert times == ATTEMPTS
