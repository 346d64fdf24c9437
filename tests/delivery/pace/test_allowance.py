"""A process's part of what an account may send: fetched, used up, and done without while the bucket is away; and what
is learnt of it, shared.
"""

import asyncio
from math import inf
from typing import Any

import pytest

from dispatcher.delivery.gateway_limiter import GatewayLimiter, Holder
from dispatcher.delivery.pace.allowance import KEPT_S, Allowance
from dispatcher.delivery.pace.pace import Pace
from dispatcher.queue.address import parse
from dispatcher.queue.rate_bucket import RateBucket
from dispatcher.queue.wakeups import open_queue
from tests.channels.far_side import closed_port
from tests.delivery.pace.accounts import CALL_S, Journal, VirtualRedis, send
from tests.delivery.pace.gateway_policies import FixedWindow, SlidingWindow, TokenBucket
from tests.support import virtual_time
from tests.support.busiest_second import most_in_a_second

RATE = 100.0
TAKES = 5.0
"""What the gateways below take a second."""


@pytest.fixture
def shared(redis_url: str) -> VirtualRedis:
    return VirtualRedis(redis_url)


async def leave(limiter: GatewayLimiter, count: int, left: list[float], units: float = 1.0) -> None:
    """Let so many leave of one process, and nobody answers."""
    while count > 0:
        async with limiter.hold(min(count, 20), Holder(0, "centre"), units) as slots:
            count -= slots.held
            await limiter.depart(slots)
            left += [asyncio.get_running_loop().time()] * slots.held


class TestDeclared:
    def test_several_processes_together_keep_to_the_rate_and_use_it(self, shared: VirtualRedis) -> None:
        left: list[float] = []

        async def all_send() -> None:
            await asyncio.gather(*(leave(shared.process(RATE, name), 200, left) for name in "abc"))

        virtual_time.run(all_send())
        assert len(left) == 600
        assert most_in_a_second(left) <= RATE
        assert max(left) <= 6 * 1.05
        assert shared.calls <= 6 * 45, "about one for a stretch and process"

    def test_messages_of_several_units_are_counted_by_them(self, shared: VirtualRedis) -> None:
        left: list[float] = []

        async def one_sends() -> None:
            await leave(shared.process(RATE), 100, left, 4.0)

        virtual_time.run(one_sends())
        assert 4.0 <= max(left) <= 4.3

    def test_while_the_bucket_is_away_nothing_waits_and_each_process_keeps_to_its_part(
        self, shared: VirtualRedis
    ) -> None:
        left: list[float] = []

        async def story() -> None:
            sending = [asyncio.create_task(leave(shared.process(RATE, name), 300, left)) for name in "abc"]
            await asyncio.sleep(2)
            shared.away = True
            await asyncio.sleep(4)
            shared.away = False
            await asyncio.gather(*sending)

        virtual_time.run(story())
        away = [at for at in left if 2.2 <= at < 6]
        assert len(away) == pytest.approx(3.8 * RATE, rel=0.1)
        assert most_in_a_second(left) <= RATE * 1.1, "also where it comes back"
        assert max(left) <= 9 * 1.08

    def test_processes_that_never_heard_of_one_another_send_the_rate_each(self, shared: VirtualRedis) -> None:
        """The bound: as many times the rate as there are processes."""
        shared.away = True
        left: list[float] = []

        async def all_send() -> None:
            await asyncio.gather(*(leave(shared.process(RATE, name), 100, left) for name in "ab"))

        virtual_time.run(all_send())
        assert RATE < most_in_a_second(left) <= 2 * RATE

    def test_a_bucket_that_is_away_is_asked_once_a_second(self, shared: VirtualRedis) -> None:
        shared.away = True
        left: list[float] = []

        async def one_sends() -> None:
            await leave(shared.process(RATE), 400, left)

        virtual_time.run(one_sends())
        assert max(left) <= 4.3
        assert shared.calls <= 6

    def test_what_was_granted_and_not_used_is_given_up(self, shared: Any) -> None:
        async def story() -> None:
            loop = asyncio.get_running_loop()
            allowance = Allowance(RateBucket(shared, "konto", RATE, "a"), loop.time)
            answered = asyncio.Event()
            allowance.ask(10, 1, 0, answered.set)
            assert allowance.wait_s(loop.time()) == inf, "it is being asked for"
            await answered.wait()
            assert allowance.left(loop.time()) >= 9
            await asyncio.sleep(KEPT_S + 0.1)
            assert allowance.left(loop.time()) == 0

        virtual_time.run(story())

    def test_what_the_gateway_takes_less_than_was_declared_is_learnt_by_all(
        self, shared: VirtualRedis
    ) -> None:
        journal = Journal()

        async def both_send() -> None:
            gateway = SlidingWindow(20)
            await asyncio.gather(
                *(send(shared.process(50, name), 200, gateway, journal, name) for name in "ab")
            )

        virtual_time.run(both_send())
        assert journal.taken[-1][0] <= 20 * 1.2


