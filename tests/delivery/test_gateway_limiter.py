"""Slots of a gateway: never more than there are, each in its turn, none lost, nobody left waiting for ever."""

import asyncio
import contextlib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channels.app.channel import LIMITS as APP
from channels.sms.http import LIMITS as SMS
from channels.webpush.channel import LIMITS as WEBPUSH
from dispatcher.delivery.gateway_limiter import RESERVED_FROM, RESERVED_SHARE, YIELDS_S, GatewayLimiter
from dispatcher.model.vocabulary import Lane

FLASH, PRIORITY, ROUTINE, EXERCISE = (lane.rank for lane in Lane)


async def rounds() -> None:
    """Let everybody run who can."""
    for _ in range(5):
        await asyncio.sleep(0)


def waiting(limiter: Any, wanted: int = 1, rank: Any = ROUTINE) -> Any:
    return asyncio.create_task(limiter.take(wanted, rank))


async def test_whoever_comes_first_gets_what_there_is_and_at_once() -> None:
    limiter = GatewayLimiter(4)
    assert await limiter.take(3, FLASH) == 3
    assert await limiter.take(3, FLASH) == 1, "some of it rather than none"
    late = waiting(limiter, 3, FLASH)
    await rounds()
    assert not late.done()
    limiter.give_back(2)
    assert await late == 2


async def test_slots_come_back_as_requests_land_and_the_rest_at_the_end() -> None:
    limiter = GatewayLimiter(4)
    async with limiter.hold(4, FLASH) as slots:
        slots.give_back(3)
        assert await limiter.take(9, FLASH) == 3
    assert await limiter.take(9, FLASH) == 1
    limiter.give_back(4)
    with contextlib.suppress(RuntimeError):
        async with limiter.hold(4, FLASH) as slots:
            slots.give_back(9)  # more than it holds: no slot is made of that
            raise RuntimeError
    assert await limiter.take(9, FLASH) == 4


