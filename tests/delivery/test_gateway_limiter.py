"""Slots of a gateway: never more than there are, each in its turn, none lost, nobody left waiting for ever."""

import asyncio
import contextlib
import itertools
from bisect import bisect_left
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channels.app.channel import LIMITS as APP
from channels.sms.channel import LIMITS as SMS
from channels.webpush.channel import LIMITS as WEBPUSH
from dispatcher.delivery.gateway_limiter import (
    RESERVED_FROM,
    RESERVED_SHARE,
    YIELDS_S,
    GatewayLimiter,
    Holder,
    SlotRequest,
    in_turn,
)
from dispatcher.delivery.pace.pace import Pace
from dispatcher.model.vocabulary import Lane
from tests.support import virtual_time

FLASH, PRIORITY, ROUTINE, EXERCISE = (Holder(lane.rank, "centre") for lane in Lane)
OTHER = Holder(Lane.FLASH.rank, "other")


async def rounds() -> None:
    """Let everybody run who can."""
    for _ in range(5):
        await asyncio.sleep(0)


def waiting(limiter: Any, wanted: int = 1, holder: Any = ROUTINE) -> Any:
    return asyncio.create_task(limiter.take(wanted, holder))


async def at_once(limiter: Any, wanted: int, holder: Any) -> int:
    """How many slots it gets without waiting."""
    task = waiting(limiter, wanted, holder)
    await rounds()
    if task.done():
        return int(task.result())
    task.cancel()
    await rounds()
    return 0


async def test_whoever_comes_first_gets_what_there_is_and_at_once() -> None:
    limiter = GatewayLimiter(4)
    assert await limiter.take(3, FLASH) == 3
    assert await limiter.take(3, FLASH) == 1, "some of it rather than none"
    late = waiting(limiter, 3, FLASH)
    await rounds()
    assert not late.done()
    limiter.give_back(2, FLASH)
    assert await late == 2