GATEWAYS: dict[str, tuple[Any, float]] = {
    "fixed window": (lambda: FixedWindow(TAKES), 1.35),
    "sliding window": (lambda: SlidingWindow(TAKES), 1.2),
    "bucket of one": (lambda: TokenBucket(TAKES, 1), 1.5),
}
"""Gateways that take so many a second, and how much longer than that a send by one process may take."""


async def all_send(
    shared: VirtualRedis, counts: tuple[int, ...], gateway: Any, asks_s: float = 0.0
) -> Journal:
    """Let each process send so many."""
    journal = Journal()
    sending = [
        send(shared.process(name=str(number), in_flight=10), count, gateway, journal, str(number), asks_s)
        for number, count in enumerate(counts)
    ]
    await asyncio.gather(*sending)
    return journal


class TestLearnt:
    @pytest.mark.parametrize("asks_s", [0.0, 1.0], ids=["429", "429 with a time"])
    @pytest.mark.parametrize("kind", GATEWAYS)
    @pytest.mark.parametrize("counts", [(80, 30), (27, 27, 28, 28)], ids=["two", "four"])
    def test_several_processes_send_about_as_fast_as_one(
        self, shared: VirtualRedis, counts: tuple[int, ...], kind: str, asks_s: float
    ) -> None:
        gateway, longer = GATEWAYS[kind]
        journal = virtual_time.run(all_send(shared, counts, gateway(), asks_s))
        assert len(journal.taken) == 110
        assert journal.taken[-1][0] <= longer * 110 / TAKES
        assert len([at for at in journal.refused if at > 1]) <= 110 / TAKES, (
            "one a second at most, after the bursts"
        )
        assert shared.calls <= 10 * len(counts) * journal.taken[-1][0]

    def test_processes_that_do_not_know_of_one_another_take_longer(self, shared: VirtualRedis) -> None:
        """The control: each learns for itself."""

        async def story() -> list[float]:
            loop, took_s = asyncio.get_running_loop(), []
            for alone in (True, False):
                gateway, journal, began = SlidingWindow(TAKES), Journal(), loop.time()
                sending = [
                    send(
                        GatewayLimiter(50, loop.time) if alone else shared.process(name=name),
                        55,
                        gateway,
                        journal,
                        name,
                        1.0,
                    )
                    for name in "ab"
                ]
                await asyncio.gather(*sending)
                took_s.append(journal.taken[-1][0] - began)
            return took_s

        apart, together = virtual_time.run(story())
        assert apart > together + 3

    def test_who_is_left_has_the_whole_rate_within_a_second(self, shared: VirtualRedis) -> None:
        journal = virtual_time.run(all_send(shared, (25, 120), SlidingWindow(TAKES)))
        left_at = journal.of("0")[-1]
        assert left_at < 12, "half of the rate was its"
        after = [at for at in journal.of("1") if left_at + 1 <= at < left_at + 11]
        assert len(after) >= 10 * TAKES * 0.8

    def test_a_gateway_that_refuses_nothing_waits_for_nobody_and_nobody_is_asked(
        self, shared: VirtualRedis
    ) -> None:
        journal = virtual_time.run(all_send(shared, (500, 500), TokenBucket(1, 1000)))
        assert (journal.refused, shared.calls) == ([], 0)
        assert journal.taken[-1][0] < 3, "fifty turns of ten in flight"

    def test_what_one_is_asked_to_wait_is_waited_by_all_who_then_begin_evenly(
        self, shared: VirtualRedis
    ) -> None:
        journal = Journal()

        class Closes(SlidingWindow):
            """Refuses one message at 10 s."""

            closed = False

            def takes(self, now: float) -> bool:
                self.closed, closes = now > 10, now > 10 and not self.closed
                return not closes and super().takes(now)

        async def story() -> None:
            gateway = Closes(TAKES)
            sending = [
                asyncio.create_task(send(shared.process(name=name), 60, gateway, journal, name, 30.0))
                for name in "ab"
            ]
            await asyncio.gather(*sending)

        virtual_time.run(story())
        [asked_at] = [at for at in journal.refused if at > 10][:1]
        told_at = asked_at + 0.25
        assert [at for at, _ in journal.taken if told_at < at < asked_at + 29.9] == []
        after = [at for at, _ in journal.taken if at > told_at]
        assert len([at for at in after if at < asked_at + 31.1]) <= TAKES + 1, "none in a burst"
        assert {name for at, name in journal.taken if at > told_at} == {"a", "b"}

    def test_while_redis_is_away_each_keeps_its_part_and_then_they_share_again(
        self, shared: VirtualRedis
    ) -> None:
        journal = Journal()

        async def story() -> None:
            gateway = SlidingWindow(TAKES)
            sending = [
                asyncio.create_task(send(shared.process(name=name), 150, gateway, journal, name))
                for name in "ab"
            ]
            await asyncio.sleep(10)
            shared.away = True
            await asyncio.sleep(20)
            shared.away = False
            await asyncio.gather(*sending)

        virtual_time.run(story())
        taken = [at for at, _ in journal.taken]
        assert len([at for at in taken if 11 <= at < 30]) >= 19 * TAKES * 0.6
        assert len([at for at in journal.refused if 11 <= at < 30]) <= 19, "one a second at most"
        assert len([at for at in taken if 32 <= at < 52]) >= 20 * TAKES * 0.85

    def test_where_redis_is_away_from_the_first_each_learns_its_part(self, shared: VirtualRedis) -> None:
        shared.away = True
        journal = virtual_time.run(all_send(shared, (55, 55), SlidingWindow(TAKES)))
        assert journal.taken[-1][0] <= 1.6 * 110 / TAKES

    @pytest.mark.parametrize("looks", [True, False], ids=["and asks", "and does not ask"])
    def test_who_begins_later_takes_over_what_was_learnt(self, shared: VirtualRedis, looks: bool) -> None:
        async def story() -> tuple[Journal, int, GatewayLimiter]:
            gateway, journal, late = SlidingWindow(TAKES), Journal(), shared.process(name="late")
            await send(shared.process(name="first"), 50, gateway, journal, "first")
            await asyncio.sleep(60)
            if looks:
                late.look_up()
                await asyncio.sleep(2 * CALL_S)
            refused = len(journal.refused)
            await send(late, 20, gateway, journal, "late")
            return journal, len(journal.refused) - refused, late

        journal, refused, late = virtual_time.run(story())
        assert late.pace.learnt == pytest.approx(TAKES, rel=0.15)
        assert journal.of("late")[-1] - journal.of("late")[0] <= 20 / TAKES * 1.3
        assert refused <= 1 if looks else refused >= 10, "else by its first refusal, of a burst"

    def test_of_a_gateway_that_refused_nobody_it_is_asked_once_a_second_and_nothing_waits(
        self, shared: VirtualRedis
    ) -> None:
        async def story() -> float:
            limiter = shared.process()
            for away in (False, True):
                shared.away = away
                for _ in range(100):
                    limiter.look_up()
                    assert await limiter.take(1, Holder(0, "centre")) == 1
                    limiter.give_back(1, Holder(0, "centre"))
                    await asyncio.sleep(0.03)
            return asyncio.get_running_loop().time()

        assert virtual_time.run(story()) == pytest.approx(6.0)
        assert shared.calls == 6


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
