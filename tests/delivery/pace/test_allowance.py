"""A process's part of what an account may send: fetched, used up, and done without while the bucket is away."""

import asyncio
from math import inf
from typing import Any

import pytest

from dispatcher.delivery.gateway_limiter import GatewayLimiter, Holder
from dispatcher.delivery.pace.allowance import KEPT_S, Allowance
from dispatcher.delivery.pace.pace import KEPT_BELOW, Pace
from dispatcher.queue.address import parse
from dispatcher.queue.rate_bucket import RateBucket, Stretch
from dispatcher.queue.wakeups import open_queue
from tests.channels.far_side import closed_port
from tests.support import virtual_time

RATE = 100.0


class Account:
    """A bucket on virtual time, as the one in Redis; what it says while `away` is an error."""

    def __init__(self) -> None:
        self.free_at, self.away, self.calls = 0.0, False, 0

    async def take(self, wanted: float, unit: float, _rank: int) -> Stretch:
        self.calls += 1
        await asyncio.sleep(0.002)
        if self.away:
            raise ConnectionError
        now = asyncio.get_running_loop().time()
        begins = max(self.free_at, now - 0.02)
        if begins - now >= 0.1:
            return Stretch(0, 0, begins - now - 0.099, 3)
        units = min(wanted, max(unit, (now + 0.1 - begins) * RATE * KEPT_BELOW // unit * unit))
        self.free_at = begins + units / (RATE * KEPT_BELOW)
        return Stretch(units, max(0, begins - now), 0, 3)


async def sender(account: Any, count: int, left: list[float], units: float = 1.0) -> None:
    """Send so many in one process."""
    loop = asyncio.get_running_loop()
    limiter = GatewayLimiter(50, loop.time, Pace(RATE, Allowance(account, loop.time)))
    while count > 0:
        async with limiter.hold(min(count, 20), Holder(0, "centre"), units) as slots:
            count -= slots.held
            await limiter.depart(slots)
            left += [loop.time()] * slots.held


def most_in_a_second(left: list[float]) -> int:
    return max(sum(first <= at < first + 1 for at in left) for first in left)


def test_several_processes_together_keep_to_the_rate_and_use_it() -> None:
    account, left = Account(), []

    async def all_send() -> None:
        await asyncio.gather(*(sender(account, 200, left) for _ in range(3)))

    virtual_time.run(all_send())
    assert len(left) == 600
    assert most_in_a_second(left) <= RATE
    assert max(left) <= 6 * 1.05
    assert account.calls <= 6 * 45, "about one for a stretch and process"


def test_messages_of_several_units_are_counted_by_them() -> None:
    left: list[float] = []
    virtual_time.run(sender(Account(), 100, left, 4.0))
    assert 4.0 <= max(left) <= 4.3


def test_while_the_bucket_is_away_nothing_waits_and_each_process_keeps_to_its_part() -> None:
    account, left = Account(), []

    async def story() -> None:
        sending = [asyncio.create_task(sender(account, 300, left)) for _ in range(3)]
        await asyncio.sleep(2)
        account.away = True
        await asyncio.sleep(4)
        account.away = False
        await asyncio.gather(*sending)

    virtual_time.run(story())
    away = [at for at in left if 2.2 <= at < 6]
    assert len(away) == pytest.approx(3.8 * RATE, rel=0.1)
    assert most_in_a_second(left) <= RATE * 1.1, "also where it comes back"
    assert max(left) <= 9 * 1.08


def test_processes_that_never_heard_of_one_another_send_the_rate_each() -> None:
    """The bound: as many times the rate as there are processes."""
    account, left = Account(), []
    account.away = True

    async def all_send() -> None:
        await asyncio.gather(*(sender(account, 100, left) for _ in range(2)))

    virtual_time.run(all_send())
    assert RATE < most_in_a_second(left) <= 2 * RATE


def test_a_bucket_that_is_away_is_asked_once_a_second() -> None:
    account, left = Account(), []
    account.away = True
    virtual_time.run(sender(account, 400, left))
    assert max(left) <= 4.3
    assert account.calls <= 6


def test_what_was_granted_and_not_used_is_given_up() -> None:
    async def story() -> None:
        loop = asyncio.get_running_loop()
        account: Any = Account()
        allowance = Allowance(account, loop.time)
        answered = asyncio.Event()
        allowance.ask(10, 1, 0, answered.set)
        assert allowance.wait_s(loop.time()) == inf, "it is being asked for"
        await answered.wait()
        assert allowance.left(loop.time()) >= 9
        await asyncio.sleep(KEPT_S + 0.1)
        assert allowance.left(loop.time()) == 0

    virtual_time.run(story())


async def test_with_the_real_queue_and_without_any_a_warning_leaves(redis_url: str) -> None:
    here = open_queue(parse(redis_url))
    away = open_queue(parse(f"redis://127.0.0.1:{closed_port()}"))
    for client in (here, away):
        allowance = Allowance(RateBucket(client, "konto", 1000.0, "a"))
        limiter = GatewayLimiter(50, pace=Pace(1000.0, allowance))
        async with asyncio.timeout(10), limiter.hold(1, Holder(0, "centre")) as slots:
            assert slots.held == 1
        assert allowance.away == (client is away)
        await client.aclose(close_connection_pool=True)