async def test_slots_come_back_as_requests_land_and_the_rest_at_the_end() -> None:
    limiter = GatewayLimiter(4)
    async with limiter.hold(4, FLASH) as slots:
        slots.give_back(3)
        assert await limiter.take(9, FLASH) == 3
    assert await limiter.take(9, FLASH) == 1
    limiter.give_back(4, FLASH)
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
    kept = max(1, capacity // RESERVED_SHARE)
    assert await limiter.take(10_000, FLASH) == kept - kept // 2
    assert await at_once(limiter, 10_000, OTHER) == (1 if kept > 1 else 0), (
        "and of several one for another source"
    )
    more.cancel()


async def test_of_few_slots_none_is_kept() -> None:
    for capacity in range(1, RESERVED_FROM):
        assert await GatewayLimiter(capacity).take(9, EXERCISE) == capacity


async def test_the_more_urgent_goes_first_and_others_in_the_order_of_their_coming() -> None:
    limiter = GatewayLimiter(1)
    await limiter.take(1, FLASH)
    order = []

    async def one(name: Any, holder: Any) -> None:
        await limiter.take(1, holder)
        order.append(name)
        limiter.give_back(1, holder)

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
    limiter.give_back(1, FLASH)
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
        limiter.give_back(1, FLASH)
        await rounds()
        if urgent.done():
            overtaken += 1
        else:
            urgent.cancel()
        now[0] += 0.25
    assert now[0] == pytest.approx(ROUTINE.rank * YIELDS_S + 0.25, abs=0.3)
    assert overtaken > 4


async def test_it_is_crowded_for_those_who_could_only_wait() -> None:
    limiter = GatewayLimiter(1)
    await limiter.take(1, FLASH)
    assert not limiter.is_crowded(EXERCISE)
    assert not limiter.any_waits()
    task = waiting(limiter, 1, PRIORITY)
    await rounds()
    assert limiter.any_waits()
    assert [limiter.is_crowded(Holder(lane.rank, "centre")) for lane in Lane] == [False, True, True, True]
    assert not any(limiter.is_crowded(Holder(lane.rank, "other")) for lane in Lane), (
        "these may wait beside it"
    )
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
        limiter.give_back(2, FLASH)
        first.cancel()
    else:
        first.cancel()
        await rounds()
        limiter.give_back(2, FLASH)
    assert await second == 2
    with pytest.raises(asyncio.CancelledError):
        await first


EVENTS = st.one_of(
    st.tuples(
        st.just("take"), st.integers(1, 6), st.builds(Holder, st.integers(0, 3), st.sampled_from("abc"))
    ),
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

    async def batch(self, wanted: Any, holder: Any, events: Any) -> None:
        async with self.limiter.hold(wanted, holder) as slots:
            assert 1 <= slots.held <= wanted
            self.in_flight += slots.held
            self.urgent += slots.held if holder.rank == 0 else 0
            assert self.in_flight <= self.capacity
            assert self.in_flight - self.urgent <= self.capacity - self.reserved
            try:
                while slots.held and (count := await events.get()):
                    count = min(count, slots.held)
                    self.gone(count, holder)
                    slots.give_back(count)
            finally:
                self.gone(slots.held, holder)

    def gone(self, count: Any, holder: Any) -> None:
        self.in_flight -= count
        self.urgent -= count if holder.rank == 0 else 0

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
        everything = await at_once(self.limiter, 10**6, FLASH)
        for number in range(self.capacity - everything):
            everything += await at_once(self.limiter, 1, Holder(0, f"newcomer {number}"))
        assert everything == self.capacity, "every slot is back"
        assert await at_once(self.limiter, 1, Holder(0, "late")) == 0, "and none is doubled"


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

    def give_back(self, count: Any, holder: Any) -> None:
        super().give_back(max(0, count - 1), holder)


class Generous(GatewayLimiter):
    """Forgets who holds what."""

    def _grantable(self, wanted: Any, holder: Any) -> Any:
        return wanted


class Grudging(GatewayLimiter):
    """Keeps nothing for the most urgent."""

    def _grantable(self, wanted: Any, holder: Any) -> Any:
        return min(wanted, self._free)


@pytest.mark.parametrize("limiter", [Leaky, Generous, Grudging])
async def test_a_limiter_that_is_wrong_is_noticed(limiter: Any) -> None:
    story = Story(8, limiter)
    for _ in range(3):
        await story.step("take", 6, ROUTINE)
        await rounds()
    with pytest.raises(AssertionError):
        await story.finish()


async def order_of(limiter: Any, *holders: Any) -> list[str]:
    """In which order these get a slot each, while one is given back after the other."""
    order: list[str] = []

    async def one(holder: Any) -> None:
        await limiter.take(1, holder)
        order.append(holder.source_id)

    tasks = [asyncio.create_task(one(holder)) for holder in holders]
    await rounds()
    for _ in holders:
        limiter.give_back(1, Holder(0, "flood"))
        await rounds()
    await asyncio.gather(*tasks)
    return order


async def test_a_source_that_has_no_slot_is_before_one_that_has_all_however_many_of_that_wait() -> None:
    limiter = GatewayLimiter(4)
    assert await limiter.take(4, Holder(0, "flood")) == 4
    order = await order_of(limiter, *[Holder(0, "flood")] * 3, Holder(0, "other"))
    assert order == ["other", "flood", "flood", "flood"]


async def test_what_is_free_is_shared_by_the_sources_that_wait_for_it() -> None:
    limiter = GatewayLimiter(4)
    await limiter.take(4, Holder(0, "flood"))
    asked = [waiting(limiter, 4, Holder(0, name)) for name in "ab"]
    await rounds()
    async with asyncio.timeout(5):
        for _ in range(4):
            limiter.give_back(1, Holder(0, "flood"))
        assert [await one for one in asked] == [1, 1], "each as soon as there is one"
    assert await at_once(limiter, 4, Holder(0, "c")) == 2


@given(
    st.lists(
        st.builds(
            SlotRequest,
            st.tuples(st.floats(0, 9), st.integers(0, 99)),
            st.builds(Holder, st.integers(0, 3), st.sampled_from("abc")),
            st.just(1),
        ),
        unique_by=lambda one: one.turn,
    ),
    st.dictionaries(st.builds(Holder, st.integers(0, 3), st.sampled_from("abc")), st.integers(1, 9)),
)
def test_whose_turn_it_is_follows_from_lane_slots_and_arrival(
    requests: list[Any], held: dict[Any, int]
) -> None:
    served = in_turn(requests, held)
    assert sorted(one.turn for one in served) == sorted(one.turn for one in requests)
    if served:
        first = min(requests, key=lambda one: one.turn)
        assert served[0].holder.rank == first.holder.rank, "the lane whose turn it is"
    for earlier, later in itertools.pairwise(served):
        if earlier.holder.rank == later.holder.rank:
            had, has = held.get(earlier.holder, 0), held.get(later.holder, 0)
            assert (had, earlier.turn) < (has, later.turn)
    if len({one.holder for one in requests}) == 1:
        assert served == sorted(requests, key=lambda one: one.turn), "one source alone: as they came"


class Journal:
    """A gateway's account of when what left, sent by tasks that give back after a while."""

    def __init__(self, rate: float | None, capacity: int = 50) -> None:
        self.loop = asyncio.get_running_loop()
        self.limiter = GatewayLimiter(capacity, self.loop.time, Pace(rate))
        self.left: list[tuple[float, Holder]] = []

    async def send(self, count: int, holder: Holder, units: float = 1.0) -> None:
        while count > 0:
            slots = await self.limiter.acquire(min(count, 100), holder, units)
            count -= slots.held
            await self.limiter.depart(slots)
            self.left += [(self.loop.time(), holder)] * slots.held
            self.loop.call_later(0.2, slots.give_back, slots.held)

    def most_in_a_second(self) -> int:
        times = [at for at, _ in self.left]
        return max(bisect_left(times, first + 1) - number for number, first in enumerate(times))


@pytest.mark.parametrize(("rate", "count"), [(50, 500), (200, 10_000), (3, 30)])
def test_a_send_takes_as_long_as_its_rate_says_and_never_more_leaves_in_a_second(
    rate: float, count: int
) -> None:
    async def story() -> Any:
        journal = Journal(rate)
        await asyncio.gather(*(journal.send(count // 2, ROUTINE) for _ in range(2)))
        return journal

    journal = virtual_time.run(story())
    assert len(journal.left) == count
    assert journal.most_in_a_second() <= rate
    assert max(at for at, _ in journal.left) <= 1.05 * count / rate


def test_what_the_record_held_up_leaves_in_no_second_beyond_the_rate() -> None:
    """The record is away for half a second while what is granted waits to be written down as claimed."""
    rate, away = 200, (3.0, 3.5)

    async def story() -> Any:
        journal = Journal(rate, 200)
        limiter, most_departing = journal.limiter, 0.0

        async def finish(slots: Any) -> None:
            if away[0] <= journal.loop.time() < away[1]:
                await asyncio.sleep(away[1] - journal.loop.time())
            await limiter.depart(slots)
            journal.left += [(journal.loop.time(), FLASH)] * slots.held
            await asyncio.sleep(0.2)
            slots.give_back(slots.held)

        async with asyncio.TaskGroup() as flights:
            count = 1500
            while count > 0:
                slots = await limiter.acquire(min(count, 100), FLASH)
                count -= slots.held
                flights.create_task(finish(slots))
                most_departing = max(most_departing, limiter.departing)
        assert most_departing <= 0.2 * rate + 25, "little is claimed and does not leave"
        assert limiter.departing == 0
        return journal

    journal = virtual_time.run(story())
    assert len(journal.left) == 1500
    assert journal.most_in_a_second() <= rate
    assert journal.left[-1][0] <= 1500 / 196 + 0.6


def test_a_flash_alert_overtakes_a_mass_send_at_a_slow_gateway() -> None:
    async def story() -> Any:
        journal = Journal(10)
        mass = [asyncio.create_task(journal.send(300, ROUTINE)) for _ in range(4)]
        await asyncio.sleep(5)
        begun = journal.loop.time()
        await journal.send(20, FLASH)
        took = journal.loop.time() - begun
        for task in mass:
            task.cancel()
        return journal, begun, took

    journal, begun, took = virtual_time.run(story())
    meanwhile = [holder for at, holder in journal.left if begun < at <= begun + took]
    assert took <= 2.5, "its twenty at ten a second"
    assert meanwhile.count(ROUTINE) <= 4, "after two seconds of yielding each lower batch has a turn"


def test_what_counts_for_more_takes_longer() -> None:
    async def story() -> Any:
        journal = Journal(60)
        await journal.send(60, FLASH, units=6)
        return journal

    assert 5.8 <= virtual_time.run(story()).left[-1][0] <= 6.3


def test_who_waits_for_the_pace_and_is_cancelled_takes_nothing_with_it() -> None:
    async def story() -> Any:
        journal = Journal(1)
        await journal.send(1, FLASH)
        waiting_one = asyncio.create_task(journal.send(1, FLASH))
        await asyncio.sleep(0.5)
        assert journal.limiter.any_waits()
        waiting_one.cancel()
        await journal.send(1, ROUTINE)
        return journal

    assert virtual_time.run(story()).left[-1][0] == pytest.approx(1 / 0.98, abs=0.01)


def test_after_a_refusal_nothing_leaves_until_it_may() -> None:
    async def story() -> Any:
        journal = Journal(None)
        await journal.send(10, FLASH)
        journal.limiter.accepted(10)
        assert journal.limiter.refused(journal.loop.time(), 3.0) == 3.0
        await journal.send(1, FLASH)
        return journal

    assert virtual_time.run(story()).left[-1][0] == pytest.approx(3.0, abs=0.01)
