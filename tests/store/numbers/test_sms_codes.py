"""SMS with codes: none without room for one more, of whatever is counted."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from dispatcher.model.principals import Instance
from dispatcher.model.subscribers import Wish
from dispatcher.store.audience.endpoint_messages import EndpointMessages
from dispatcher.store.audience.proofs import CODE_TRIES, SHORT_CODE_VALID, Proofs
from dispatcher.store.numbers.sms_codes import CLOSED_S, CodeLimit, CodeRefused
from dispatcher.store.sources import Sources
from tests.support.messages import DUEREN
from tests.support.sealed import ADDRESSES
from tests.support.subscribers import TOKENS, codes_of, digest, number, put

LINE = digest("a line")


@pytest.fixture
async def pool(pool: Any, sources: Sources) -> Any:
    for name in ("dueren", "juelich"):
        await sources.put_instance(Instance(name, name.title(), (DUEREN,)), f"wi_{name}_{'s' * 43}")
    return pool


def wish(*numbers: str) -> Wish:
    return Wish(tuple(map(number, numbers)), (DUEREN,))


async def signed_up(pool: Any, name: str, *numbers: str, instance: str = "dueren") -> int:
    return (await put(pool, name, wish(*numbers), instance)).subscriber.number


async def sent(pool: Any) -> dict[str, str]:
    """What is due now, as sent: codes by number."""
    codes = iter(f"{n:06d}" for n in range(100))
    messages = EndpointMessages(pool, ADDRESSES, lambda _: next(codes), TOKENS.code_digest)
    found = {}
    for one in await messages.claim(100):
        await messages.answered(one, "accepted", again=False)
        found[one.endpoint.address] = one.code
    return found


async def refusal(asking: Any) -> tuple[str, float]:
    with pytest.raises(CodeRefused) as refused:
        await asking
    return refused.value.limit, refused.value.seconds


async def test_nothing_is_sent_that_nobody_asked_for(pool: Any) -> None:
    anna = await signed_up(pool, "anna", "+4915112345678")
    await signed_up(pool, "anna", "+4915112345678")
    assert await sent(pool) == {}
    codes = codes_of(pool)
    assert not await codes.ask(anna, 1, LINE), "there is none"
    assert not await codes.ask(0, 0, LINE)
    assert await codes.ask(anna, 0, LINE)
    assert await codes.ask(anna, 0, LINE), "one that is about to be sent is not sent twice"
    assert set(await sent(pool)) == {"+4915112345678"}
    assert await pool.fetchval("SELECT count(*) FROM sms_code") == 1


async def test_a_number_gets_few_whoever_asks(pool: Any) -> None:
    number = "+4915112345678"
    anna, other = (
        await signed_up(pool, "anna", number),
        await signed_up(pool, "x", number, instance="juelich"),
    )
    codes = codes_of(pool, of_number=2)
    for subscriber in (anna, other):
        assert await codes.ask(subscriber, 0, LINE)
    await sent(pool)
    limit, seconds = await refusal(codes.ask(anna, 0, digest("another line")))
    assert (limit, 86_300 < seconds <= 86_400) == (CodeLimit.NUMBER, True)
    await pool.execute("UPDATE sms_code SET sent_at = sent_at - interval '1 day'")
    assert await codes.ask(anna, 0, LINE)
    assert await codes.forget() == 2


@pytest.mark.parametrize(
    ("limits", "numbers", "limit", "period"),
    [
        ({"of_block": 2}, ["+4915112340001", "+4915112349999", "+4915112341234"], CodeLimit.BLOCK, 3600),
        ({"of_instance": 2}, ["+4915112340001", "+4916012340001", "+4917012340001"], CodeLimit.INSTANCE, 86_400),
        ({"of_address": 2}, ["+4915112340001", "+4916012340001", "+4917012340001"], CodeLimit.ADDRESS, 3600),
    ],
)  # fmt: skip
async def test_so_do_a_block_an_app_and_a_line(
    pool: Any, limits: dict[str, int], numbers: list[str], limit: CodeLimit, period: int
) -> None:
    anna = await signed_up(pool, "anna", *numbers)
    codes = codes_of(pool, **limits)
    for position in (0, 1):
        assert await codes.ask(anna, position, LINE)
    found, seconds = await refusal(codes.ask(anna, 2, LINE))
    assert (found, period - 100 < seconds <= period) == (limit, True)
    assert len(await sent(pool)) == 2, "and no SMS leaves"
    if limit is CodeLimit.ADDRESS:
        assert await codes.ask(anna, 2, None), "a municipality's backend is no line"


async def test_0_closes_it_and_at_once_there_are_no_more_than_may_be(pool: Any) -> None:
    numbers = [f"+49151{n}2345678" for n in range(6)]
    anna = await signed_up(pool, "anna", *numbers)
    assert await refusal(codes_of(pool, of_instance=0).ask(anna, 0, LINE)) == ("instance", CLOSED_S)
    codes = codes_of(pool, of_instance=3)
    found = await asyncio.gather(*(codes.ask(anna, n, LINE) for n in range(6)), return_exceptions=True)
    assert sorted(isinstance(one, CodeRefused) for one in found) == [False] * 3 + [True] * 3
    assert len(await sent(pool)) == 3


async def test_a_new_code_ends_the_one_before_and_each_holds_for_a_while_and_for_few_tries(pool: Any) -> None:
    anna = await signed_up(pool, "anna", "+4915112345678")
    codes, proofs = codes_of(pool), Proofs(pool, ADDRESSES)

    async def proven(code: str) -> str | None:
        return await proofs.prove(anna, TOKENS.code_digest(anna, code))

    async def another() -> str:
        await codes.ask(anna, 0, LINE)
        await pool.execute("UPDATE subscriber_endpoint SET code_digest = NULL WHERE due_at IS NOT NULL")
        [code] = (await sent(pool)).values()
        return code

    first = await another()
    row = await pool.fetchrow("SELECT code_digest FROM subscriber_endpoint")
    assert first.encode() not in bytes(row["code_digest"])
    await codes.ask(anna, 0, LINE)
    assert await proven(first) is None, "another one is on its way"
    await sent(pool)
    for _ in range(CODE_TRIES):
        assert await proven("999999") is None
    assert await proven("000000") is None
    await another()
    await pool.execute(
        "UPDATE subscriber_endpoint SET code_sent_at = code_sent_at - $1::interval", SHORT_CODE_VALID
    )
    assert await proven("000000") is None
    await another()
    assert await proven("000000") == "sms"
    assert await proven("000000") is None, "and once"
    # The test of what is proven is bounded by the same.
    assert await proofs.ask_test(anna) == 0
    assert await sent(pool) == {}
    assert await codes_of(pool, of_number=4).test(anna) == [CodeLimit.NUMBER]
    assert await pool.fetchval("SELECT answer FROM subscriber_endpoint") == "limit_number"
    assert await codes.test(anna) == []
    assert len(await sent(pool)) == 1


async def test_a_worker_that_dies_again_and_again_sends_no_more_than_five(pool: Any) -> None:
    anna = await signed_up(pool, "anna", "+4915112345678")
    await codes_of(pool).ask(anna, 0, LINE)
    messages = EndpointMessages(pool, ADDRESSES, lambda _: "1", TOKENS.code_digest)
    times = 0
    while await messages.claim(1):
        times += 1
        await pool.execute(
            "UPDATE subscriber_endpoint SET due_at = due_at - $1::interval", timedelta(minutes=2)
        )
    assert times == 5
