"""What an account may send, shared by processes: on the real server, whose clock is moved by moving its state."""

import asyncio
from typing import Any

import pytest

from dispatcher.model.rates.found_rate import FoundRate
from dispatcher.queue.address import parse
from dispatcher.queue.rate_bucket import AHEAD_S, LATE_S, UNAVAILABLE, AcceptedUnits, News, RateBucket
from dispatcher.queue.wakeups import open_queue
from tests.channels.far_side import closed_port


@pytest.fixture
async def queue(redis_url: str) -> Any:
    client = open_queue(parse(redis_url))
    yield client
    await client.aclose(close_connection_pool=True)


def bucket(queue: Any, process: str = "a", rate: float = 100.0) -> RateBucket:
    return RateBucket(queue, "konto", rate, process)


WAITING = ("waits0", "waits1", "waits2", "waits3")
SLOW = 0.001
"""A rate at which the next message is so far away that no busy machine reaches it."""


async def let_pass(queue: Any, seconds: float, fields: tuple[str, ...] = ("next", *WAITING)) -> None:
    """What the passing of time does."""
    for field in fields:
        value = await queue.hget("warn:rate:konto", field)
        if value is not None:
            await queue.hset("warn:rate:konto", field, float(value) - seconds)


async def server_time(queue: Any) -> float:
    seconds, microseconds = await queue.time()
    return float(seconds) + microseconds / 1e6


async def test_a_stretch_of_the_accounts_time_is_granted_and_the_next_to_whoever_asks_next(
    queue: Any,
) -> None:
    first = await bucket(queue).take(1000, 1, 0)
    assert 9 <= first.units <= 12
    assert first.begins_s == 0
    await queue.flushdb()
    one, two = bucket(queue, rate=SLOW), bucket(queue, "b", rate=SLOW)
    assert (await one.take(1000, 1, 0)).units == 1
    refused = await two.take(1000, 1, 0)
    assert (refused.units, refused.processes) == (0, 2)
    assert refused.again_s > 0
    await let_pass(queue, 1 / SLOW)
    second = await two.take(1, 1, 0)
    assert (second.units, second.again_s) == (1, 0)


async def test_all_processes_together_get_the_rate(queue: Any) -> None:
    processes = [bucket(queue, name) for name in "abcd"]
    total, passed, began = 0.0, 0.0, await server_time(queue)
    while passed < 20:
        total += sum([(await one.take(1000, 1, 0)).units for one in processes])
        await let_pass(queue, 0.04)
        passed += 0.04
    calls_s = await server_time(queue) - began
    assert 20 * 100 <= total <= (passed + calls_s + LATE_S + AHEAD_S) * 100 + 1


async def test_what_begins_later_is_told_when(queue: Any) -> None:
    one = bucket(queue)
    await one.take(6, 1, 0)
    later = await one.take(3, 1, 0)
    assert later.units == 3
    assert 0 < later.begins_s <= 0.06


async def test_messages_of_several_units_are_granted_whole(queue: Any) -> None:
    assert (await bucket(queue).take(1000, 6, 0)).units == 6
    await queue.flushdb()
    assert (await bucket(queue, rate=1.0).take(12, 6, 0)).units == 6


async def test_a_more_urgent_lane_that_waits_is_first_whatever_process_it_is_in(queue: Any) -> None:
    mass, flash = bucket(queue, rate=SLOW), bucket(queue, "b", rate=SLOW)
    assert (await mass.take(1000, 1, 2)).units == 1
    assert (await flash.take(20, 1, 0)).units == 0
    await let_pass(queue, 1 / SLOW, ("next",))
    assert (await mass.take(1000, 1, 2)).units == 0, "its turn comes later"
    assert (await flash.take(20, 1, 0)).units == 1
    await let_pass(queue, 1 / SLOW)
    assert (await mass.take(1000, 1, 2)).units, "who waits no more keeps nobody"


async def test_a_clock_that_goes_back_stops_nothing(queue: Any) -> None:
    one = bucket(queue)
    await one.take(1000, 1, 0)
    await let_pass(queue, -3600)
    assert (await one.take(1000, 1, 0)).units >= 9


async def test_a_server_that_forgets_begins_anew_and_nothing_stays_in_it(queue: Any) -> None:
    one = bucket(queue)
    await one.take(1000, 1, 0)
    assert await queue.pttl("warn:rate:konto") > 0
    assert await queue.pttl("warn:rate:konto:processes") > 0
    await queue.flushdb()
    assert (await one.take(1000, 1, 0)).units >= 9


async def test_a_queue_that_is_away_or_answers_nonsense_is_told_by_an_error(
    queue: Any,
) -> None:
    away = open_queue(parse(f"redis://127.0.0.1:{closed_port()}"))
    with pytest.raises(UNAVAILABLE):
        await bucket(away).take(1, 1, 0)
    await away.aclose(close_connection_pool=True)
    await queue.set("warn:rate:konto", "no hash")
    with pytest.raises(UNAVAILABLE):
        await bucket(queue).take(1, 1, 0)


