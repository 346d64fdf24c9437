"""What an account may send, shared by processes: on the real server, whose clock is moved by moving its state."""

import asyncio
from typing import Any

import pytest

from dispatcher.queue.address import parse
from dispatcher.queue.rate_bucket import AHEAD_S, LATE_S, UNAVAILABLE, RateBucket
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