@pytest.mark.parametrize("limits", [APP, SMS, WEBPUSH])
async def test_a_slot_is_kept_for_the_most_urgent_lane(limits: Any) -> None:
    capacity = limits.concurrency
    limiter = GatewayLimiter(capacity)
    assert await limiter.take(10_000, ROUTINE) == capacity - max(1, capacity // RESERVED_SHARE)
    more = waiting(limiter, 10, PRIORITY)
    await rounds()
    assert not more.done()
    assert await limiter.take(10_000, FLASH) == max(1, capacity // RESERVED_SHARE)
    more.cancel()


async def test_of_few_slots_none_is_kept() -> None:
    for capacity in range(1, RESERVED_FROM):
        assert await GatewayLimiter(capacity).take(9, EXERCISE) == capacity


async def test_the_more_urgent_goes_first_and_others_in_the_order_of_their_coming() -> None:
    limiter = GatewayLimiter(1)
    await limiter.take(1, FLASH)
    order = []

    async def one(name: Any, rank: Any) -> None:
        await limiter.take(1, rank)
        order.append(name)

    names = [
        ("r1", ROUTINE),
        ("e", EXERCISE),
        ("p1", PRIORITY),
        ("f", FLASH),
        ("p2", PRIORITY),
        ("r2", ROUTINE),
    ]
    tasks = [asyncio.create_task(one(*each)) for each in names]
    await rounds()
    for _ in names:
        limiter.give_back(1)
        await rounds()
    await asyncio.gather(*tasks)
    assert order == ["f", "p1", "p2", "r1", "r2", "e"]


async def test_nothing_is_starved_by_what_is_more_urgent() -> None:
    """A stream of urgent batches overtakes a routine one for two lanes' worth of yielding, and not longer."""
    now = [0.0]
    limiter = GatewayLimiter(1, lambda: now[0])
    await limiter.take(1, FLASH)
    routine = waiting(limiter, 1, ROUTINE)
    await rounds()
    overtaken = 0
    while not routine.done():
        urgent = waiting(limiter, 1, FLASH)
        await rounds()
        limiter.give_back(1)
        await rounds()
        if urgent.done():
            overtaken += 1
        else:
            urgent.cancel()
        now[0] += 0.25
    assert now[0] == pytest.approx(ROUTINE * YIELDS_S + 0.25, abs=0.3)
    assert overtaken > 4


async def test_it_is_crowded_for_those_who_could_only_wait() -> None:
    limiter = GatewayLimiter(1)
    await limiter.take(1, FLASH)
    assert not limiter.is_crowded(EXERCISE)
    task = waiting(limiter, 1, PRIORITY)
    await rounds()
    assert [limiter.is_crowded(lane.rank) for lane in Lane] == [False, True, True, True]
    task.cancel()
    await rounds()
    assert not limiter.is_crowded(EXERCISE)


@pytest.mark.parametrize("granted", [False, True])
async def test_a_batch_that_is_cancelled_while_it_waits_takes_no_slot_with_it(granted: bool) -> None:
    limiter = GatewayLimiter(2)
    await limiter.take(2, FLASH)
    first, second = waiting(limiter, 2), waiting(limiter, 2)
    await rounds()
    if granted:  # and cancelled in the same round of the loop
        limiter.give_back(2)
        first.cancel()
    else:
        first.cancel()
        await rounds()
        limiter.give_back(2)
    assert await second == 2
    with pytest.raises(asyncio.CancelledError):
        await first


EVENTS = st.one_of(
    st.tuples(st.just("take"), st.integers(1, 6), st.integers(0, 3)),
    st.tuples(st.just("land"), st.integers(0, 9), st.integers(1, 4)),
    st.tuples(st.just("end"), st.integers(0, 9), st.just(0)),
    st.tuples(st.just("cancel"), st.integers(0, 9), st.just(0)),
    st.tuples(st.just("later"), st.integers(0, 9), st.just(0)),
    st.tuples(st.just("round"), st.just(0), st.just(0)),
)


class Story:
    """Batches that come, send, land, break off and are cancelled, in whatever order."""

    def __init__(self, capacity: Any, limiter: Any = GatewayLimiter) -> None:
        self.capacity, self.now = capacity, 0.0
        self.limiter = limiter(capacity, lambda: self.now)
        self.reserved = max(1, capacity // RESERVED_SHARE) if capacity >= RESERVED_FROM else 0
        self.in_flight, self.urgent = 0, 0
        self.batches = []

    async def batch(self, wanted: Any, rank: Any, events: Any) -> None:
        async with self.limiter.hold(wanted, rank) as slots:
            assert 1 <= slots.held <= wanted
            self.in_flight += slots.held
            self.urgent += slots.held if rank == FLASH else 0
            assert self.in_flight <= self.capacity
            assert self.in_flight - self.urgent <= self.capacity - self.reserved
            try:
                while slots.held and (count := await events.get()):
                    count = min(count, slots.held)
                    self.gone(count, rank)
                    slots.give_back(count)
            finally:
                self.gone(slots.held, rank)

    def gone(self, count: Any, rank: Any) -> None:
        self.in_flight -= count
        self.urgent -= count if rank == FLASH else 0

    async def step(self, event: Any, number: Any, more: Any) -> None:
        if event == "take":
            events = asyncio.Queue()
            self.batches.append((asyncio.create_task(self.batch(number, more, events)), events))
        elif event == "later":
            self.now += number / 3
        elif event == "round":
            await asyncio.sleep(0)
        elif number < len(self.batches):
            task, events = self.batches[number]
            if event == "cancel":
                task.cancel()
            else:
                events.put_nowait(more)

    async def finish(self) -> None:
        """Everybody lands: then everybody must have been served."""
        for _ in range(200):
            for _, events in self.batches:
                events.put_nowait(0)
            await rounds()
        results = await asyncio.gather(*(task for task, _ in self.batches), return_exceptions=True)
        assert all(one is None or isinstance(one, asyncio.CancelledError) for one in results), results
        assert self.in_flight == 0
        assert await self.limiter.take(10**6, FLASH) == self.capacity, "every slot is back"


@settings(max_examples=200, deadline=None)
@given(st.integers(1, 24), st.lists(EVENTS, max_size=60))
def test_whatever_happens_no_slot_is_lost_or_doubled_and_nobody_waits_for_ever(
    capacity: Any, events: Any
) -> None:
    async def tell() -> None:
        story = Story(capacity)
        for event in events:
            await story.step(*event)
        await story.finish()

    asyncio.run(asyncio.wait_for(tell(), 30))


class Leaky(GatewayLimiter):
    """Loses slots that were granted to somebody who is gone."""

    def give_back(self, count: Any) -> None:
        super().give_back(max(0, count - 1))


class Generous(GatewayLimiter):
    """Forgets who holds what."""

    def _grantable(self, wanted: Any, rank: Any) -> Any:
        return wanted


class Grudging(GatewayLimiter):
    """Keeps nothing for the most urgent."""

    def _grantable(self, wanted: Any, rank: Any) -> Any:
        return min(wanted, self._free)


@pytest.mark.parametrize("limiter", [Leaky, Generous, Grudging])
async def test_a_limiter_that_is_wrong_is_noticed(limiter: Any) -> None:
    story = Story(8, limiter)
    for _ in range(3):
        await story.step("take", 6, ROUTINE)
        await rounds()
    with pytest.raises(AssertionError):
        await story.finish()