async def test_many_at_once_get_no_more_than_one_stretch(queue: Any) -> None:
    grants = await asyncio.gather(*(bucket(queue, str(n)).take(5, 1, 0) for n in range(20)))
    assert 9 <= sum(grant.units for grant in grants) <= 40


def learnt(queue: Any, process: str = "a") -> RateBucket:
    return RateBucket(queue, "konto", None, process)


async def test_the_rate_that_was_found_last_is_everybodys_and_granted_to_those_who_know_it(
    queue: Any,
) -> None:
    one, two, old = FoundRate(1, 500.0), FoundRate(2, 100.0, True, 5.0), FoundRate(1, 700.0)
    assert (await learnt(queue).take(0, 1, 0, News(one))).found == one, "and nothing was wanted"
    assert (await learnt(queue, "b").take(0, 1, 0, News(two))).found == two
    refused = await learnt(queue, "c").take(1000, 1, 0, News(old))
    assert (refused.units, refused.again_s, refused.found, refused.processes) == (0, 0, two, 3)
    granted = await learnt(queue, "c").take(1000, 1, 0, News(two))
    assert 9 <= granted.units <= 12
    assert await queue.pttl("warn:rate:konto") > 60_000, "processes that start later know it, too"


async def test_of_two_that_were_found_at_once_the_first_that_was_told_holds(queue: Any) -> None:
    await learnt(queue).take(0, 1, 0, News(FoundRate(1, 5.0)))
    assert (await learnt(queue, "b").take(0, 1, 0, News(FoundRate(1, 7.0)))).found == FoundRate(1, 5.0)


async def test_below_a_declared_rate_that_holds_which_is_lower(queue: Any) -> None:
    assert (await bucket(queue).take(1000, 1, 0, News(FoundRate(1, 1000.0)))).units <= 12
    await queue.flushdb()
    assert (await bucket(queue, rate=1000.0).take(1000, 1, 0, News(FoundRate(1, 100.0)))).units <= 12


async def test_a_rate_is_used_for_as_long_as_stretches_of_it_follow_one_another(queue: Any) -> None:
    news = News(FoundRate(1, SLOW), idle_s=1.5 / SLOW)
    one = learnt(queue)
    assert (await one.take(1, 1, 0, news)).found == FoundRate(1, SLOW), "whether it goes on is not known yet"
    await let_pass(queue, 1 / SLOW)
    used = (await one.take(1, 1, 0, news)).found
    assert used is not None
    assert used.used_s == pytest.approx(1 / SLOW, rel=0.01)
    await let_pass(queue, 3 / SLOW)
    again = (await one.take(1, 1, 0, news)).found
    assert again is not None
    assert again.used_s == used.used_s, "it was idle in between"


async def test_what_one_is_asked_to_wait_all_do(queue: Any) -> None:
    found = FoundRate(1, 100.0)
    await learnt(queue).take(0, 1, 0, News(found, rests_s=300.0))
    shorter = await learnt(queue, "b").take(10, 1, 0, News(found, rests_s=1.0))
    assert shorter.units == 0
    assert 290 <= shorter.rests_s <= 300
    await let_pass(queue, 300, ("rests",))
    assert (await learnt(queue, "b").take(10, 1, 0, News(found))).units
    await let_pass(queue, -3600, ("rests",))
    assert (await learnt(queue, "b").take(0, 1, 0, News(found))).rests_s == 0, "a clock went back"


async def test_what_the_gateway_took_from_others_is_heard_once_and_with_its_age(queue: Any) -> None:
    one, two = learnt(queue), learnt(queue, "b")
    found = FoundRate(1, 100.0)
    took = News(found, accepted=(AcceptedUnits(3, 0.5), AcceptedUnits(2, 0.0)))
    assert (await one.take(0, 1, 0, took)).accepted == (), "one's own is known"
    heard = (await two.take(0, 1, 0, News(found))).accepted
    assert [units for units, _ in heard] == [3, 2]
    assert 0.5 <= heard[0].age_s < 3
    assert heard[0].age_s - heard[1].age_s == pytest.approx(0.5)
    assert (await two.take(0, 1, 0, News(found))).accepted == ()
    assert await queue.pttl("warn:rate:konto:accepted") > 0


@pytest.mark.parametrize("text", ["", "nonsense", '{"version":1,"rate":0}', '{"version":1,"rate":"5"}'])
async def test_a_rate_that_is_none_is_told_by_an_error(queue: Any, text: str) -> None:
    await queue.hset("warn:rate:konto", mapping={"version": 1, "found": text or "{}", "used": 0})
    with pytest.raises(UNAVAILABLE):
        await learnt(queue).take(0, 1, 0)
